import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom, VirtualClock } from '@godwit/testkit';
import { Deadline, TimerWheel } from './timer-wheel.ts';

/** Notes when it was due, in milliseconds, and may do more. */
class Entry extends Deadline {
  readonly firedMs: number[] = [];
  readonly #clock: VirtualClock;
  readonly #then: (entry: Entry) => void;

  constructor(clock: VirtualClock, then: (entry: Entry) => void = () => {}) {
    super();
    this.#clock = clock;
    this.#then = then;
  }

  onDeadline(): void {
    this.firedMs.push(this.#clock.monotonicMs());
    this.#then(this);
  }
}

function running(): { clock: VirtualClock; wheel: TimerWheel } {
  const clock = new VirtualClock();
  const wheel = new TimerWheel(clock);
  wheel.start();
  return { clock, wheel };
}

suite('TimerWheel', () => {
  test('rounds a deadline up to the next second, never down', async () => {
    const { clock, wheel } = running();
    const entries = [0, 1, 999, 1000, 1001, 2500].map(delayMs => {
      const entry = new Entry(clock);
      wheel.set(entry, delayMs);
      return entry;
    });
    await clock.advance(10_000);
    const fired = entries.map(entry => entry.firedMs);
    assert.deepEqual(fired, [[1000], [1000], [1000], [1000], [2000], [3000]]);
  });

  test('counts from when a deadline is set, not from the last tick', async () => {
    const { clock, wheel } = running();
    await clock.advance(5_400);
    const entry = new Entry(clock);
    wheel.set(entry, 1_000);
    await clock.advance(1_599);
    assert.deepEqual(entry.firedMs, []);
    await clock.advance(1);
    assert.deepEqual(entry.firedMs, [7_000]);
  });

  test('waits for longer than one turn of its 512 slots', async () => {
    const { clock, wheel } = running();
    const delays = [511, 512, 513, 1024, 1537];
    const entries = delays.map(seconds => {
      const entry = new Entry(clock);
      wheel.set(entry, seconds * 1000);
      return entry;
    });
    const farAway = new Entry(clock);
    wheel.set(farAway, 0xffff_fffe * 1000);
    await clock.advance(1_600_000);
    assert.deepEqual(
      entries.map(entry => entry.firedMs),
      delays.map(seconds => [seconds * 1000]),
    );
    assert.deepEqual(farAway.firedMs, []);
    assert.equal(farAway.dueTick, 0xffff_ffff);
  });

  test('setTicks counts ticks from the current one', async () => {
    const { clock, wheel } = running();
    await clock.advance(1_500);
    const entry = new Entry(clock);
    wheel.setTicks(entry, 3);
    await clock.advance(5_000);
    assert.deepEqual(entry.firedMs, [4_000]);
  });

  test('a new deadline replaces the one before; a cleared one is never reached', async () => {
    const { clock, wheel } = running();
    const moved = new Entry(clock);
    const cleared = new Entry(clock);
    wheel.set(moved, 1_000);
    wheel.set(moved, 3_000);
    wheel.set(cleared, 1_000);
    wheel.clear(cleared);
    wheel.clear(cleared);
    await clock.advance(600_000);
    assert.deepEqual(moved.firedMs, [3_000]);
    assert.deepEqual(cleared.firedMs, []);
    assert.equal(moved.dueTick, 0);
  });

  test('a deadline may be set again, elsewhere or a whole turn later, while it is handled', async () => {
    const { clock, wheel } = running();
    const periodic = new Entry(clock, entry => wheel.set(entry, 2_000));
    const sameSlot = new Entry(clock, entry => wheel.setTicks(entry, 512));
    wheel.set(periodic, 2_000);
    wheel.set(sameSlot, 1_000);
    await clock.advance(7_000);
    assert.deepEqual(periodic.firedMs, [2_000, 4_000, 6_000]);
    assert.deepEqual(sameSlot.firedMs, [1_000]);
    await clock.advance(506_000);
    assert.deepEqual(sameSlot.firedMs, [1_000, 513_000]);
  });

  test('others may be cleared and set while a deadline is handled', async () => {
    const { clock, wheel } = running();
    const victim = new Entry(clock);
    const added = new Entry(clock);
    const first = new Entry(clock, () => {
      wheel.clear(victim);
      wheel.set(added, 0);
    });
    wheel.set(first, 1_000);
    wheel.set(victim, 1_000);
    await clock.advance(3_000);
    assert.deepEqual(victim.firedMs, []);
    assert.deepEqual(added.firedMs, [2_000]);
  });

  test('after a stall everything that was due is reached at once, and nothing else', () => {
    const timers: (() => void)[] = [];
    let nowMs = 0;
    const wheel = new TimerWheel({
      wallMs: () => nowMs,
      monotonicMs: () => nowMs,
      after(_, call) {
        timers.push(call);
        return { cancel() {} };
      },
      defer() {},
    });
    wheel.start();
    const clock = new VirtualClock();
    const seconds = [1, 2, 500, 700, 1500, 2001, 2500];
    const entries = seconds.map(delay => {
      const entry = new Entry(clock);
      wheel.set(entry, delay * 1000);
      return entry;
    });
    nowMs = 2_000_000;
    timers.shift()!();
    assert.deepEqual(
      entries.map(entry => entry.firedMs.length),
      [1, 1, 1, 1, 1, 0, 0],
    );
    assert.equal(wheel.tick, 2001);
    nowMs = 2_001_000;
    timers.shift()!();
    assert.deepEqual(
      entries.map(entry => entry.firedMs.length),
      [1, 1, 1, 1, 1, 1, 0],
    );
  });

  test('goes on when a deadline throws, and the others of that second are not lost', async () => {
    const { clock, wheel } = running();
    const failing = new Entry(clock, () => {
      throw new Error('a fault');
    });
    const same = new Entry(clock);
    const later = new Entry(clock);
    wheel.set(failing, 1_000);
    wheel.set(same, 1_000);
    wheel.set(later, 2_000);
    await assert.rejects(clock.advance(1_000), /a fault/);
    await clock.advance(600_000);
    assert.equal(failing.firedMs.length, 1);
    assert.equal(same.firedMs.length, 1);
    assert.deepEqual(later.firedMs, [2_000]);
  });

  test('stop ends it, also from within; start is harmless twice', async () => {
    const { clock, wheel } = running();
    wheel.start();
    assert.equal(clock.timerCount, 1);
    const stopping = new Entry(clock, () => wheel.stop());
    const later = new Entry(clock);
    wheel.set(stopping, 1_000);
    wheel.set(later, 2_000);
    await clock.advance(10_000);
    assert.equal(clock.timerCount, 0);
    assert.deepEqual(later.firedMs, []);
  });

  test('agrees with a sorted list, for any sets and clears (seed 7)', async () => {
    const { clock, wheel } = running();
    const random = new SeededRandom(7);
    const due = new Map<Entry, number>();
    const entries = Array.from({ length: 40 }, () => new Entry(clock));
    for (let step = 0; step < 120; step += 1) {
      const entry = random.pick(entries);
      if (random.chance(0.3)) {
        wheel.clear(entry);
        due.delete(entry);
      } else {
        const delayMs = random.int(0, 700_000);
        wheel.set(entry, delayMs);
        const nowMs = clock.monotonicMs();
        const nextTickMs = (Math.floor(nowMs / 1000) + 1) * 1000;
        due.set(entry, Math.max(nextTickMs, Math.ceil((nowMs + delayMs) / 1000) * 1000));
      }
      const before = clock.monotonicMs();
      await clock.advance(random.int(0, 15_000));
      for (const one of entries) {
        const expected = due.get(one);
        const fired = one.firedMs.filter(ms => ms > before);
        if (expected !== undefined && expected <= clock.monotonicMs()) {
          assert.deepEqual(fired, [expected]);
          due.delete(one);
        } else assert.deepEqual(fired, []);
      }
    }
  });
});
