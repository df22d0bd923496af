/** Cases of chapters 3.3.1, 3.3.2.1 and 3.3.4: DUP, QoS and topic of PUBLISH, and the answer to it. */
import { deepEqual, ok } from 'node:assert/strict';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { collectMessages, textOf } from './collect-messages.ts';
import { illFormed, publishBytes } from './publish-bytes.ts';

export const publishCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.3.1-2', 'MQTT-4.3.1-1'],
    v3: ['MQTT-3.3.1-2', 'MQTT-4.3.1-1'],
    title: 'a QoS 0 message is sent with QoS 0 and without DUP',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      publisher.sendPublish(t.topic('news'), 'hello');
      const first = (await subscriber.nextBytes())?.at(0) ?? 0;
      ok(first === 0x30, `the first byte is ${first.toString(16)}`);
    },
  },
  {
    v5: ['MQTT-3.3.1-2', 'MQTT-3.3.1-3', 'MQTT-4.3.1-1'],
    v3: ['MQTT-3.3.1-2', 'MQTT-3.3.1-3', 'MQTT-4.3.1-1'],
    needs: ['qos-1', 'qos-2'],
    title: 'what is sent with QoS 0, as subscribed, has no DUP, whatever the publisher said',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'), { qos: 0 });
      for (const qos of [1, 2] as const) {
        await publisher.publish(t.topic('news'), 'hello', { qos, dup: true });
        await subscriber.receive({ qos: 0, dup: false });
      }
    },
  },
  {
    v5: ['MQTT-3.3.1-2'],
    v3: ['MQTT-3.3.1-2'],
    title: 'DUP with QoS 0 closes the connection, or goes no further',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      publisher.send(publishBytes(t.version, { flags: 0x08, topic: t.topic('news') }));
      const messages = await collectMessages(t, subscriber, await t.connect());
      ok(messages.every(({ dup, qos }) => qos === 0 && !dup));
    },
  },
  {
    v5: ['MQTT-3.3.1-3', 'MQTT-4.3.2-2', 'MQTT-4.3.3-2'],
    v3: ['MQTT-3.3.1-3', 'MQTT-4.3.2-1'],
    needs: ['qos-1', 'qos-2'],
    title: 'what is sent for the first time has no DUP, whatever the publisher said',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('news'));
      for (const qos of [1, 2] as const) {
        for (const dup of [false, true]) {
          await publisher.publish(t.topic('news'), 'hello', { qos, dup });
          await subscriber.receive({ qos, dup: false });
        }
      }
    },
  },
  {
    v5: ['MQTT-3.3.1-4', 'MQTT-4.13.1-1'],
    v3: ['MQTT-3.3.1-4', 'MQTT-4.8.0-1'],
    title: 'PUBLISH with QoS 3 closes the connection',
    async run(t) {
      const client = await t.connect();
      client.send(publishBytes(t.version, { flags: 0x06, topic: t.topic('news') }));
      await client.expectDisconnected();
    },
  },
  {
    v5: ['MQTT-3.3.2-1'],
    v3: ['MQTT-3.3.2-1'],
    title: 'PUBLISH to a topic that is not well-formed UTF-8 closes the connection',
    async run(t) {
      for (const topic of illFormed) {
        const client = await t.connect();
        client.send(publishBytes(t.version, { topic }));
        await client.expectDisconnected();
      }
    },
  },
  {
    v5: ['MQTT-3.3.2-1', 'MQTT-3.3.2-3'],
    v3: ['MQTT-3.3.2-1', 'MQTT-3.3.2-3'],
    title: 'the topic is the first field of what is sent, as it was published',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const topic = t.topic('Größe/水/🌊');
      await subscriber.subscribe(topic);
      publisher.sendPublish(topic, 'hello');
      const sent = (await subscriber.nextBytes()) ?? bytes``;
      const encoded = bytes`${topic}`;
      // Behind the first byte and a Remaining Length of one byte.
      deepEqual(sent.subarray(2, 4 + encoded.length), bytes`00 ${encoded.length} ${encoded}`);
    },
  },
  {
    v5: ['MQTT-3.3.2-2'],
    v3: ['MQTT-3.3.2-2'],
    title: 'PUBLISH to a topic with wildcards closes the connection, and reaches nobody',
    async run(t) {
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('news/today'));
      for (const name of ['news/+', 'news/#', 'news/to#ay', '+/today']) {
        const client = await t.connect();
        client.send(publishBytes(t.version, { topic: t.topic(name) }));
        await client.expectDisconnected();
      }
      await t.expectNothing(subscriber, await t.connect());
    },
  },
  {
    v5: ['MQTT-3.3.2-3'],
    v3: ['MQTT-3.3.2-3'],
    needs: ['wildcard-subscriptions'],
    title: 'what comes by a filter with wildcards matches it, under the topic it was published to',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      await subscriber.subscribe(t.topic('+/state'));
      for (const name of ['lamp/state', 'lamp/power', 'lamp', 'fan/state', 'fan/state/old']) {
        await publisher.publish(t.topic(name), name, { qos: 1 });
      }
      const messages = await collectMessages(t, subscriber, publisher);
      deepEqual(
        messages.map(({ topic }) => topic),
        [t.topic('lamp/state'), t.topic('fan/state')],
      );
      deepEqual(messages.map(textOf), ['lamp/state', 'fan/state']);
    },
  },
  {
    v5: ['MQTT-3.3.4-1'],
    v3: ['MQTT-3.3.4-1'],
    title: 'a QoS 0 message is not acknowledged',
    async run(t) {
      const client = await t.connect();
      client.sendPublish(t.topic('news'), 'hello');
      await client.ping();
    },
  },
  {
    v5: ['MQTT-3.3.4-1', 'MQTT-4.3.2-4', 'MQTT-3.4.2-1'],
    v3: ['MQTT-3.3.4-1', 'MQTT-4.3.2-2'],
    needs: ['qos-1'],
    title: 'a QoS 1 message is acknowledged by PUBACK with its identifier',
    async run(t) {
      const client = await t.connect();
      for (const packetId of [1, 0x1234, 65_535]) {
        client.sendPublish(t.topic('news'), 'hello', { qos: 1, packetId });
        const { reasonCode } = await client.expect({ type: PacketType.puback, packetId });
        ok(reasonCode === 0 || reasonCode === ReasonCode.noMatchingSubscribers);
      }
      await client.expectNothing();
    },
  },
  {
    v5: ['MQTT-3.3.4-1', 'MQTT-4.3.3-8', 'MQTT-4.3.3-11', 'MQTT-3.5.2-1', 'MQTT-3.7.2-1'],
    v3: ['MQTT-3.3.4-1', 'MQTT-4.3.3-2'],
    needs: ['qos-2'],
    title: 'a QoS 2 message is acknowledged by PUBREC, and its PUBREL by PUBCOMP',
    async run(t) {
      const client = await t.connect();
      for (const packetId of [1, 0x1234, 65_535]) {
        client.sendPublish(t.topic('news'), 'hello', { qos: 2, packetId });
        const { reasonCode } = await client.expect({ type: PacketType.pubrec, packetId });
        ok(reasonCode === 0 || reasonCode === ReasonCode.noMatchingSubscribers);
        client.acknowledge(PacketType.pubrel, packetId);
        await client.expect({ type: PacketType.pubcomp, packetId, reasonCode: 0 });
      }
      await client.expectNothing();
    },
  },
  {
    v3: ['MQTT-3.3.4-1', 'MQTT-4.3.2-2', 'MQTT-4.3.3-2'],
    needs: ['qos-1', 'qos-2'],
    title: 'acknowledgements have the form of the version: four bytes before 5.0',
    async run(t) {
      const client = await t.connect();
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 1, packetId: 7 });
      await client.expectBytes(bytes`40 02 00 07`);
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId: 8 });
      await client.expectBytes(bytes`50 02 00 08`);
      client.acknowledge(PacketType.pubrel, 8);
      await client.expectBytes(bytes`70 02 00 08`);
      client.acknowledge(PacketType.pubrel, 9);
      await client.expectBytes(bytes`70 02 00 09`);
    },
  },
  {
    v3: ['MQTT-3.3.5-2'],
    needs: ['authorization'],
    title: 'a message that is not allowed is acknowledged as any other, or closes the connection',
    async run(t) {
      const subscriber = await t.connect();
      await subscriber.subscribe(t.topic('forbidden'));
      const client = await t.connect();
      client.sendPublish(t.topic('forbidden'), 'hello', { qos: 1, packetId: 7 });
      const answer = await client.next();
      ok(answer === null || (answer.type === PacketType.puback && answer.packetId === 7));
      if (answer !== null) await client.publish(t.topic('forbidden'), 'hello', { qos: 2 });
      await t.expectNothing(subscriber, await t.connect());
    },
  },
];
