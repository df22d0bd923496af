import { fail } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { cases } from './cases/index.ts';
import { failureText } from './runner/report.ts';
import { run } from './runner/run.ts';
import { brokerSut, brokerTarget } from './testing/broker-target.ts';

suite('our broker', () => {
  for (const one of cases) {
    test(one.title, async () => {
      const results = await run({
        cases: [one],
        sut: brokerSut,
        openTarget: brokerTarget,
        random: new SeededRandom(1),
      });
      const failures = results.filter(({ outcome }) => outcome === 'failed');
      if (failures.length > 0) fail(failures.map(failureText).join('\n'));
    });
  }
});
