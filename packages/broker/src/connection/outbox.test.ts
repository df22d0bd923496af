import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom, VirtualClock } from '@godwit/testkit';
import type { ByteStream } from '@godwit/transport';
import { type Limits, resolveLimits } from '../limits.ts';
import { Metrics } from '../metrics.ts';
import { Flusher } from './flusher.ts';
import { OutboundBudget } from './outbound-budget.ts';
import { Outbox } from './outbox.ts';
import { SharedBlock } from './shared-block.ts';
import { largeSlabBytes, SlabPool, smallSlabBytes } from './slab-pool.ts';

/** Makes sure that each slab comes back once; then spoils it, as its next owner would. */
class StrictPool extends SlabPool {
  readonly out: Set<Uint8Array> = new Set();

  override takeSmall(): Uint8Array {
    return this.#took(super.takeSmall());
  }

  override takeLarge(): Uint8Array {
    return this.#took(super.takeLarge());
  }

  override give(slab: Uint8Array): void {
    const isSlab = slab.length === smallSlabBytes || slab.length === largeSlabBytes;
    if (isSlab) assert(this.out.delete(slab), 'a slab was given back that nobody had');
    slab.fill(0xee);
    super.give(slab);
  }

  #took(slab: Uint8Array): Uint8Array {
    this.out.add(slab);
    return slab;
  }
}

/** Takes blocks over at once, or when told to; reads them no earlier than that. */
class FakeStream implements ByteStream {
  readonly kind = 'fake';
  readonly remoteAddress = '';
  readonly remotePort = 0;
  readonly bufferedBytes = 0;
  takesAtOnce = true;
  readonly taken: number[] = [];
  readonly calls: string[] = [];
  readonly #pending: { readonly bytes: Uint8Array; readonly done: () => void }[] = [];

  open(): void {}

  write(bytes: Uint8Array, done: () => void = () => {}): void {
    assert(!this.calls.includes('end'), 'a block came after the end');
    this.calls.push('write');
    this.#pending.push({ bytes, done });
    if (this.takesAtOnce) this.take();
  }

  /** The peer takes so many blocks. */
  take(blocks = 1): void {
    for (const { bytes, done } of this.#pending.splice(0, blocks)) {
      for (const byte of bytes) this.taken.push(byte);
      done();
    }
  }

  get pending(): number {
    return this.#pending.length;
  }

  cork(): void {
    this.calls.push('cork');
  }

  uncork(): void {
    this.calls.push('uncork');
  }

  end(): void {
    this.calls.push('end');
  }

  pause(): void {}
  resume(): void {}
  destroy(): void {}
}

