/**
 * The crash test as a program, for as many cycles as one likes.
 *
 *     npm run crash -- [--cycles n] [--seed n] [--mosquitto]
 */
import { parseArgs } from 'node:util';
import { systemClock, systemRandom } from '@godwit/runtime';
import { mosquitto } from '../support/server.ts';
import { crashRun } from './crash-run.ts';
import { godwitVictim, mosquittoVictim } from './victim.ts';

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '100' },
    seed: { type: 'string' },
    mosquitto: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed ?? systemRandom.uint32());
const cycles = Number(values.cycles);
if (!Number.isInteger(seed) || !Number.isInteger(cycles)) {
  throw new RangeError('--cycles and --seed take integers');
}
const countOnly = values.mosquitto;
console.log(`seed ${seed}, ${cycles} cycles`);
const result = await crashRun({
  victim: countOnly ? await mosquittoVictim(mosquitto) : await godwitVictim(),
  clock: systemClock,
  seed,
  cycles,
  countOnly,
  say: console.log,
});
const { faults, ...counts } = result;
console.log(counts);
if (countOnly) {
  for (const [kind, count] of faults.counts()) console.log(`${kind}: ${count}`);
} else if (result.isSound) console.log('nothing was lost that was promised');
else {
  console.log(`seed ${seed}\n${faults}`);
  process.exitCode = 1;
}
