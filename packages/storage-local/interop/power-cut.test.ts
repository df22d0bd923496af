/** Many more lives than the unit tests live; a failure names its seed. */

import { suite, test } from 'node:test';
import { powerCutTrial } from '../src/testing/power-cut-trial.ts';

const FIRST = 1000;
const SEEDS = 2500;
const GROUP = 250;

suite('power cuts, many seeds', () => {
  for (let first = FIRST; first < FIRST + SEEDS; first += GROUP) {
    test(`seeds ${first} to ${first + GROUP - 1}`, async () => {
      for (let seed = first; seed < first + GROUP; seed += 1) {
        await powerCutTrial(seed).catch(error => {
          throw new Error(`seed ${seed}`, { cause: error });
        });
      }
    });
  }
});
