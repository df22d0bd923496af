/** A few seeds in each run of the tests, those that failed once, and that a seed decides it all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failedOnce } from './failed-once.ts';
import { simulate } from './simulate.ts';

/** Enough to connect, publish, crash and come back. */
const steps = 60;

test('the same seed gives the same run', async () => {
  const first = await simulate({ seed: 7, steps });
  const second = await simulate({ seed: 7, steps });
  const other = await simulate({ seed: 8, steps });
  assert.deepEqual(second, first);
  assert.notEqual(other.hash, first.hash);
});

test('nothing is wrong with the first seeds', async () => {
  for (let seed = 1; seed <= 15; seed += 1) {
    const { faults } = await simulate({ seed, steps });
    assert.deepEqual(faults, [], `seed ${seed}, ${steps} steps`);
  }
});

test('what failed once does not fail again', async () => {
  for (const { seed, steps } of failedOnce) {
    const { faults } = await simulate({ seed, steps });
    assert.deepEqual(faults, [], `seed ${seed}, ${steps} steps`);
  }
});
