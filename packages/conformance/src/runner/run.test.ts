import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { SeededRandom } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { brokerSut, brokerTarget } from '../testing/broker-target.ts';
import { countsLine, reportJson, summaryTable } from './report.ts';
import { type RunOptions, run } from './run.ts';
import { staleDeviations } from './summary.ts';

const good: ConformanceCase = {
  v5: ['MQTT-3.12.4-1'],
  v3: ['MQTT-3.12.4-1'],
  title: 'good',
  run: async t => void (await t.connect()),
};

const bad: ConformanceCase = {
  v5: ['MQTT-3.1.2-24'],
  title: 'bad',
  async run(t) {
    const client = await t.connect();
    await client.expect(PacketType.publish);
  },
};

const idle: ConformanceCase = {
  v3: ['MQTT-3.10.1-1'],
  versions: [4],
  title: 'idle',
  run: async t => t.notApplicable('nothing to do'),
};

const options: RunOptions = {
  cases: [good, bad, idle],
  sut: brokerSut,
  openTarget: brokerTarget,
  random: new SeededRandom(1),
};

test('runs each case with each of its versions, and says how it went', async () => {
  const results = await run({ ...options, concurrency: 2 });
  deepEqual(
    results.map(({ title, version, outcome }) => [title, version, outcome]),
    [
      ['good', 5, 'passed'],
      ['good', 4, 'passed'],
      ['good', 3, 'passed'],
      ['bad', 5, 'failed'],
      ['idle', 4, 'not applicable'],
    ],
  );
  match(results[3].reason, /expected PUBLISH\ncame nothing/);
  match(results[3].transcript, /client 1 -> CONNECT \{.*client 1 <- CONNACK \{.*0000 {2}20 /s);
  equal(countsLine(results), '5 runs of cases: 3 passed, 1 failed, 0 known, 1 not applicable');
  match(summaryTable(results), /5\.0 +3\.1 +0 +1 +0 +0 +\d+\n/);
  equal(JSON.parse(reportJson(brokerSut, results)).verdicts.v5['MQTT-3.1.2-24'], 'failed');
});

test('only takes the cases about the statements asked for', async () => {
  const titles = async (only: string): Promise<string[]> =>
    (await run({ ...options, only })).map(({ title }) => title);
  deepEqual(await titles('MQTT-3.1'), ['bad']);
  deepEqual(await titles('MQTT-3.10'), ['idle']);
  deepEqual(await titles('MQTT-3.12.4-1'), ['good', 'good', 'good']);
});

test('a failure that is foretold is known, and a capability that lacks makes no failure', async () => {
  const deviations = { v5: { 'MQTT-3.1.2-24': 'not done yet' }, v3: {} };
  const sut = { ...brokerSut, versions: [5, 4] as const, deviations };
  const needy: ConformanceCase = { ...bad, title: 'needy', needs: ['shared-subscriptions'] };
  const lacking = { ...sut, capabilities: { 'shared-subscriptions': false } };
  deepEqual(staleDeviations(sut, await run({ ...options, sut, cases: [good] })), []);
  const kept = { ...good, v5: ['MQTT-3.1.2-24'] };
  const [line] = staleDeviations(sut, await run({ ...options, sut, cases: [kept] }));
  match(line, /MQTT-3\.1\.2-24 is said to be a deviation, and is kept/);
  const [known] = await run({ ...options, sut, cases: [bad] });
  equal(known.outcome, 'known');
  match(known.reason, /^not done yet\nexpected/);
  const [lacked] = await run({ ...options, sut: lacking, cases: [needy] });
  equal(lacked.reason, 'the server lacks: shared-subscriptions');
  const [, , unspoken] = await run({ ...options, sut, cases: [good] });
  equal(unspoken.reason, 'the server does not speak this version');
});

test('a case leaves neither retained messages nor sessions behind', async () => {
  const target = brokerTarget();
  const names: string[] = [];
  const untidy: ConformanceCase = {
    v5: ['MQTT-3.3.1-5'],
    title: 'untidy',
    async run(t) {
      const client = await t.connect({ properties: { sessionExpiryInterval: 60 } });
      client.sendPublish(t.topic('state'), 'on', { retain: true });
      await client.ping();
      names.push(client.clientId, t.topic('state'));
    },
  };
  const tidy: ConformanceCase = {
    ...untidy,
    title: 'tidy',
    async run(t) {
      const client = await t.client();
      const { sessionPresent } = await client.connect({ clientId: names[0], cleanStart: false });
      ok(!sessionPresent);
      await client.subscribe(names[1]);
      await client.expectNothing();
    },
  };
  const openTarget = (): typeof target => ({ ...target, close: async () => {} });
  const cases = [untidy, tidy];
  const results = await run({ ...options, openTarget, cases, concurrency: 1 });
  deepEqual(
    results.map(({ outcome }) => outcome),
    ['passed', 'passed'],
  );
  await target.close?.();
});
