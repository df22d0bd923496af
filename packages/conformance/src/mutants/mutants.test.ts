import { ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { cases } from '../cases/index.ts';
import { run } from '../runner/run.ts';
import type { Standard } from '../statements/index.ts';
import { brokerSut, brokerTarget } from '../testing/broker-target.ts';
import { mutants } from './index.ts';
import { mutated } from './mutant.ts';

const standards: readonly Standard[] = ['v5', 'v3'];

suite('a broker is found out that', () => {
  for (const mutant of mutants) {
    test(mutant.name, async () => {
      const concerned = cases.filter(one =>
        standards.some(standard =>
          mutant.breaks[standard]?.some(id => one[standard]?.includes(id) ?? false),
        ),
      );
      const results = await run({
        cases: concerned,
        sut: brokerSut,
        openTarget: () => mutated(brokerTarget(), mutant),
        random: new SeededRandom(1),
      });
      const failures = results.filter(({ outcome }) => outcome === 'failed');
      for (const standard of standards) {
        for (const id of mutant.breaks[standard] ?? []) {
          const isFound = failures.some(
            failure => failure.standard === standard && failure.ids.includes(id),
          );
          ok(isFound, `${standard} ${id}: every case about it passed`);
        }
      }
    });
  }
});
