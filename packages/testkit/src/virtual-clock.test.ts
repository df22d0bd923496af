import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { VirtualClock } from './virtual-clock.ts';

test('runs timers in the order in which they are due, at their time', async () => {
  const clock = new VirtualClock(1_000_000);
  const events: string[] = [];
  const note = (name: string) => (): void => {
    events.push(`${name} at ${clock.monotonicMs()} ${clock.wallMs()}`);
  };
  clock.after(20, note('late'));
  clock.after(10, note('early'));
  clock.after(10, note('early too'));
  clock.after(31, note('not yet'));
  clock.after(15, note('cancelled')).cancel();
  clock.after(5, () => clock.after(7, note('set by a timer')));
  await clock.advance(30);
  assert.deepEqual(events, [
    'early at 10 1000010',
    'early too at 10 1000010',
    'set by a timer at 12 1000012',
    'late at 20 1000020',
  ]);
  assert.equal(clock.monotonicMs(), 30);
  assert.equal(clock.timerCount, 1);
});

test('settles between timers: deferred calls, promises, and what they set off', async () => {
  const clock = new VirtualClock();
  const events: string[] = [];
  clock.after(1, () => {
    events.push('timer 1');
    clock.defer(() => {
      events.push('deferred');
      void Promise.resolve()
        .then(() => {})
        .then(() => clock.defer(() => events.push('deferred by a promise')));
    });
  });
  clock.after(1, () => events.push('timer 2'));
  await clock.advance(1);
  assert.deepEqual(events, ['timer 1', 'deferred', 'deferred by a promise', 'timer 2']);
});

test('advanceUntil stops when its condition holds', async () => {
  const clock = new VirtualClock();
  let ticks = 0;
  const tick = (): void => {
    ticks += 1;
    clock.after(10, tick);
  };
  clock.after(10, tick);
  assert.equal(await clock.advanceUntil(() => ticks === 3, 1_000), true);
  assert.equal(clock.monotonicMs(), 30);
  assert.equal(await clock.advanceUntil(() => ticks === 100, 15), false);
  assert.deepEqual([ticks, clock.monotonicMs()], [4, 45]);
});

test('settle leaves time alone and does not go on for ever', async () => {
  const clock = new VirtualClock();
  let timerRan = false;
  clock.after(0, () => {
    timerRan = true;
  });
  await clock.settle();
  assert.equal(timerRan, false);
  const again = (): void => clock.defer(again);
  again();
  await assert.rejects(clock.settle(), /still being deferred after 10000 turns/);
});

test('wall time jumps, monotonic time does not', async () => {
  const clock = new VirtualClock(500);
  await clock.advance(100);
  clock.setWallMs(50);
  assert.equal(clock.wallMs(), 50);
  assert.equal(clock.monotonicMs(), 100);
  await clock.advance(1);
  assert.equal(clock.wallMs(), 51);
});

test('refuses delays that a system timer would cut', () => {
  const clock = new VirtualClock();
  assert.throws(() => clock.after(2 ** 31, () => {}), RangeError);
  assert.throws(() => clock.after(Number.NaN, () => {}), RangeError);
});
