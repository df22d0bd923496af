/** What MQTT 5.0 adds to messages and subscriptions: our broker with paho and MQTT.js. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { freshTopic } from './support/exchange.ts';
import { suiteMs } from './support/inbox.ts';
import type { Library, LibraryClient, LibraryOptions } from './support/library.ts';
import { mqttJs } from './support/mqtt-js.ts';
import { Paho } from './support/paho.ts';
import { skipWhereMissing } from './support/program.ts';
import { type GodwitServer, startGodwit } from './support/server.ts';
import { allQoS } from './support/software.ts';

const paho = new Paho();

for (const library of [paho, mqttJs]) {
  suite(`${library.name}, MQTT 5.0 messages`, {
    skip: skipWhereMissing(library.missing),
    timeout: suiteMs,
  }, () => {
    let server: GodwitServer;
    before(async () => {
      server = await startGodwit();
    });
    after(async () => {
      await library[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    const open = (options: Partial<LibraryOptions> = {}): Promise<LibraryClient> =>
      library.open(server.port, { version: 5, ...options });

    test('properties travel', async () => {
      const topic = freshTopic();
      const properties = {
        payloadFormatIndicator: true,
        contentType: 'text/plain; charset=utf-8',
        responseTopic: 'answers/Zürich',
        correlationData: Uint8Array.of(0, 1, 254, 255),
        userProperties: userPropertiesFor(library),
      } as const;
      await using receiver = await open({ filters: [topic], qos: 2 });
      await using sender = await open();
      for (const qos of allQoS) {
        await sender.send({ topic, payload: 'x', qos, properties });
        const [message] = await receiver.take(1);
        equal(message.qos, qos);
        deepEqual(normal(message.properties), { ...properties, payloadFormatIndicator: 1 });
      }
    });

    test('a retained message keeps its properties', async () => {
      const topic = freshTopic();
      const properties = { contentType: 'a/b', userProperties: [['k', 'v']] } as const;
      await using sender = await open();
      await sender.send({ topic, payload: 'x', qos: 1, retain: true, properties });
      await using receiver = await open({ filters: [topic] });
      const [message] = await receiver.take(1);
      deepEqual(normal(message.properties), properties);
    });

    test('subscription identifiers', async () => {
      const topic = freshTopic();
      await using receiver = await open();
      await receiver.subscribe(`${topic}/+`, { qos: 1, subscriptionIdentifier: 1 });
      await receiver.subscribe(`${topic}/#`, { qos: 2, subscriptionIdentifier: 268_435_455 });
      await receiver.subscribe(topic, { qos: 0 });
      await using sender = await open();
      await sender.send({ topic: `${topic}/a`, payload: 'both', qos: 2 });
      await sender.send({ topic: `${topic}/a/b`, payload: 'one', qos: 2 });
      await sender.send({ topic, payload: 'one of two', qos: 2 });
      const messages = await receiver.take(3);
      deepEqual(
        messages.map(({ payload, qos, properties }) => [
          payload.toString(),
          qos,
          properties.subscriptionIdentifiers?.toSorted((a, b) => a - b),
        ]),
        [
          ['both', 2, [1, 268_435_455]],
          ['one', 2, [268_435_455]],
          ['one of two', 2, [268_435_455]],
        ],
      );
    });

    test('No Local', async () => {
      const topic = freshTopic();
      await using client = await open();
      await client.subscribe(topic, { qos: 1, noLocal: true });
      await using other = await open();
      await client.send({ topic, payload: 'own', qos: 1 });
      await other.send({ topic, payload: 'of another', qos: 1 });
      const [message] = await client.take(1);
      equal(message.payload.toString(), 'of another');
    });

    test('Retain As Published', async () => {
      const topic = freshTopic();
      await using receiver = await open();
      await receiver.subscribe(topic, { qos: 1, retainAsPublished: true });
      await using other = await open({ filters: [topic], qos: 1 });
      for (const retain of [true, false]) {
        await other.send({ topic, payload: 'x', qos: 1, retain });
        equal((await receiver.take(1))[0].retain, retain);
        equal((await other.take(1))[0].retain, false);
      }
    });

    test('Retain Handling', async () => {
      const topic = freshTopic();
      await using client = await open();
      await client.send({ topic, payload: 'kept', qos: 1, retain: true });
      const next = async (): Promise<string> => {
        await client.send({ topic, payload: 'live', qos: 1 });
        return (await client.take(1))[0].payload.toString();
      };
      await client.subscribe(topic, { qos: 1, retainHandling: 2 });
      equal(await next(), 'live');
      await client.subscribe(topic, { qos: 1, retainHandling: 1 });
      equal(await next(), 'live', 'the subscription was there before');
      await client.subscribe(topic, { qos: 1, retainHandling: 0 });
      equal(await next(), 'kept');
      equal((await client.take(1))[0].payload.toString(), 'live');
      await using fresh = await open();
      await fresh.subscribe(topic, { qos: 1, retainHandling: 1 });
      equal((await fresh.take(1))[0].payload.toString(), 'kept');
    });

    test('topic aliases', async () => {
      const topic = freshTopic();
      await using receiver = await open({ filters: [`${topic}/#`], qos: 2 });
      await using sender = await open();
      const properties = { topicAlias: 1, contentType: 'kept' };
      for (const qos of allQoS) {
        await sender.send({ topic: `${topic}/${qos}`, payload: 'named', qos, properties });
        await sender.send({ topic: '', payload: 'alias', qos, properties });
      }
      deepEqual(
        (await receiver.take(6)).map(message => [
          message.topic,
          message.payload.toString(),
          normal(message.properties),
        ]),
        allQoS.flatMap(qos => [
          [`${topic}/${qos}`, 'named', { contentType: 'kept' }],
          [`${topic}/${qos}`, 'alias', { contentType: 'kept' }],
        ]),
      );
    });

    for (const qos of [1, 2] as const) {
      test(`Receive Maximum of 1, QoS ${qos}`, async () => {
        const topic = freshTopic();
        // MQTT.js ends the connection when a second one of QoS 2 comes before its time.
        await using receiver = await open({ receiveMaximum: 1, filters: [topic], qos });
        await using sender = await open();
        const payloads = Array.from({ length: 20 }, (_, at) => `${at}`);
        await Promise.all(payloads.map(payload => sender.send({ topic, payload, qos })));
        const received = await receiver.take(20);
        deepEqual(
          received.map(({ payload }) => payload.toString()),
          payloads,
        );
      });
    }

    test('the Maximum Packet Size of a receiver', async () => {
      const topic = freshTopic();
      await using receiver = await open({ maximumPacketSize: 1000, filters: [topic], qos: 2 });
      await using sender = await open();
      for (const qos of allQoS) {
        await sender.send({ topic, payload: 'x'.repeat(1000), qos });
        await sender.send({ topic, payload: 'small', qos });
      }
      const received = await receiver.take(3);
      deepEqual(
        received.map(({ payload }) => payload.toString()),
        ['small', 'small', 'small'],
      );
    });

    test('shared subscriptions', async () => {
      const topic = freshTopic();
      const filters = [`$share/workers/${topic}/#`];
      await using one = await open({ filters, qos: 1 });
      await using two = await open({ filters, qos: 1 });
      await using alone = await open({ filters: [`$share/other/${topic}/+`], qos: 1 });
      await using sender = await open();
      const payloads = Array.from({ length: 10 }, (_, at) => `${at}`);
      for (const payload of payloads) await sender.send({ topic: `${topic}/x`, payload, qos: 1 });
      const texts = async (client: LibraryClient, count: number): Promise<string[]> =>
        (await client.take(count)).map(({ payload }) => payload.toString());
      deepEqual(await texts(alone, 10), payloads);
      const shares = [await texts(one, 5), await texts(two, 5)];
      deepEqual(shares.flat().sort(), payloads);
      for (const share of shares) deepEqual(share, share.toSorted());
      await one.close();
      await sender.send({ topic: `${topic}/x`, payload: 'left', qos: 1 });
      deepEqual(await texts(two, 1), ['left']);
    });

    test('a packet larger than the server takes', async () => {
      await using strict = await startGodwit({ limits: { packetBytesMax: 1000 } });
      await using sender = await library.open(strict.port, { version: 5 });
      const message = { topic: 'x', payload: 'x'.repeat(1000), qos: 0 } as const;
      const sending = sender.send(message).catch(() => {});
      equal((await sender.disconnected) ?? 0x95, 0x95);
      await sending;
    });
  });
}

test('a message of 3.1.1 has no properties in 5.0, and the other way', async () => {
  await using server = await startGodwit();
  const topic = freshTopic();
  await using old = await mqttJs.open(server.port, { version: 4, filters: [topic], qos: 1 });
  await using fresh = await mqttJs.open(server.port, { version: 5, filters: [topic], qos: 1 });
  const properties = { contentType: 'a/b', messageExpiryInterval: 60 };
  await fresh.send({ topic, payload: 'new', qos: 1, properties });
  await old.send({ topic, payload: 'old', qos: 1 });
  const toOld = await old.take(2);
  deepEqual(
    toOld.map(message => [message.payload.toString(), message.properties]),
    [
      ['new', {}],
      ['old', {}],
    ],
  );
  const [first, second] = await fresh.take(2);
  equal(first.properties.contentType, 'a/b');
  ok((first.properties.messageExpiryInterval ?? 0) <= 60);
  deepEqual(second.properties, {});
});

/** MQTT.js groups the values of a name; the order of the rest is the wire's. */
function userPropertiesFor(library: Library): readonly (readonly [string, string])[] {
  const repeated = [
    ['z', '1'],
    ['z', '2'],
    ['a', 'ü'],
    ['', ''],
  ] as const;
  return library === paho ? [...repeated, ['z', '3']] : repeated;
}

/** As plain values of one form for all libraries. */
function normal(properties: object): object {
  const { payloadFormatIndicator, userProperties, ...rest } = properties as Record<string, unknown>;
  return {
    ...(payloadFormatIndicator !== undefined && {
      payloadFormatIndicator: Number(payloadFormatIndicator),
    }),
    ...rest,
    ...(userProperties !== undefined && { userProperties }),
  };
}