class Bench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly stream: FakeStream = new FakeStream();
  readonly slabs: StrictPool = new StrictPool(1024 * 1024);
  readonly metrics: Metrics = new Metrics();
  readonly budget: OutboundBudget;
  readonly outbox: Outbox;
  readonly appended: number[] = [];
  filled = 0;
  drained = 0;
  onDrained: () => void = () => {};

  constructor(limits: Partial<Limits> = {}) {
    const { slabs, metrics } = this;
    const flusher = new Flusher(this.clock);
    const bounds = resolveLimits(limits);
    const { outboundBytesMax, totalOutboundBytesMax } = bounds;
    this.budget = new OutboundBudget(outboundBytesMax, totalOutboundBytesMax, () => 1);
    const context = { slabs, metrics, flusher, limits: bounds, outbound: this.budget };
    this.outbox = new Outbox(context, this.stream, {
      onOutboxFull: () => {
        this.filled += 1;
      },
      onOutboxDrained: () => {
        this.drained += 1;
        this.onDrained();
      },
    });
  }

  append(size: number): void {
    const bytes = this.#next(size);
    this.outbox.append(bytes, 0, size);
  }

  claim(size: number): void {
    const at = this.outbox.claim(size);
    this.outbox.bytes.set(this.#next(size), at);
  }

  share(size: number): void {
    this.outbox.appendShared(new SharedBlock(this.#next(size)));
  }

  /** Everything arrived, in order and once; nothing is held back and all slabs are returned. */
  assertAllSent(): void {
    assert.deepEqual(this.stream.taken, this.appended);
    assert.equal(this.outbox.queuedBytes, 0);
    assert.equal(this.metrics.bytesSent, this.appended.length);
    assert.equal(this.slabs.out.size, 0);
  }

  #next(size: number): Uint8Array {
    const start = this.appended.length;
    const bytes = Uint8Array.from({ length: size }, (_, i) => ((start + i) * 31 + (i >> 8)) & 0xff);
    for (const byte of bytes) this.appended.push(byte);
    return bytes;
  }
}

suite('Outbox', () => {
  test('one write at the end of the tick for all that was appended in it', async () => {
    const bench = new Bench();
    bench.append(4);
    bench.claim(5);
    bench.append(6);
    assert.deepEqual(bench.stream.calls, []);
    assert.equal(bench.outbox.queuedBytes, 15);
    await bench.clock.settle();
    assert.deepEqual(bench.stream.calls, ['write']);
    bench.assertAllSent();
    await bench.clock.settle();
    assert.deepEqual(bench.stream.calls, ['write']);
  });

  test('keeps the order over small and large slabs and blocks larger than either', async () => {
    const sizes = [
      [2048],
      [2047, 1],
      [2047, 2],
      [2048, 63_488, 1],
      [2048, 65_536],
      [65_536],
      [65_537],
      [10, 65_537, 10],
      [100_000, 100_000],
      [65_536, 65_536, 1],
    ];
    for (const each of sizes) {
      const bench = new Bench();
      for (const size of each) bench.append(size);
      await bench.clock.settle();
      bench.assertAllSent();
    }
  });

  test('puts a shared block in its place without copying it', async () => {
    const bench = new Bench();
    bench.stream.takesAtOnce = false;
    const shared = Uint8Array.of(1, 2, 3);
    bench.outbox.append(Uint8Array.of(0), 0, 1);
    bench.outbox.appendShared(new SharedBlock(shared));
    bench.outbox.append(Uint8Array.of(4), 0, 1);
    bench.outbox.appendShared(new SharedBlock(shared));
    await bench.clock.settle();
    assert.deepEqual(bench.stream.calls, ['cork', 'write', 'write', 'write', 'write', 'uncork']);
    shared[0] = 9; // as it is read only now, it was not copied
    bench.stream.take(4);
    assert.deepEqual(bench.stream.taken, [0, 9, 2, 3, 4, 9, 2, 3]);
    assert.equal(bench.slabs.out.size, 0);
  });

  test('while a write is under way the next one fills, and goes as soon as that ends', async () => {
    const bench = new Bench();
    bench.stream.takesAtOnce = false;
    bench.append(10);
    await bench.clock.settle();
    bench.append(20);
    bench.append(5000);
    await bench.clock.settle();
    assert.equal(bench.stream.pending, 1);
    assert.equal(bench.outbox.queuedBytes, 5030);
    bench.stream.take();
    assert.equal(bench.stream.pending, 1); // not only at the end of the tick
    assert.equal(bench.outbox.queuedBytes, 5020);
    bench.stream.take();
    bench.assertAllSent();
  });

  test('several blocks count as one write: the next waits for the last of them', async () => {
    const bench = new Bench();
    bench.stream.takesAtOnce = false;
    bench.append(10);
    bench.share(20);
    bench.append(30);
    await bench.clock.settle();
    bench.append(40);
    bench.stream.take(2);
    assert.equal(bench.stream.pending, 1);
    bench.stream.take();
    assert.equal(bench.stream.pending, 1);
    bench.stream.take();
    bench.assertAllSent();
  });

  for (const takesAtOnce of [true, false]) {
    test(`end sends all blocks before it ends the stream, once, taken at once: ${takesAtOnce}`, () => {
      const bench = new Bench();
      bench.stream.takesAtOnce = takesAtOnce;
      bench.append(10);
      bench.share(70_000);
      bench.append(30);
      bench.outbox.end();
      bench.stream.take(3);
      const corks = ['cork', 'uncork'];
      const calls = bench.stream.calls.filter(call => !corks.includes(call));
      assert.deepEqual(calls, ['write', 'write', 'write', 'end']);
      bench.assertAllSent();
    });
  }

  test('end while a write is under way waits for that and for what came after', async () => {
    const bench = new Bench();
    bench.stream.takesAtOnce = false;
    bench.append(10);
    await bench.clock.settle();
    bench.append(20);
    bench.outbox.end();
    bench.stream.take();
    assert.deepEqual(bench.stream.calls, ['write', 'write']);
    bench.stream.take();
    assert.deepEqual(bench.stream.calls, ['write', 'write', 'end']);
    bench.assertAllSent();
  });

  test('end with nothing to send ends the stream at once', async () => {
    const bench = new Bench();
    bench.outbox.end();
    assert.deepEqual(bench.stream.calls, ['end']);
    await bench.clock.settle();
    assert.deepEqual(bench.stream.calls, ['end']);
  });

  test('is full above its budget and says when half of it is free again', async () => {
    const bench = new Bench({ outboundBytesMax: 65_536 });
    bench.stream.takesAtOnce = false;
    for (let count = 0; count < 64; count += 1) bench.append(1024);
    assert.equal(bench.outbox.isFull, false);
    bench.append(1);
    assert.equal(bench.outbox.isFull, true);
    await bench.clock.settle();
    assert.equal(bench.stream.pending, 2);
    bench.stream.take();
    assert.equal(bench.outbox.isFull, true); // one byte is under way
    bench.stream.take();
    assert.equal(bench.outbox.isFull, false);
    assert.equal(bench.drained, 1);
    bench.assertAllSent();
  });

  test('stays full while what was appended meanwhile is above half the budget', async () => {
    const bench = new Bench({ outboundBytesMax: 65_536 });
    bench.stream.takesAtOnce = false;
    bench.share(65_537);
    await bench.clock.settle();
    bench.append(32_769);
    bench.stream.take();
    assert.deepEqual([bench.outbox.isFull, bench.drained], [true, 0]);
    bench.stream.take();
    assert.deepEqual([bench.outbox.isFull, bench.drained], [false, 1]);
    bench.assertAllSent();
  });

  test('is overrun above twice its budget', async () => {
    const bench = new Bench({ outboundBytesMax: 65_536 });
    bench.append(131_072);
    assert.equal(bench.outbox.isOverrun, false);
    bench.append(1);
    assert.equal(bench.outbox.isOverrun, true);
    await bench.clock.settle();
    assert.equal(bench.outbox.isOverrun, false);
    bench.assertAllSent();
  });

  test('the owner may refill it when it is told of room', async () => {
    const bench = new Bench({ outboundBytesMax: 65_536 });
    let refills = 3;
    bench.onDrained = () => {
      refills -= 1;
      if (refills > 0) bench.append(70_000);
    };
    bench.append(70_000);
    await bench.clock.settle();
    assert.equal(bench.drained, 3);
    bench.assertAllSent();
  });

  test('close drops what was not written, and returns each slab once, also those being written', async () => {
    for (const atOnce of [true, false]) {
      const bench = new Bench();
      bench.stream.takesAtOnce = atOnce;
      bench.append(10);
      bench.share(10);
      bench.append(70_000);
      await bench.clock.settle();
      bench.append(3000);
      bench.share(10);
      bench.append(20);
      bench.outbox.close();
      bench.stream.take(9);
      await bench.clock.settle();
      assert.equal(bench.stream.taken.length, 70_020);
      assert.equal(bench.slabs.out.size, 0);
      assert.equal(bench.drained, 0);
      assert(!bench.stream.calls.includes('end'));
    }
  });

  test('sends any mixture in order, whenever blocks are taken (seeds 1 to 10)', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const random = new SeededRandom(seed);
      const bench = new Bench({ outboundBytesMax: 65_536 });
      for (let step = 0; step < 60; step += 1) {
        bench.stream.takesAtOnce = random.chance(0.5);
        const size = random.chance(0.05) ? random.int(1, 70_000) : random.int(1, 1500);
        if (random.chance(0.4)) bench.append(size);
        else if (random.chance(0.5)) bench.claim(size);
        else bench.share(size);
        if (random.chance(0.3)) await bench.clock.settle();
        if (random.chance(0.4)) bench.stream.take(random.int(1, 3));
      }
      bench.outbox.end();
      bench.stream.takesAtOnce = true;
      while (bench.stream.pending > 0) bench.stream.take();
      assert.equal(bench.stream.calls.filter(call => call === 'end').length, 1);
      bench.assertAllSent();
    }
  });
});

suite('Flusher', () => {
  test('writes out all connections of a tick in one deferred call', async () => {
    const benches = [new Bench(), new Bench()];
    const clock = new VirtualClock();
    let deferred = 0;
    const flusher = new Flusher({
      ...clock,
      defer(call) {
        deferred += 1;
        clock.defer(call);
      },
    });
    for (const { outbox } of benches) flusher.add(outbox);
    assert.equal(deferred, 1);
    await clock.settle();
    for (const { outbox } of benches) flusher.add(outbox);
    assert.equal(deferred, 2);
    await clock.settle();
  });
});
