/** Cases of chapter 4.4: what is sent again when a session is resumed, and what is not. */
import { deepEqual } from 'node:assert/strict';
import { PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { kept, resume } from './kept-session.ts';

const { publish, puback, pubrec, pubrel, pubcomp } = PacketType;

/** Publishes these to a subscriber that takes them and acknowledges none. */
async function sendEach(
  t: CaseContext,
  subscriber: CaseClient,
  publisher: CaseClient,
  qos: 1 | 2,
  texts: readonly string[],
): Promise<number[]> {
  const packetIds: number[] = [];
  for (const text of texts) {
    await publisher.publish(t.topic('news'), text, { qos });
    const payload = bytes`${text}`;
    const { packetId } = await subscriber.expect({ type: publish, payload, qos, dup: false });
    packetIds.push(packetId);
  }
  return packetIds;
}

export const redeliveryCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.3.1-1', 'MQTT-4.4.0-1', 'MQTT-4.3.2-3'],
    v3: ['MQTT-3.3.1-1', 'MQTT-4.4.0-1', 'MQTT-4.3.2-1'],
    needs: ['qos-1'],
    title: 'a QoS 1 message is sent again on every connection, with DUP, until it is acknowledged',
    async run(t) {
      const publisher = await t.connect();
      let subscriber = await t.connect(kept());
      const { clientId } = subscriber;
      await subscriber.subscribe(t.topic('news'));
      const [packetId] = await sendEach(t, subscriber, publisher, 1, ['hello']);
      for (let times = 0; times < 3; times += 1) {
        subscriber.drop();
        subscriber = await resume(t, clientId);
        const payload = bytes`${'hello'}`;
        await subscriber.expect({ type: publish, packetId, payload, qos: 1, dup: true });
      }
      subscriber.acknowledge(puback, packetId);
      await subscriber.ping();
      subscriber.drop();
      await t.expectNothing(await resume(t, clientId), publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-1', 'MQTT-4.4.0-1', 'MQTT-4.3.3-3'],
    v3: ['MQTT-3.3.1-1', 'MQTT-4.4.0-1', 'MQTT-4.3.3-1'],
    needs: ['qos-2'],
    title: 'a QoS 2 message is sent again on every connection, with DUP, until its PUBREC',
    async run(t) {
      const publisher = await t.connect();
      let subscriber = await t.connect(kept());
      const { clientId } = subscriber;
      await subscriber.subscribe(t.topic('news'));
      const [packetId] = await sendEach(t, subscriber, publisher, 2, ['hello']);
      for (let times = 0; times < 3; times += 1) {
        subscriber.drop();
        subscriber = await resume(t, clientId);
        const payload = bytes`${'hello'}`;
        await subscriber.expect({ type: publish, packetId, payload, qos: 2, dup: true });
      }
      subscriber.acknowledge(pubrec, packetId);
      await subscriber.expect({ type: pubrel, packetId });
      subscriber.acknowledge(pubcomp, packetId);
      await subscriber.ping();
      subscriber.drop();
      await t.expectNothing(await resume(t, clientId), publisher);
    },
  },
  {
    v5: ['MQTT-4.4.0-1', 'MQTT-4.3.3-5', 'MQTT-4.3.3-6'],
    v3: ['MQTT-4.4.0-1', 'MQTT-4.3.3-1'],
    needs: ['qos-2'],
    title: 'PUBREL is sent again on every connection until its PUBCOMP, and PUBLISH is not',
    async run(t) {
      const publisher = await t.connect();
      let subscriber = await t.connect(kept());
      const { clientId } = subscriber;
      await subscriber.subscribe(t.topic('news'));
      const [packetId] = await sendEach(t, subscriber, publisher, 2, ['hello']);
      subscriber.acknowledge(pubrec, packetId);
      await subscriber.expect({ type: pubrel, packetId });
      for (let times = 0; times < 3; times += 1) {
        subscriber.drop();
        subscriber = await resume(t, clientId);
        await subscriber.expect({ type: pubrel, packetId });
      }
      subscriber.acknowledge(pubcomp, packetId);
      await subscriber.ping();
      subscriber.drop();
      await t.expectNothing(await resume(t, clientId), publisher);
    },
  },
  {
    v5: ['MQTT-3.3.1-1', 'MQTT-3.3.1-3', 'MQTT-4.4.0-1', 'MQTT-4.6.0-5'],
    v3: ['MQTT-3.3.1-1', 'MQTT-3.3.1-3', 'MQTT-4.4.0-1', 'MQTT-4.6.0-6'],
    needs: ['qos-1', 'qos-2'],
    title: 'on resumption all comes in order: with DUP and identifier what was sent, then the rest',
    async run(t) {
      for (const qos of [1, 2] as const) {
        const publisher = await t.connect();
        const subscriber = await t.connect(kept());
        await subscriber.subscribe(t.topic('news'), { qos });
        const sent = await sendEach(t, subscriber, publisher, qos, ['a', 'b', 'c']);
        await subscriber.disconnect();
        for (const text of ['d', 'e']) await publisher.publish(t.topic('news'), text, { qos });

        const again = await resume(t, subscriber.clientId);
        const messages = await collectMessages(t, again, publisher);
        deepEqual(messages.map(textOf), ['a', 'b', 'c', 'd', 'e']);
        deepEqual(
          messages.map(({ dup }) => dup),
          [true, true, true, false, false],
        );
        deepEqual(
          messages.slice(0, 3).map(({ packetId }) => packetId),
          sent,
        );
        await again.disconnect();
      }
    },
  },
  {
    v5: ['MQTT-4.4.0-1'],
    needs: ['qos-1', 'qos-2'],
    timing: 'slow',
    title: 'nothing is sent again on a live connection',
    async run(t) {
      const publisher = await t.connect();
      const subscriber = await t.connect(kept());
      await subscriber.subscribe(t.topic('news'));
      const [, released] = await sendEach(t, subscriber, publisher, 2, ['a', 'b']);
      await sendEach(t, subscriber, publisher, 1, ['c']);
      subscriber.acknowledge(pubrec, released);
      await subscriber.expect({ type: pubrel, packetId: released });
      await t.wait(3_000);
      await subscriber.expectNothing();
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-4.4.0-1'],
    v3: ['MQTT-3.1.2-6'],
    needs: ['qos-1', 'qos-2'],
    title: 'nothing is sent again where the session is a new one',
    async run(t) {
      const publisher = await t.connect();
      const subscriber = await t.connect(kept());
      await subscriber.subscribe(t.topic('news'));
      await sendEach(t, subscriber, publisher, 1, ['a']);
      const [, released] = await sendEach(t, subscriber, publisher, 2, ['b', 'c']);
      subscriber.acknowledge(pubrec, released);
      await subscriber.expect({ type: pubrel, packetId: released });
      await subscriber.disconnect();
      const again = await t.connect({ clientId: subscriber.clientId, cleanStart: true });
      await t.expectNothing(again, publisher);
    },
  },
];
