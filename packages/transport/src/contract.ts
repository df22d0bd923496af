/**
 * What every transport must do, as tests: a transport's own test file calls
 * {@link byteStreamContract} with a way to make two connected ends.
 */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { ByteStream, StreamHandlers } from './byte-stream.ts';

/** Two connected ends, neither opened yet. */
export interface StreamPair {
  readonly near: ByteStream;
  readonly far: ByteStream;
  /** Frees what the pair stands on, once both ends are closed. */
  close(): Promise<void>;
}

/** Registers the contract's tests with node:test under `name`. */
export function byteStreamContract(name: string, makePair: () => Promise<StreamPair>): void {
  const cases: [string, (near: ByteStream, far: ByteStream) => Promise<void>][] = [
    ['delivers any sizes in order, both ways', deliversInOrder],
    ['keeps what comes before open', keepsUntilOpen],
    ['calls done once for every block, in order', callsDoneInOrder],
    ['holds corked blocks back and sends them in order', corks],
    ['stops at pause, keeps the rest at the writer, drains after resume', pauses],
    ['end sends everything first, then closes both ends without error', endFlushes],
    ['end lets the peer write on, and drops it', endDropsInput],
    ['end closes a paused stream', endWhilePaused],
    ['destroy gives every block back and silences the handlers', destroys],
    ['destroy inside onData is the last of it', destroysInHandler],
    ['the peer learns of destroy', destroyReachesPeer],
    ['write after the end only calls done', writesAfterEnd],
  ];
  for (const [title, run] of cases) {
    test(`${name}: ${title}`, { timeout: 20_000 }, async () => {
      const { near, far, close } = await makePair();
      try {
        await run(near, far);
      } finally {
        near.destroy();
        far.destroy();
        await close();
      }
    });
  }
}

/** Handlers that remember, and a way to wait for what they remember. */
class Recorder implements StreamHandlers {
  readonly chunks: Uint8Array[] = [];
  receivedBytes = 0;
  ends = 0;
  drains = 0;
  closes: (Error | null)[] = [];
  #waiting: { isTrue: () => boolean; resolve: () => void }[] = [];
  readonly #onChunk: (chunk: Uint8Array) => void;

  constructor(onChunk: (chunk: Uint8Array) => void = () => {}) {
    this.#onChunk = onChunk;
  }

  onData(chunk: Uint8Array): void {
    this.#assertOpen();
    assert.ok(chunk.length > 0, 'an empty chunk was delivered');
    this.chunks.push(new Uint8Array(chunk));
    this.receivedBytes += chunk.length;
    this.#onChunk(chunk);
    this.#check();
  }

  onEnd(): void {
    this.#assertOpen();
    this.ends += 1;
    this.#check();
  }

  onDrain(): void {
    this.#assertOpen();
    this.drains += 1;
    this.#check();
  }

  onClose(error: Error | null): void {
    this.#assertOpen();
    this.closes.push(error);
    this.#check();
  }

  /** Resolves at the first event that makes `isTrue` hold. */
  until(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise(resolve => void this.#waiting.push({ isTrue, resolve }));
  }

  closed(): Promise<void> {
    return this.until(() => this.closes.length > 0);
  }

  bytes(): Uint8Array {
    return joined(this.chunks);
  }

  #assertOpen(): void {
    assert.equal(this.closes.length, 0, 'a handler was called after onClose');
  }

  #check(): void {
    const met = this.#waiting.filter(({ isTrue }) => isTrue());
    this.#waiting = this.#waiting.filter(waiting => !met.includes(waiting));
    for (const { resolve } of met) resolve();
  }
}

function opened(stream: ByteStream, onChunk?: (chunk: Uint8Array) => void): Recorder {
  const recorder = new Recorder(onChunk);
  stream.open(recorder);
  return recorder;
}

/** Bytes that differ from place to place, so that a lost or doubled piece shows. */
function pattern(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  assert.equal(actual.length, expected.length);
  assert.equal(Buffer.compare(actual, expected), 0, 'bytes differ');
}

