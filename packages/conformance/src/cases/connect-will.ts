/** Cases of chapters 3.1.2 and 3.1.3: when a will is published, and as what. */
import { deepEqual } from 'node:assert/strict';
import type { UserProperty, Will } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';

const payload = bytes`${'gone'}`;

function willOf(t: CaseContext, fields: Partial<Will> = {}): Will {
  return { topic: t.topic('will'), payload, qos: 0, retain: false, ...fields };
}

/** A session that is there long after its connection, for which a will can wait. */
const kept = { cleanStart: false, properties: { sessionExpiryInterval: 60 } } as const;

export const connectWillCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.1.2-7', 'MQTT-3.1.2-8'],
    v3: ['MQTT-3.1.2-8'],
    needs: ['qos-1'],
    title: 'the will is published when the connection breaks',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const client = await t.connect({ will: willOf(t, { qos: 1 }) });
      client.drop();
      await watcher.receive({ topic: t.topic('will'), payload, qos: 1, retain: false });
    },
  },
  {
    v5: ['MQTT-3.1.2-8'],
    v3: ['MQTT-3.1.2-8'],
    title: 'the will is published when the server closes because of a protocol error',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const client = await t.connect({ will: willOf(t) });
      client.send(bytes`00 00`);
      await client.expectDisconnected();
      await watcher.receive({ topic: t.topic('will'), payload });
    },
  },
  {
    v5: ['MQTT-3.1.2-8', 'MQTT-3.1.2-10', 'MQTT-3.14.4-3'],
    v3: ['MQTT-3.1.2-8', 'MQTT-3.1.2-10', 'MQTT-3.14.4-3'],
    title: 'the will is not published after DISCONNECT',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const client = await t.connect({ will: willOf(t) });
      await client.disconnect();
      await t.expectNothing(watcher, await t.connect());
    },
  },
  {
    v5: ['MQTT-3.1.2-10'],
    v3: ['MQTT-3.1.2-10', 'MQTT-3.1.2-12'],
    title: 'a will that has been published is not published again',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const client = await t.connect({ ...kept, will: willOf(t) });
      client.drop();
      await watcher.receive({ topic: t.topic('will') });

      const again = await t.connect({ ...kept, clientId: client.clientId });
      again.drop();
      await t.expectNothing(watcher, await t.connect());
    },
  },
  {
    v5: ['MQTT-3.1.2-14'],
    v3: ['MQTT-3.1.2-16'],
    title: 'a will without will retain is not retained',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const client = await t.connect({ will: willOf(t, { retain: false }) });
      client.drop();
      await watcher.receive({ topic: t.topic('will') });

      const latecomer = await t.connect();
      await latecomer.subscribe(t.topic('will'));
      await t.expectNothing(latecomer, await t.connect());
    },
  },
  {
    v5: ['MQTT-3.1.2-15'],
    v3: ['MQTT-3.1.2-17'],
    needs: ['retained-messages'],
    title: 'a will with will retain is retained',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const client = await t.connect({ will: willOf(t, { retain: true }) });
      client.drop();
      await watcher.receive({ topic: t.topic('will') });

      const latecomer = await t.connect();
      await latecomer.subscribe(t.topic('will'));
      await latecomer.receive({ topic: t.topic('will'), payload, retain: true });
    },
  },
  {
    v5: ['MQTT-3.1.3-10'],
    title: 'the user properties of a will keep their order',
    async run(t) {
      const userProperties: UserProperty[] = [
        ['b', '1'],
        ['a', '2'],
        ['b', '3'],
      ];
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const client = await t.connect({ will: willOf(t, { properties: { userProperties } }) });
      client.drop();
      const { properties } = await watcher.receive({ topic: t.topic('will') });
      deepEqual(properties?.userProperties, userProperties);
    },
  },
  {
    v5: ['MQTT-3.1.2-8'],
    timing: 'slow',
    title: 'the will is published when its delay has passed, and not before',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const will = willOf(t, { properties: { willDelayInterval: 2 } });
      const client = await t.connect({ ...kept, will });
      client.drop();
      await t.wait(1_000);
      await watcher.expectNothing();
      await watcher.receive({ topic: t.topic('will'), payload }, { timeoutMs: 5_000 });
    },
  },
  {
    v5: ['MQTT-3.1.2-8'],
    timing: 'slow',
    title: 'the will is published when the session ends before the delay has passed',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const will = willOf(t, { properties: { willDelayInterval: 60 } });
      const client = await t.connect({ properties: { sessionExpiryInterval: 1 }, will });
      client.drop();
      await watcher.receive({ topic: t.topic('will'), payload }, { timeoutMs: 5_000 });
    },
  },
  {
    v5: ['MQTT-3.1.3-9'],
    timing: 'slow',
    title: 'the will is not published when the client returns before the delay has passed',
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const will = willOf(t, { properties: { willDelayInterval: 1 } });
      const client = await t.connect({ ...kept, will });
      client.drop();
      const again = await t.connect({ ...kept, clientId: client.clientId });
      await t.wait(2_500);
      await t.expectNothing(watcher, again);
    },
  },
];
