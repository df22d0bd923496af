/** Cases of chapters 4.3.2 and 4.3.3: the server receives messages with QoS 1 and 2. */
import { deepEqual, ok } from 'node:assert/strict';
import { PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { kept, resume } from './kept-session.ts';

const { publish, pubrec, pubrel, pubcomp } = PacketType;

export const qosReceiverCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.3.2-5'],
    v3: ['MQTT-4.3.2-2'],
    needs: ['qos-1'],
    title: 'after PUBACK the identifier means a new message, whatever DUP says',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const dup of [false, true, true, false]) {
        await publisher.publish(t.topic('news'), 'hello', { qos: 1, packetId: 7, dup });
        await subscriber.receive({ topic: t.topic('news'), qos: 1 });
      }
    },
  },
  {
    v5: ['MQTT-4.3.3-8', 'MQTT-4.3.3-10'],
    v3: ['MQTT-4.3.3-2'],
    needs: ['qos-2'],
    title: 'PUBLISH again and again before PUBREL: PUBREC each time, one delivery',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const dup of [false, true, true, true, true, true]) {
        publisher.sendPublish(t.topic('news'), 'hello', { qos: 2, packetId: 7, dup });
        const { reasonCode } = await publisher.expect({ type: pubrec, packetId: 7 });
        ok(reasonCode < 0x80, `refused with ${reasonCode}`);
      }
      publisher.acknowledge(pubrel, 7);
      await publisher.expect({ type: pubcomp, packetId: 7, reasonCode: 0 });
      await subscriber.receive({ topic: t.topic('news'), qos: 2 });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-4.3.3-8'],
    v3: ['MQTT-4.3.3-2'],
    needs: ['qos-2'],
    title: 'a first PUBLISH that bears DUP, the original being lost, is delivered',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      await publisher.publish(t.topic('news'), 'hello', { qos: 2, packetId: 7, dup: true });
      await subscriber.receive({ topic: t.topic('news'), qos: 2, dup: false });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-4.3.3-12'],
    v3: ['MQTT-4.3.3-2'],
    needs: ['qos-2'],
    title: 'after PUBCOMP the identifier means a new message, whatever DUP says',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const dup of [false, true, true, false]) {
        await publisher.publish(t.topic('news'), 'hello', { qos: 2, packetId: 7, dup });
        await subscriber.receive({ topic: t.topic('news'), qos: 2 });
      }
    },
  },
  {
    v5: ['MQTT-4.3.3-9'],
    needs: ['authorization', 'qos-2'],
    title: 'after a PUBREC that refuses, the identifier means a new message, whatever DUP says',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const dup of [false, true]) {
        publisher.sendPublish(t.topic('forbidden'), 'hello', { qos: 2, packetId: 7 });
        const answer = await publisher.next();
        if (answer?.type !== pubrec) return t.notApplicable('it closes the connection instead');
        ok(answer.reasonCode >= 0x80);
        await publisher.publish(t.topic('news'), 'hello', { qos: 2, packetId: 7, dup });
        await subscriber.receive({ topic: t.topic('news') });
      }
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-4.3.3-8', 'MQTT-4.3.3-11'],
    v3: ['MQTT-4.3.3-2'],
    needs: ['qos-2'],
    title: 'several QoS 2 exchanges at a time, ended in another order, are one delivery each',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const packetId of [1, 2, 3]) {
        publisher.sendPublish(t.topic('news'), `${packetId}`, { qos: 2, packetId });
        await publisher.expect({ type: pubrec, packetId });
      }
      for (const packetId of [3, 1, 2]) {
        publisher.acknowledge(pubrel, packetId);
        await publisher.expect({ type: pubcomp, packetId, reasonCode: 0 });
      }
      const messages = await collectMessages(t, subscriber, publisher);
      deepEqual(messages.map(textOf).sort(), ['1', '2', '3']);
    },
  },
  {
    v5: ['MQTT-4.3.3-4', 'MQTT-4.3.3-11'],
    v3: ['MQTT-4.3.3-1', 'MQTT-4.3.3-2'],
    needs: ['qos-2'],
    title: 'identifiers of the two directions are not confused',
    async run(t) {
      const client = await t.connect();
      const publisher = await t.connect();
      await client.subscribe(t.topic('news'));
      await publisher.publish(t.topic('news'), 'hello', { qos: 2 });
      const { packetId } = await client.expect({ type: publish, qos: 2 });
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId });
      await client.expect({ type: pubrec, packetId });
      client.acknowledge(pubrec, packetId);
      await client.expect({ type: pubrel, packetId, reasonCode: 0 });
      client.acknowledge(pubrel, packetId);
      await client.expect({ type: pubcomp, packetId, reasonCode: 0 });
      client.acknowledge(pubcomp, packetId);
      await client.expectNothing();
    },
  },
  {
    v5: ['MQTT-4.3.3-10', 'MQTT-4.3.3-11'],
    v3: ['MQTT-4.3.3-2'],
    needs: ['qos-2'],
    title: 'PUBLISH again on the next connection is answered by PUBREC, and delivered once',
    async run(t) {
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      const first = await t.connect(kept());
      first.sendPublish(t.topic('news'), 'hello', { qos: 2, packetId: 7 });
      await first.expect({ type: pubrec, packetId: 7 });
      first.drop();
      const second = await resume(t, first.clientId);
      await second.publish(t.topic('news'), 'hello', { qos: 2, packetId: 7, dup: true });
      const third = await resume(t, first.clientId);
      third.acknowledge(pubrel, 7);
      await third.expect({ type: pubcomp, packetId: 7 });
      await subscriber.receive({ topic: t.topic('news'), qos: 2 });
      await t.expectNothing(subscriber, third);
    },
  },
  {
    v5: ['MQTT-4.3.3-8', 'MQTT-4.3.3-11', 'MQTT-3.3.2-16'],
    v3: ['MQTT-4.3.3-2'],
    needs: ['qos-2', 'retained-messages'],
    title: 'a QoS 2 message whose PUBREL comes on the next connection keeps all that it had',
    async run(t) {
      const topic = t.topic('news');
      const payload = bytes`${'hello'}`;
      const correlationData = bytes`01 02 03`;
      const subscriber = await t.connect();
      await subscriber.subscribe(topic);
      const first = await t.connect(kept());
      const fields = { qos: 2, packetId: 7, retain: true } as const;
      first.sendPublish(topic, payload, { ...fields, properties: { correlationData } });
      await first.expect({ type: pubrec, packetId: 7 });
      first.drop();
      const second = await resume(t, first.clientId);
      second.acknowledge(pubrel, 7);
      await second.expect({ type: pubcomp, packetId: 7, reasonCode: 0 });

      const properties = t.version === 5 ? { correlationData } : undefined;
      const expected = { topic, payload, qos: 2, ...(properties && { properties }) } as const;
      await subscriber.receive({ ...expected, retain: false });
      await t.expectNothing(subscriber, second);
      const latecomer = await t.connect();
      await latecomer.subscribe(topic);
      await latecomer.receive({ ...expected, retain: true });
    },
  },
];
