import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom, VirtualClock } from '@godwit/testkit';
import type { ByteStream } from '@godwit/transport';
import { Outbox } from './outbox.ts';

/** A stream that takes a block over when the test says so. */
class SlowStream {
  readonly blocks: { bytes: Uint8Array; done: () => void }[] = [];
  readonly taken: number[] = [];
  isEnded = false;

  write(bytes: Uint8Array, done: () => void): void {
    this.blocks.push({ bytes, done });
  }

  end(): void {
    this.isEnded = true;
  }

  /** Takes the oldest block, whose memory is the outbox's again. */
  take(): void {
    const { bytes, done } = this.blocks.shift()!;
    this.taken.push(...bytes);
    done();
  }
}

function outboxOn(stream: SlowStream, clock: VirtualClock): Outbox {
  return new Outbox(stream as unknown as ByteStream, clock);
}

test('every byte leaves once and in order, however slow the stream is', async () => {
  const random = new SeededRandom(7);
  const clock = new VirtualClock();
  const stream = new SlowStream();
  const outbox = outboxOn(stream, clock);
  const expected: number[] = [];
  let settled = 0;
  for (let round = 0; round < 200; round += 1) {
    const bytes = random.bytes(random.int(1, random.chance(0.05) ? 20_000 : 300));
    expected.push(...bytes);
    const position = expected.length;
    outbox.append(bytes, isTaken => {
      assert.ok(isTaken);
      assert.ok(stream.taken.length >= position);
      settled += 1;
    });
    if (random.chance(0.5)) await clock.settle();
    assert.ok(stream.blocks.length <= 1, 'one write at a time');
    if (random.chance(0.5) && stream.blocks.length > 0) stream.take();
  }
  outbox.end();
  assert.ok(stream.isEnded);
  while (stream.blocks.length > 0) stream.take();
  assert.deepEqual(stream.taken, expected);
  assert.equal(settled, 200);
});

test('what was not taken when it is closed is said to be lost', async () => {
  const clock = new VirtualClock();
  const stream = new SlowStream();
  const outbox = outboxOn(stream, clock);
  const outcomes: boolean[] = [];
  outbox.append(Uint8Array.of(1), isTaken => outcomes.push(isTaken));
  await clock.settle();
  outbox.append(Uint8Array.of(2), isTaken => outcomes.push(isTaken));
  outbox.close();
  outbox.append(Uint8Array.of(3), isTaken => outcomes.push(isTaken));
  stream.take();
  await clock.settle();
  assert.deepEqual(outcomes, [false, false, false]);
  assert.deepEqual(stream.blocks, []);
});
