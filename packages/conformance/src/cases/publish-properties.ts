/** Cases of chapter 3.3.2.3: the properties of PUBLISH that go from publisher to subscriber. */
import { deepEqual, equal } from 'node:assert/strict';
import type { PublishPacket, PublishProperties, UserProperty } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { kept, resume } from './kept-session.ts';
import { prefixed, propertyId } from './packet-bytes.ts';
import { illFormed, publishBytes } from './publish-bytes.ts';

const sent = {
  payloadFormatIndicator: 1,
  contentType: 'text/plain; charset=utf-8',
  responseTopic: 'conformance/réponse',
  correlationData: bytes`00 ff 7f 80 c0 80`,
  userProperties: [
    ['z', 'first'],
    ['a', 'second'],
    ['z', 'third'],
    ['', ''],
    ['größe', '水'],
  ] as UserProperty[],
} satisfies PublishProperties;

const forwarded = [
  'MQTT-3.3.2-4',
  'MQTT-3.3.2-15',
  'MQTT-3.3.2-16',
  'MQTT-3.3.2-17',
  'MQTT-3.3.2-18',
  'MQTT-3.3.2-20',
] as const;

function checkForwarded({ properties = {} }: PublishPacket): void {
  equal(properties.payloadFormatIndicator, 1, 'Payload Format Indicator');
  equal(properties.contentType, sent.contentType, 'Content Type');
  equal(properties.responseTopic, sent.responseTopic, 'Response Topic');
  deepEqual(bytes`${properties.correlationData ?? []}`, sent.correlationData);
  deepEqual(properties.userProperties, sent.userProperties);
}

export const publishPropertiesCases: readonly ConformanceCase[] = [
  {
    v5: forwarded,
    needs: ['qos-1', 'qos-2'],
    title: 'properties are forwarded as they came, user properties in their order',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const qos of t.everyQoS) {
        await publisher.publish(t.topic('news'), 'hello', { qos, properties: sent });
        checkForwarded(await subscriber.receive({ topic: t.topic('news'), qos }));
      }
    },
  },
  {
    v5: forwarded,
    needs: ['qos-1'],
    title: 'properties stay with a message that waits for its subscriber',
    async run(t) {
      const subscriber = await t.connect(kept());
      await subscriber.subscribe(t.topic('news'));
      await subscriber.disconnect();
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'hello', { qos: 1, properties: sent });
      await publisher.disconnect();
      const again = await resume(t, subscriber.clientId);
      checkForwarded(await again.receive({ topic: t.topic('news') }));
    },
  },
  {
    v5: forwarded,
    needs: ['retained-messages'],
    title: 'properties stay with a retained message',
    async run(t) {
      const publisher = await t.connect();
      const fields = { qos: 1, retain: true, properties: sent } as const;
      await publisher.publish(t.topic('news'), 'hello', fields);
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      checkForwarded(await subscriber.receive({ topic: t.topic('news'), retain: true }));
    },
  },
  {
    v5: ['MQTT-3.3.2-16', 'MQTT-3.3.2-20'],
    title: 'a property without content is forwarded, one that did not come is not',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      const empty = { correlationData: bytes``, contentType: '' };
      await publisher.publish(t.topic('news'), 'hello', { properties: empty });
      const { properties } = await subscriber.receive();
      equal(properties?.correlationData?.length, 0);
      equal(properties?.contentType, '');

      await publisher.publish(t.topic('news'), 'hello');
      const { properties: none } = await subscriber.receive();
      equal(none?.correlationData, undefined);
      equal(none?.contentType, undefined);
      equal(none?.responseTopic, undefined);
    },
  },
  {
    v5: ['MQTT-3.3.2-13', 'MQTT-3.3.2-19'],
    title: 'a Response Topic or Content Type that is not well-formed UTF-8 closes the connection',
    async run(t) {
      for (const [property, name] of [
        [propertyId.responseTopic, 'Response Topic'],
        [propertyId.contentType, 'Content Type'],
      ] as const) {
        for (const text of illFormed) {
          const client = await t.connect();
          const properties = bytes`${property} ${prefixed(text)}`;
          client.send(publishBytes(5, { topic: t.topic(name), properties }));
          await client.expectDisconnected();
        }
      }
    },
  },
  {
    v5: ['MQTT-3.3.2-14'],
    title: 'a Response Topic with wildcards reaches nobody',
    async run(t) {
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('question'));
      for (const responseTopic of ['answers/#', 'answers/+', '+']) {
        const client = await t.connect();
        const properties = bytes`${propertyId.responseTopic} ${prefixed(responseTopic)}`;
        client.send(publishBytes(5, { topic: t.topic('question'), properties }));
      }
      await t.expectNothing(subscriber, await t.connect());
    },
  },
];
