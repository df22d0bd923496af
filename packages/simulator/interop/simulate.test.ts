/** Long simulations, and the proof that the model sees what is wrong when something is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutants, simulate } from '@godwit/simulator';

const steps = 200;
const seeds = 120;
/** Seeds within which every deliberate fault has to be found. */
const seedsToFind = 100;

test(`nothing is wrong with ${seeds} seeds`, async () => {
  for (let seed = 100; seed < 100 + seeds; seed += 1) {
    const { faults } = await simulate({ seed, steps });
    assert.deepEqual(faults, [], `npm run simulate -- --seed ${seed} --steps ${steps}`);
  }
});

for (const [name, fault] of Object.entries(mutants)) {
  test(`the model sees it when ${name}`, async () => {
    for (let seed = 1; seed <= seedsToFind; seed += 1) {
      const { faults } = await simulate({ seed, steps, fault });
      if (faults.length > 0) return;
    }
    assert.fail(`not within ${seedsToFind} seeds`);
  });
}
