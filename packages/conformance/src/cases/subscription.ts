/** Cases of chapter 3.8: what a subscription brings, and what subscribing again changes. */
import { deepEqual } from 'node:assert/strict';
import { PacketType, type QoS } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { kept, resume } from './kept-session.ts';

const { publish, suback, subscribe } = PacketType;
const everyQoS: readonly QoS[] = [0, 1, 2];

export const subscriptionCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.8.4-8'],
    v3: ['MQTT-3.8.4-6'],
    needs: ['qos-1', 'qos-2'],
    title: 'a message comes with the lesser of the QoS published and the QoS granted',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const topic = t.topic('news');
      for (const granted of everyQoS) {
        await subscriber.subscribe(topic, { qos: granted });
        for (const published of everyQoS) {
          await publisher.publish(topic, 'extra', { qos: published });
          await subscriber.receive({ topic, qos: Math.min(granted, published) as QoS });
        }
      }
    },
  },
  {
    v5: ['MQTT-3.8.4-3'],
    v3: ['MQTT-3.8.4-3'],
    title: 'subscribing again replaces the QoS, and messages come once',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const topic = t.topic('news/+');
      await subscriber.subscribe(topic, { qos: 0 });
      await subscriber.subscribe(topic, { qos: 1 });
      await publisher.publish(t.topic('news/one'), 'extra', { qos: 1 });
      await subscriber.receive({ topic: t.topic('news/one'), qos: 1 });
      await subscriber.subscribe(topic, { qos: 0 });
      await publisher.publish(t.topic('news/two'), 'extra', { qos: 1 });
      await subscriber.receive({ topic: t.topic('news/two'), qos: 0 });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.8.4-3', 'MQTT-3.8.3-3'],
    title: 'subscribing again replaces No Local',
    async run(t) {
      const client = await t.connect();
      const topic = t.topic('news');
      await client.subscribe(topic, { noLocal: true });
      await client.subscribe(topic, { noLocal: false });
      client.sendPublish(topic, 'my own');
      await client.receive({ topic });
      await client.subscribe(topic, { noLocal: true });
      client.sendPublish(topic, 'my own');
      await client.expectNothing();
    },
  },
  {
    v5: ['MQTT-3.8.4-3'],
    needs: ['subscription-identifiers'],
    title: 'subscribing again replaces the Subscription Identifier, or takes it away',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const topic = t.topic('news');
      for (const identifier of [1, 268_435_455]) {
        await subscriber.subscribe(topic, {
          properties: { subscriptionIdentifiers: [identifier] },
        });
        await publisher.publish(topic, 'extra', { qos: 1 });
        await subscriber.receive({ properties: { subscriptionIdentifiers: [identifier] } });
      }
      await subscriber.subscribe(topic);
      await publisher.publish(topic, 'extra', { qos: 1 });
      const { properties } = await subscriber.receive({ topic });
      deepEqual(properties?.subscriptionIdentifiers ?? [], []);
    },
  },
  {
    v5: ['MQTT-3.8.4-4', 'MQTT-3.3.1-9'],
    v3: ['MQTT-3.8.4-3'],
    needs: ['retained-messages'],
    title: 'subscribing again brings the retained messages again',
    async run(t) {
      const publisher = await t.connect();
      await publisher.publish(t.topic('lamp'), 'on', { qos: 1, retain: true });
      const subscriber = await t.connect();
      for (const qos of [1, 0, 1] as const) {
        await subscriber.subscribe(t.topic('lamp'), { qos });
        await subscriber.receive({ payload: bytes`${'on'}`, retain: true, qos });
      }
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.8.4-4'],
    v3: ['MQTT-3.8.4-3'],
    title: 'no message is lost or doubled while a subscription is replaced',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const filter = t.topic('news');
      await subscriber.subscribe(filter, { qos: 1 });
      const sent = Array.from({ length: 10 }, (_, i) => `${i}`);
      const packetId = subscriber.packetId();
      const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
      for (const text of sent) {
        publisher.sendPublish(filter, text, { qos: 1 });
        if (text !== '4') continue;
        const subscriptions = [{ filter, qos: 1 as const, ...options }];
        subscriber.send({ type: subscribe, packetId, subscriptions });
      }
      // SUBACK may come before, among or after them.
      const received: string[] = [];
      for (let count = 0; count <= sent.length; count += 1) {
        const packet = await subscriber.next();
        if (packet?.type === publish) {
          received.push(new TextDecoder().decode(packet.payload));
          subscriber.acknowledge(PacketType.puback, packet.packetId);
        } else {
          deepEqual(packet, { type: suback, packetId, reasonCodes: [1] });
        }
      }
      deepEqual(received, sent);
      await subscriber.expectNothing();
    },
  },
  {
    v5: ['MQTT-3.8.4-8', 'MQTT-3.1.2-5'],
    v3: ['MQTT-3.8.4-6', 'MQTT-3.1.2-4'],
    title: 'a subscription of a resumed session keeps its QoS',
    async run(t) {
      const first = await t.connect(kept());
      await first.subscribe(t.topic('news'), { qos: 1 });
      await first.disconnect();
      const second = await resume(t, first.clientId);
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'extra', { qos: 2 });
      await second.receive({ topic: t.topic('news'), qos: 1 });
    },
  },
];

export const noLocalCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.8.3-3'],
    title: "No Local keeps a client's own messages from it, and no others",
    async run(t) {
      const client = await t.connect();
      const other = await t.connect();
      const topic = t.topic('news');
      await client.subscribe(topic, { noLocal: true });
      await other.subscribe(topic, { noLocal: true });
      for (const qos of t.everyQoS) {
        await client.publish(topic, 'mine', { qos });
        await other.receive({ topic, qos });
        await other.publish(topic, 'theirs', { qos });
        await client.receive({ topic, qos, payload: bytes`${'theirs'}` });
      }
      await t.expectNothing(client, other);
    },
  },
  {
    v5: ['MQTT-3.8.3-3'],
    title: 'without No Local a client gets its own messages',
    async run(t) {
      const client = await t.connect();
      await client.subscribe(t.topic('news'));
      client.sendPublish(t.topic('news'), 'mine');
      await client.receive({ topic: t.topic('news'), payload: bytes`${'mine'}` });
      await client.expectNothing();
    },
  },
  {
    v5: ['MQTT-3.8.3-3'],
    needs: ['qos-1'],
    title: 'No Local goes by client identifier: not even the will of an earlier connection comes',
    async run(t) {
      const payload = new TextEncoder().encode('gone');
      const will = { topic: t.topic('will'), payload, qos: 1, retain: false } as const;
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('will'));
      const first = await t.connect({ will, ...kept() });
      await first.subscribe(t.topic('will'), { noLocal: true });
      first.drop();
      await watcher.receive({ topic: t.topic('will') });
      const second = await resume(t, first.clientId);
      await t.expectNothing(second, watcher);
    },
  },
];