const manySizes = [1, 2, 0, 64, 1_000, 65_535, 65_536, 65_537, 3, 5_000_000, 10];
/** More than the kernel buffers of both ends take. */
const backlogBytes = 16_000_000;

async function deliversInOrder(near: ByteStream, far: ByteStream): Promise<void> {
  const [atNear, atFar] = [opened(near), opened(far)];
  const blocks = manySizes.map((size, index) => pattern(size, index));
  for (const block of blocks) {
    near.write(block);
    far.write(block);
  }
  const expected = joined(blocks);
  await atFar.until(() => atFar.receivedBytes >= expected.length);
  await atNear.until(() => atNear.receivedBytes >= expected.length);
  assertSameBytes(atFar.bytes(), expected);
  assertSameBytes(atNear.bytes(), expected);
}

async function keepsUntilOpen(near: ByteStream, far: ByteStream): Promise<void> {
  const atNear = opened(near);
  const block = pattern(100, 1);
  near.write(block);
  near.end();
  far.write(block);
  const atFar = opened(far);
  await atFar.until(() => atFar.ends > 0);
  assertSameBytes(atFar.bytes(), block);
  assert.throws(() => far.open(atFar), TypeError);
  far.end();
  await atNear.closed();
}

async function callsDoneInOrder(near: ByteStream, far: ByteStream): Promise<void> {
  const atNear = opened(near);
  const atFar = opened(far);
  const done: number[] = [];
  let writtenBytes = 0;
  for (let index = 0; index < 200; index += 1) {
    const size = index % 10 === 9 ? 300_000 : index;
    writtenBytes += size;
    near.write(pattern(size, index), () => done.push(index));
  }
  assert.ok(near.bufferedBytes > 0);
  await atFar.until(() => atFar.receivedBytes === writtenBytes);
  await atNear.until(() => atNear.drains > 0);
  assert.equal(near.bufferedBytes, 0);
  assert.deepEqual(
    done,
    Array.from({ length: 200 }, (_, index) => index),
  );
}

async function corks(near: ByteStream, far: ByteStream): Promise<void> {
  opened(near);
  const atFar = opened(far, () => {
    if (atFar.receivedBytes === 1) far.write(Uint8Array.of(0));
  });
  const blocks = [1, 10, 100].map(size => pattern(size, size));
  const done: number[] = [];
  near.cork();
  near.cork();
  for (const block of blocks) near.write(block, () => done.push(block.length));
  near.uncork();
  assert.equal(near.bufferedBytes, 111);
  assert.deepEqual(done, []);
  near.uncork();
  near.uncork();
  await atFar.until(() => atFar.receivedBytes === 111);
  assertSameBytes(atFar.bytes(), joined(blocks));
  near.end();
  await atFar.until(() => atFar.ends === 1);
  assert.deepEqual(done, [1, 10, 100]);
}

async function pauses(near: ByteStream, far: ByteStream): Promise<void> {
  const atNear = opened(near);
  let afterPause = 0;
  let paused = false;
  const atFar = opened(far, () => {
    if (paused) afterPause += 1;
    else far.pause();
    paused = true;
  });
  const block = pattern(backlogBytes, 7);
  let done = 0;
  near.write(block.subarray(0, 100), () => {
    done += 1;
  });
  near.write(block.subarray(100), () => {
    done += 1;
  });
  await atFar.until(() => paused);
  // A round trip the other way: had reading gone on, more would have come meanwhile.
  far.write(Uint8Array.of(1));
  await atNear.until(() => atNear.receivedBytes === 1);
  assert.equal(afterPause, 0);
  assert.equal(atNear.drains, 0);
  assert.ok(near.bufferedBytes > 0, 'the writer does not see that the reader has paused');
  far.resume();
  await atFar.until(() => atFar.receivedBytes === backlogBytes);
  await atNear.until(() => atNear.drains > 0 && done === 2);
  assert.equal(near.bufferedBytes, 0);
  assertSameBytes(atFar.bytes(), block);
}

