/** Cases of chapters 3.10 and 3.11: what UNSUBSCRIBE ends, and what UNSUBACK answers. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { kept, resume } from './kept-session.ts';
import { packetBytes, prefixed, propertyBlock } from './packet-bytes.ts';

const { puback, pubcomp, publish, pubrec, pubrel, unsuback, unsubscribe } = PacketType;

export const malformedUnsubscribeCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.10.1-1', 'MQTT-2.1.3-1', 'MQTT-4.13.1-1'],
    v3: ['MQTT-3.10.1-1', 'MQTT-2.2.2-1', 'MQTT-2.2.2-2'],
    // In 3.1 the flags say whether it was sent before.
    versions: [5, 4],
    title: 'UNSUBSCRIBE with flags other than 0010 closes the connection',
    async run(t) {
      const rest = [[0, 1], propertyBlock(t.version), prefixed(t.topic('news'))];
      for (const header of [0xa0, 0xa1, 0xa3, 0xa6, 0xaa]) {
        const client = await t.connect();
        client.send(packetBytes(header, ...rest));
        await client.expectDisconnected();
      }
    },
  },
  {
    v5: ['MQTT-3.10.3-2', 'MQTT-4.13.1-1'],
    v3: ['MQTT-3.10.3-2', 'MQTT-4.8.0-1'],
    // 3.1 does not forbid it.
    versions: [5, 4],
    title: 'UNSUBSCRIBE without a filter closes the connection',
    async run(t) {
      const client = await t.connect();
      client.send(packetBytes(0xa2, [0, 1], propertyBlock(t.version)));
      await client.expectDisconnected();
    },
  },
  {
    v5: ['MQTT-4.7.3-1'],
    v3: ['MQTT-4.7.3-1'],
    title: 'UNSUBSCRIBE with an empty filter is refused',
    async run(t) {
      const client = await t.connect();
      client.send(packetBytes(0xa2, [0, 1], propertyBlock(t.version), prefixed('')));
      if (t.version === 5) await client.expectFilterRefused();
      else await client.expectDisconnected();
    },
  },
];

export const unsubscribeCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2', 'MQTT-3.11.3-2'],
    v3: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
    needs: ['wildcard-subscriptions'],
    title: 'UNSUBSCRIBE ends the subscription whose filter is the same to the letter, and no other',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const filter = t.topic('news/+');
      await subscriber.subscribe(filter);
      const others = ['news/one', 'news/#', '#', 'News/+', 'news/+/', 'news', '+/+', 'news//+'];
      for (const other of others) {
        const packetId = subscriber.packetId();
        subscriber.send({ type: unsubscribe, packetId, filters: [t.topic(other)] });
        const reasonCodes = t.version === 5 ? [0x11] : [];
        await subscriber.expect({ type: unsuback, packetId, reasonCodes });
      }
      await publisher.publish(t.topic('news/one'), 'extra', { qos: 1 });
      await subscriber.receive({ topic: t.topic('news/one') });

      const packetId = subscriber.packetId();
      subscriber.send({ type: unsubscribe, packetId, filters: [filter] });
      const reasonCodes = t.version === 5 ? [0] : [];
      await subscriber.expect({ type: unsuback, packetId, reasonCodes });
      await publisher.publish(t.topic('news/one'), 'extra', { qos: 1 });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
    v3: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
    title: 'UNSUBSCRIBE leaves the subscriptions of other clients alone',
    async run(t) {
      const leaving = await t.connect();
      const staying = await t.connect();
      const publisher = await t.connect();
      const topic = t.topic('news');
      await leaving.subscribe(topic);
      await staying.subscribe(topic);
      await leaving.unsubscribe(topic);
      await publisher.publish(topic, 'extra', { qos: 1 });
      await staying.receive({ topic });
      await t.expectNothing(leaving, publisher);
    },
  },
  {
    v5: ['MQTT-3.10.4-3'],
    v3: ['MQTT-3.10.4-3'],
    needs: ['qos-2'],
    title: 'a QoS 2 delivery that has begun is completed after UNSUBSCRIBE',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      const topic = t.topic('news');
      await subscriber.subscribe(topic, { qos: 2 });
      await publisher.publish(topic, 'extra', { qos: 2 });
      const { packetId } = await subscriber.expect({ type: publish, topic, qos: 2 });
      await subscriber.unsubscribe(topic);
      subscriber.acknowledge(pubrec, packetId);
      await subscriber.expect({ type: pubrel, packetId, reasonCode: 0 });
      subscriber.acknowledge(pubcomp, packetId);
      await subscriber.ping();
    },
  },
  {
    v5: ['MQTT-3.10.4-3', 'MQTT-4.4.0-1'],
    v3: ['MQTT-3.10.4-3', 'MQTT-4.4.0-1'],
    needs: ['qos-1'],
    title: 'a QoS 1 delivery that has begun goes on in the next connection after UNSUBSCRIBE',
    async run(t) {
      const first = await t.connect(kept());
      const publisher = await t.connect();
      const topic = t.topic('news');
      await first.subscribe(topic, { qos: 1 });
      await publisher.publish(topic, 'extra', { qos: 1 });
      const { packetId } = await first.expect({ type: publish, topic, qos: 1, dup: false });
      await first.unsubscribe(topic);
      first.drop();
      const second = await resume(t, first.clientId);
      await second.expect({ type: publish, topic, qos: 1, dup: true, packetId });
      second.acknowledge(puback, packetId);
      await t.expectNothing(second, publisher);
    },
  },
  {
    v5: ['MQTT-3.10.4-4', 'MQTT-3.10.4-5', 'MQTT-3.11.3-2', 'MQTT-2.2.1-6'],
    v3: ['MQTT-3.10.4-4', 'MQTT-3.10.4-5', 'MQTT-2.3.1-7'],
    title: 'UNSUBSCRIBE is answered by UNSUBACK with its packet identifier, whatever it deletes',
    async run(t) {
      const client = await t.connect();
      await client.subscribe(t.topic('news'));
      for (const [packetId, reason] of [
        [0x1234, 0x00],
        [0xffff, 0x11],
        [1, 0x11],
      ]) {
        client.send({ type: unsubscribe, packetId, filters: [t.topic('news')] });
        const rest = t.version === 5 ? [0, reason] : [];
        const body = bytes`${packetId >> 8} ${packetId & 0xff} ${rest}`;
        await client.expectBytes(bytes`b0 ${body.length} ${body}`);
      }
      await client.expectNothing();
    },
  },
  {
    v5: ['MQTT-3.10.4-6', 'MQTT-3.11.3-1', 'MQTT-3.11.3-2'],
    v3: ['MQTT-3.10.4-6'],
    title: 'several filters have one UNSUBACK, with what became of each in their order',
    async run(t) {
      const subscriber = await t.connect();
      const publisher = await t.connect();
      for (const name of ['one', 'two', 'three']) await subscriber.subscribe(t.topic(name));
      const packetId = subscriber.packetId();
      const filters = ['one', 'no', 'three', 'one'].map(name => t.topic(name));
      subscriber.send({ type: unsubscribe, packetId, filters });
      const reasonCodes = t.version === 5 ? [0, 0x11, 0, 0x11] : [];
      await subscriber.expect({ type: unsuback, packetId, reasonCodes });
      for (const name of ['one', 'two', 'three']) {
        await publisher.publish(t.topic(name), 'extra', { qos: 1 });
      }
      await subscriber.receive({ topic: t.topic('two') });
      await t.expectNothing(subscriber, publisher);
    },
  },
  {
    v5: ['MQTT-3.10.4-4', 'MQTT-3.8.4-1'],
    v3: ['MQTT-3.10.4-4', 'MQTT-3.8.4-1'],
    needs: ['qos-1'],
    title: 'a client that acknowledges nothing gets its SUBACK and UNSUBACK all the same',
    async run(t) {
      const client = await t.connect();
      const publisher = await t.connect();
      await client.subscribe(t.topic('news'), { qos: 1 });
      for (let i = 0; i < 50; i += 1) await publisher.publish(t.topic('news'), 'x', { qos: 1 });
      const filters = [t.topic('news')];
      const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
      const subscriptions = [{ filter: t.topic('more'), qos: 1 as const, ...options }];
      client.send({ type: PacketType.subscribe, packetId: 2, subscriptions });
      client.send({ type: unsubscribe, packetId: 3, filters });
      const answers: number[] = [];
      while (answers.length < 2) {
        const packet = await client.next();
        ok(packet !== null, 'the connection ended');
        if (packet.type !== publish) answers.push(packet.type);
      }
      deepEqual(answers, [PacketType.suback, unsuback]);
    },
  },
  {
    v5: ['MQTT-3.11.2-1', 'MQTT-3.11.2-2', 'MQTT-3.1.2-24'],
    title: 'UNSUBACK leaves out whatever would make it too large for the client',
    async run(t) {
      const client = await t.connect({ properties: { maximumPacketSize: 100 } });
      const filters = Array.from({ length: 90 }, (_, i) => t.topic(String(i)));
      client.send({ type: unsubscribe, packetId: client.packetId(), filters });
      const answer = await client.nextBytes();
      ok(answer !== null, 'the connection ended');
      equal(answer[0], 0xb0);
      // 2 bytes of header, 2 of packet identifier, 1 without properties, 90 reasons
      ok(answer.length >= 95 && answer.length <= 100, `UNSUBACK has ${answer.length} bytes`);
    },
  },
];
