/** Cases of chapter 3.3.4: subscriptions that overlap, and Subscription Identifiers. */
import { deepEqual, ok } from 'node:assert/strict';
import { type PublishPacket, type QoS, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages } from './collect-messages.ts';
import { kept, resume } from './kept-session.ts';
import { publishBytes } from './publish-bytes.ts';

function identifiersOf({ properties }: PublishPacket): number[] {
  return (properties?.subscriptionIdentifiers ?? []).toSorted((a, b) => a - b);
}

/** The identifiers have come: all with a single copy, or each with a copy of its own. */
function checkIdentifiers(copies: readonly PublishPacket[], expected: readonly number[]): void {
  if (copies.length === 1) {
    deepEqual(identifiersOf(copies[0]), expected);
    return;
  }
  const given = copies.map(identifiersOf);
  ok(
    given.every(identifiers => identifiers.length <= 1),
    `copies with identifiers ${given.join(' and ')}`,
  );
  deepEqual(
    given.flat().sort((a, b) => a - b),
    expected,
  );
}

export const publishOverlapCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.3.4-2'],
    v3: ['MQTT-3.3.5-1'],
    needs: ['wildcard-subscriptions', 'qos-1', 'qos-2'],
    title: 'subscriptions that overlap: a copy comes with the highest QoS, and one each at most',
    async run(t) {
      const orders: readonly (readonly [QoS, QoS, QoS])[] = [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
        [0, 1, 0],
      ];
      const publisher = await t.connect();
      for (const [one, two, three] of orders) {
        const subscriber = await t.connect();
        await subscriber.subscribe(t.topic('house/lamp'), { qos: one });
        await subscriber.subscribe(t.topic('house/+'), { qos: two });
        await subscriber.subscribe(t.topic('house/#'), { qos: three });
        await publisher.publish(t.topic('house/lamp'), 'on', { qos: 2 });
        const came = (await collectMessages(t, subscriber, publisher)).map(({ qos }) => qos);
        const asked = [one, two, three].sort();
        if (came.length === 1) deepEqual(came, [Math.max(...asked)]);
        else deepEqual(came.sort(), asked);
      }
    },
  },
  {
    v5: ['MQTT-3.3.4-3', 'MQTT-3.3.4-4', 'MQTT-3.3.4-5'],
    needs: ['subscription-identifiers', 'wildcard-subscriptions'],
    title:
      'subscriptions that overlap: one copy with all identifiers, or one copy each with its own',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const identifiers = [1, 128, 268_435_455];
      const filters = ['house/lamp', 'house/+', 'house/#'];
      for (const [index, filter] of filters.entries()) {
        const properties = { subscriptionIdentifiers: [identifiers[index]] };
        await subscriber.subscribe(t.topic(filter), { properties });
      }
      for (const qos of t.everyQoS) {
        await publisher.publish(t.topic('house/lamp'), 'on', { qos });
        checkIdentifiers(await collectMessages(t, subscriber, publisher), identifiers);
      }
      await publisher.publish(t.topic('house'), 'sold', { qos: 1 });
      const properties = { subscriptionIdentifiers: [identifiers[2]] };
      await subscriber.receive({ topic: t.topic('house'), properties });
    },
  },
  {
    v5: ['MQTT-3.3.4-3', 'MQTT-3.3.4-4', 'MQTT-3.3.4-5'],
    needs: ['subscription-identifiers', 'wildcard-subscriptions'],
    title: 'subscriptions that overlap: the one without identifier adds none',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const properties = { subscriptionIdentifiers: [7] };
      await subscriber.subscribe(t.topic('house/lamp'), { properties });
      await subscriber.subscribe(t.topic('house/+'));
      await publisher.publish(t.topic('house/lamp'), 'on', { qos: 1 });
      checkIdentifiers(await collectMessages(t, subscriber, publisher), [7]);
      await publisher.publish(t.topic('house/fan'), 'on', { qos: 1 });
      checkIdentifiers(await collectMessages(t, subscriber, publisher), []);
    },
  },
  {
    v5: ['MQTT-3.3.4-3', 'MQTT-3.3.4-4'],
    needs: ['subscription-identifiers'],
    title: 'identifiers come to the client that gave them, and to no other',
    async run(t) {
      const publisher = await t.connect();
      const [one, two, none] = [await t.connect(), await t.connect(), await t.connect()];
      const topic = t.topic('news');
      await one.subscribe(topic, { properties: { subscriptionIdentifiers: [1] } });
      await two.subscribe(topic, { properties: { subscriptionIdentifiers: [2] } });
      await none.subscribe(topic);
      for (const qos of t.everyQoS) {
        await publisher.publish(topic, 'hello', { qos });
        deepEqual(identifiersOf(await one.receive({ topic })), [1]);
        deepEqual(identifiersOf(await two.receive({ topic })), [2]);
        deepEqual(identifiersOf(await none.receive({ topic })), []);
      }
    },
  },
  {
    v5: ['MQTT-3.3.4-3'],
    needs: ['subscription-identifiers', 'retained-messages'],
    title: 'retained messages carry the identifier of the new subscription',
    async run(t) {
      const topic = t.topic('lamp');
      const publisher = await t.connect();
      await publisher.publish(topic, 'on', { qos: 1, retain: true });
      const subscriber = await t.connect();
      for (const identifier of [5, 6]) {
        const properties = { subscriptionIdentifiers: [identifier] };
        await subscriber.subscribe(topic, { properties });
        const message = await subscriber.receive({ topic, retain: true });
        deepEqual(identifiersOf(message), [identifier]);
      }
    },
  },
  {
    v5: ['MQTT-3.3.4-3'],
    needs: ['subscription-identifiers', 'qos-1'],
    title: 'identifiers stay with a subscription, and with a message that waits',
    async run(t) {
      const topic = t.topic('news');
      const publisher = await t.connect();
      const subscriber = await t.connect(kept());
      await subscriber.subscribe(topic, { properties: { subscriptionIdentifiers: [300] } });
      await subscriber.disconnect();
      await publisher.publish(topic, 'hello', { qos: 1 });
      const again = await resume(t, subscriber.clientId);
      deepEqual(identifiersOf(await again.receive({ topic })), [300]);
      await publisher.publish(topic, 'hello', { qos: 1 });
      deepEqual(identifiersOf(await again.receive({ topic })), [300]);
    },
  },
  {
    v5: ['MQTT-3.3.4-6'],
    title: "a Subscription Identifier in a client's PUBLISH closes the connection",
    async run(t) {
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('news'));
      const client = await t.connect();
      client.send(publishBytes(5, { topic: t.topic('news'), properties: bytes`0b 01` }));
      await client.expectDisconnected(ReasonCode.protocolError, ReasonCode.malformedPacket);
      await t.expectNothing(watcher, await t.connect());
    },
  },
];
