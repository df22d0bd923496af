/** The cases against our broker where it takes less than QoS 2: none asks for more. */
import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { cases } from '../src/cases/index.ts';
import { failureText } from '../src/runner/report.ts';
import { run } from '../src/runner/run.ts';
import { brokerSut, brokerTarget } from '../src/testing/broker-target.ts';

for (const maximumQoS of [0, 1] as const) {
  test(`our broker with Maximum QoS ${maximumQoS}`, async () => {
    const results = await run({
      cases,
      sut: brokerSut,
      openTarget: () => brokerTarget({ limits: { maximumQoS } }),
      random: new SeededRandom(1),
    });
    const failures = results.filter(({ outcome }) => outcome === 'failed');
    deepEqual(failures.map(failureText), []);
    const passed = results.filter(({ outcome }) => outcome === 'passed');
    ok(passed.length > results.length / 2, `only ${passed.length} of ${results.length} apply`);
  });
}
