import { suite, test } from 'node:test';
import { powerCutTrial } from './testing/power-cut-trial.ts';

suite('power cuts', () => {
  test('seeds 1 to 12', async () => {
    for (let seed = 1; seed <= 12; seed += 1) await powerCutTrial(seed);
  });
});
