/**
 * The command: `npm run simulate -- [--seed N | --seeds A..B] [--steps M] [--verbose]`. Ends with 1
 * when something was wrong, saying with which seed.
 */
import { parseArgs } from 'node:util';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string' },
    steps: { type: 'string', default: '300' },
    verbose: { type: 'boolean', default: false },
  },
});
const [first, last = first] = (values.seeds ?? values.seed).split('..').map(Number);
const steps = Number(values.steps);
if (![first, last, steps].every(Number.isSafeInteger)) {
  throw new TypeError(
    'usage: npm run simulate -- [--seed N | --seeds A..B] [--steps M] [--verbose]',
  );
}
let failures = 0;
for (let seed = first; seed <= last; seed += 1) {
  const print = values.verbose ? (line: string) => console.log(line) : undefined;
  const { faults, hash, steps: done } = await simulate({ seed, steps, print });
  if (faults.length > 0) failures += 1;
  const verdict = faults.length === 0 ? 'ok' : `FAILED at step ${done}\n  ${faults.join('\n  ')}`;
  if (faults.length > 0 || first === last) console.log(`seed ${seed} ${hash} ${verdict}`);
}
if (first !== last) console.log(`${last - first + 1} seeds, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