async function endFlushes(near: ByteStream, far: ByteStream): Promise<void> {
  const atNear = opened(near);
  const atFar = opened(far);
  const block = pattern(5_000_000, 3);
  let done = 0;
  near.write(block, () => {
    done += 1;
  });
  near.end();
  near.end();
  await atFar.until(() => atFar.ends === 1);
  assertSameBytes(atFar.bytes(), block);
  far.end();
  await atNear.closed();
  await atFar.closed();
  assert.equal(done, 1);
  assert.deepEqual([atNear.closes, atFar.closes], [[null], [null]]);
  assert.equal(atNear.ends, 0, 'onEnd after end()');
  assert.equal(atFar.ends, 1);
}

async function endDropsInput(near: ByteStream, far: ByteStream): Promise<void> {
  const atNear = opened(near);
  const atFar = opened(far);
  near.end();
  await atFar.until(() => atFar.ends === 1);
  let done = 0;
  far.write(pattern(backlogBytes, 1), () => {
    done += 1;
  });
  far.end();
  await atNear.closed();
  await atFar.closed();
  assert.equal(done, 1);
  assert.deepEqual([atNear.closes, atFar.closes], [[null], [null]]);
  assert.equal(atNear.receivedBytes, 0);
}

async function endWhilePaused(near: ByteStream, far: ByteStream): Promise<void> {
  const atNear = opened(near);
  const atFar = opened(far);
  near.pause();
  far.write(pattern(backlogBytes, 1));
  near.end();
  near.pause();
  await atFar.until(() => atFar.ends === 1);
  far.end();
  await atNear.closed();
  await atFar.closed();
  assert.deepEqual([atNear.closes, atFar.closes], [[null], [null]]);
}

async function destroys(near: ByteStream, far: ByteStream): Promise<void> {
  const atNear = opened(near);
  opened(far);
  far.pause();
  const { remoteAddress, remotePort } = near;
  const done: number[] = [];
  for (let index = 0; index < 4; index += 1) {
    near.write(pattern(backlogBytes / 4, index), () => done.push(index));
  }
  assert.ok(near.bufferedBytes > 0);
  near.destroy();
  near.destroy();
  near.resume();
  await atNear.closed();
  assert.deepEqual(done, [0, 1, 2, 3]);
  assert.deepEqual(atNear.closes, [null]);
  assert.deepEqual([atNear.receivedBytes, atNear.ends, atNear.drains], [0, 0, 0]);
  assert.deepEqual([near.remoteAddress, near.remotePort], [remoteAddress, remotePort]);
}

async function destroysInHandler(near: ByteStream, far: ByteStream): Promise<void> {
  opened(near);
  const atFar = opened(far, () => far.destroy());
  near.write(pattern(1_000_000, 1));
  near.write(pattern(1_000_000, 2));
  await atFar.closed();
  assert.equal(atFar.chunks.length, 1);
  assert.deepEqual(atFar.closes, [null]);
}

async function destroyReachesPeer(near: ByteStream, far: ByteStream): Promise<void> {
  opened(near);
  const atFar = opened(far);
  near.destroy();
  await atFar.until(() => atFar.ends + atFar.closes.length > 0);
  far.end();
  await atFar.closed();
  assert.equal(atFar.closes.length, 1);
}

async function writesAfterEnd(near: ByteStream, far: ByteStream): Promise<void> {
  const atNear = opened(near);
  const atFar = opened(far);
  let done = 0;
  const count = (): void => {
    done += 1;
  };
  near.end();
  near.write(pattern(10, 1), count);
  assert.equal(done, 1);
  await atFar.until(() => atFar.ends === 1);
  far.destroy();
  far.write(pattern(10, 1), count);
  assert.equal(done, 2);
  await atNear.closed();
  near.write(pattern(10, 1), count);
  near.cork();
  near.uncork();
  near.pause();
  near.end();
  near.destroy();
  assert.equal(done, 3);
  assert.equal(atFar.receivedBytes, 0);
}
