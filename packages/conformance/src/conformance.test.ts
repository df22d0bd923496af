import { fail } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import type { ConformanceCase } from './case/conformance-case.ts';
import { connackCases } from './cases/connack.ts';
import { cases } from './cases/index.ts';
import { lackingSubscribeCases } from './cases/subscribe.ts';
import { failureText } from './runner/report.ts';
import { run } from './runner/run.ts';
import { type BrokerTargetOptions, brokerSut, brokerTarget } from './testing/broker-target.ts';

/** Runs `one` against brokers with these options; fails where it does. */
async function check(one: ConformanceCase, options: BrokerTargetOptions): Promise<void> {
  const results = await run({
    cases: [one],
    sut: brokerSut,
    openTarget: () => brokerTarget(options),
    random: new SeededRandom(1),
  });
  const failures = results.filter(({ outcome }) => outcome === 'failed');
  if (failures.length > 0) fail(failures.map(failureText).join('\n'));
}

suite('our broker', () => {
  for (const one of cases) test(one.title, () => check(one, {}));
});

suite('our broker with a Maximum QoS, small packets and no retained messages:', () => {
  const features = { retain: false };
  const packetBytesMax = 1024;
  for (const one of connackCases) {
    test(one.title, async () => {
      await check(one, { features, limits: { packetBytesMax, maximumQoS: 0 } });
      await check(one, { features, limits: { packetBytesMax, maximumQoS: 1 } });
    });
  }
});

suite('our broker with plain subscriptions only:', () => {
  const features = {
    wildcardSubscriptions: false,
    sharedSubscriptions: false,
    subscriptionIdentifiers: false,
  };
  for (const one of lackingSubscribeCases) test(one.title, () => check(one, { features }));
});
