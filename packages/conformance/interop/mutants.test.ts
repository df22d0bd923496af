/** Every broker that is broken on purpose; the unit tests run but a few of them. */
import { deepEqual } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { mutants } from '../src/mutants/index.ts';
import { undetected } from '../src/testing/undetected.ts';

suite('a broker is found out that', () => {
  for (const mutant of mutants) {
    test(mutant.name, async () => deepEqual(await undetected(mutant), []));
  }
});
