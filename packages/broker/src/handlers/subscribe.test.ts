import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, type QoS, type SubscriptionRequest } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { SubscribeRequest } from '../hooks.ts';
import { publishOf, subscribe, testBroker, textOf } from '../testing/test-broker.ts';

const { publish, puback, pubrec, suback, unsuback, pingreq, pingresp, disconnect } = PacketType;

function request(filter: string, options: Partial<SubscriptionRequest> = {}): SubscriptionRequest {
  return {
    filter,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    ...options,
  };
}

suite('SUBSCRIBE', () => {
  test('several filters act in sequence, with one SUBACK in their order [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.9.3-1]', async () => {
    const { connected, broker } = testBroker({
      hooks: { authorizeSubscribe: (_, { filter }) => filter !== 'no' },
    });
    const client = await connected();
    const subscriptions = [
      request('a', { qos: 2 }),
      request('no', { qos: 1 }),
      request('b/#/c'),
      request('b', { qos: 1 }),
      request('a'),
    ];
    client.send({ type: PacketType.subscribe, packetId: 77, subscriptions });
    const reasonCodes = [2, 0x87, 0x8f, 1, 0];
    await client.expect({ type: suback, packetId: 77, reasonCodes });
    assert.equal(broker.metrics.subscriptions, 2);
    client.send(publishOf('a', '', { qos: 1 }));
    await client.expect({ type: publish, topic: 'a', qos: 0 });
    await client.expect({ type: puback, reasonCode: 0 });
  });

  const invalid = [
    '',
    'a#',
    '#/a',
    'a/#/b',
    'a+',
    '+a',
    'a/b+/c',
    '##',
    '$share',
    '$share/',
    '$share/g',
    '$share/g/',
    '$share//a',
    '$share/g+/a',
    '$share/#/a',
    '$share/g/a#',
  ];
  // '$share' alone has no '/': it is a filter like any other.
  for (const filter of invalid.filter(one => one !== '$share')) {
    test(`'${filter}' is no filter: 0x8F, 3.x is closed [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1] [MQTT-4.8.2-2]`, async () => {
      const { connected } = testBroker();
      const client = await connected({ clientId: 'c' });
      const packet = {
        type: PacketType.subscribe,
        packetId: 1,
        subscriptions: [request('ok'), request(filter)],
      };
      client.send(packet);
      await client.expect({ type: suback, reasonCodes: [0, 0x8f] });
      const old = await connected({ clientId: 'o', protocolVersion: 4 });
      old.send(packet);
      await old.expectClosed();
    });
  }

  test('an ill-formed filter ends the connection [MQTT-3.8.3-1]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    client.send(bytes`82 08 00 01 00 00 02 c0 80 00`);
    await client.expect({ type: disconnect, reasonCode: 0x81 });
  });

  test('no filter at all: protocol error [MQTT-3.8.3-2]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    client.send(bytes`82 03 00 01 00`);
    await client.expect({ type: disconnect, reasonCode: 0x82 });
  });

  test('more levels than topicLevelsMax: 0x8F, the share name not counted', async () => {
    const { connected } = testBroker({ limits: { topicLevelsMax: 2 } });
    const client = await connected();
    const subscriptions = ['a/b', 'a/b/c', '$share/g/a/b', '$share/g/a/b/c'].map(filter =>
      request(filter),
    );
    client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    await client.expect({ type: suback, reasonCodes: [0, 0x8f, 0, 0x8f] });
  });

  test('more than subscriptionsPerSessionMax: 0x97, replacing is still allowed', async () => {
    const { connected } = testBroker({ limits: { subscriptionsPerSessionMax: 2 } });
    const client = await connected();
    const subscriptions = ['a', 'b', 'c', 'a'].map(filter => request(filter));
    client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    await client.expect({ type: suback, reasonCodes: [0, 0, 0x97, 0] });
    const old = await connected({ clientId: 'old', protocolVersion: 4 });
    old.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    await old.expectBytes(bytes`90 06 00 01 00 00 80 00`);
  });

  test('the same filter again replaces the subscription [MQTT-3.8.4-3]: one copy, new QoS', async () => {
    const { connected, broker } = testBroker();
    const client = await connected();
    for (const qos of [0, 2, 1] as const) {
      await subscribe(client, 'a', { qos });
      client.send(publishOf('a', '', { qos: 2, packetId: qos + 1 }));
      await client.expect({ type: publish, qos });
      await client.expect(pubrec);
      await client.expectNothing();
    }
    assert.equal(broker.metrics.subscriptions, 1);
  });

  test('every change counts from the very next message on [MQTT-3.10.4-2]', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const client = await connected({ clientId: 'c' });
    const send = (text: string): void => publisher.send(publishOf('a/b', text));
    send('nobody');
    for (const filter of ['a/b', 'a/+', '#', 'a/b']) {
      await subscribe(client, filter, { qos: 0 });
      send(filter);
      assert.equal(textOf(await client.expect(publish)), filter);
      client.send({ type: PacketType.unsubscribe, packetId: 1, filters: [filter] });
      await client.expect({ type: unsuback, reasonCodes: [0] });
      send('nobody');
      await client.expectNothing();
    }
  });

  test('between two packets of one chunk as well', async () => {
    const { connected } = testBroker();
    const client = await connected();
    client.send(bytes`
      30 05 00 01 61 00 30  # PUBLISH "0"
      82 07 00 01 00 00 01 61 00
      30 05 00 01 61 00 31  # PUBLISH "1"
      30 05 00 01 61 00 32
      a2 06 00 02 00 00 01 61
      30 05 00 01 61 00 33
    `);
    await client.expect(suback);
    assert.equal(textOf(await client.expect(publish)), '1');
    assert.equal(textOf(await client.expect(publish)), '2');
    await client.expect(unsuback);
    await client.expectNothing();
  });

  test('delivery respects the QoS granted [MQTT-3.8.4-8]; overlap: the highest, one copy [MQTT-3.3.4-2]', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    for (const protocolVersion of [4, 5] as const) {
      const client = await connected({ clientId: `c${protocolVersion}`, protocolVersion });
      await subscribe(client, 'a/+', { qos: 0 });
      await subscribe(client, 'a/b', { qos: 1 });
      await subscribe(client, '#', { qos: 0 });
      publisher.send(publishOf('a/b', '', { qos: 2 }));
      await client.expect({ type: publish, qos: 1 });
      await client.expectNothing();
      publisher.send({ type: PacketType.pubrel, packetId: 1, reasonCode: 0 });
    }
  });
});

suite('authorizeSubscribe', () => {
  function authority(): {
    authorizeSubscribe: (client: unknown, request: SubscribeRequest) => Promise<boolean>;
    asked: Map<string, PromiseWithResolvers<boolean>>;
  } {
    const asked = new Map<string, PromiseWithResolvers<boolean>>();
    return {
      asked,
      authorizeSubscribe(_, { filter }) {
        const question = Promise.withResolvers<boolean>();
        asked.set(filter, question);
        return question.promise;
      },
    };
  }

  test('pending: SUBACK and all that is behind it waits; other clients do not', async () => {
    const { authorizeSubscribe, asked } = authority();
    const { connected, settle } = testBroker({ hooks: { authorizeSubscribe } });
    const other = await connected({ clientId: 'o' });
    const client = await connected({ clientId: 'c' });
    const subscriptions = [request('a', { qos: 1 }), request('$share/g/b')];
    client.send({ type: PacketType.subscribe, packetId: 3, subscriptions });
    client.send(publishOf('a', 'mine'));
    client.send({ type: pingreq });
    await settle();
    other.send(publishOf('a', 'early'));
    other.send({ type: pingreq });
    await other.expect(pingresp);
    asked.get('$share/g/b')?.resolve(true);
    await client.expectNothing();
    asked.get('a')?.resolve(false);
    await client.expect({ type: suback, packetId: 3, reasonCodes: [0x87, 0] });
    await client.expect(pingresp);
    other.send(publishOf('b', 'late'));
    assert.equal(textOf(await client.expect(publish)), 'late');
  });

  test('a client that went meanwhile is not subscribed, nor is its session when it is back', async () => {
    for (const sessionExpiryInterval of [0, 60]) {
      const { authorizeSubscribe, asked } = authority();
      const { connected, broker, settle } = testBroker({ hooks: { authorizeSubscribe } });
      const properties = { sessionExpiryInterval };
      const client = await connected({ clientId: 'c', properties });
      client.send({ type: PacketType.subscribe, packetId: 3, subscriptions: [request('a')] });
      await settle();
      client.stream.destroy();
      await settle();
      asked.get('a')?.resolve(true);
      await settle();
      assert.equal(broker.metrics.subscriptions, 0);
      assert.equal(broker.publish('a', ''), false);
      const back = await connected({ clientId: 'c', cleanStart: false });
      await back.expectNothing();
    }
  });

  test('one that throws or rejects costs this connection only, whatever else was asked', async () => {
    const fault = new Error('no authority');
    const rejecting = async (): Promise<boolean> => {
      throw fault;
    };
    const throwing = (): boolean => {
      throw fault;
    };
    for (const second of [rejecting, throwing]) {
      const { connected } = testBroker({
        hooks: {
          authorizeSubscribe: (_, { filter }) => (filter === 'first' ? rejecting() : second()),
        },
      });
      const witness = await connected({ clientId: 'w' });
      const client = await connected({ clientId: 'c' });
      const subscriptions = [request('first'), request('second')];
      client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
      await client.expect({ type: disconnect, reasonCode: 0x83 });
      await client.expectClosed();
      await witness.expectNothing();
    }
  });

  test('nobody is asked about a SUBSCRIBE that ends the connection by its form', async () => {
    let asked = 0;
    const { connected } = testBroker({
      hooks: {
        async authorizeSubscribe() {
          asked += 1;
          throw new Error('would be nobody’s to catch');
        },
      },
    });
    const client = await connected({ protocolVersion: 4 });
    const subscriptions = [request('a'), request('b#')];
    client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    await client.expectClosed();
    assert.equal(asked, 0);
  });

  test('onSubscribe and onUnsubscribe see what became of it', async () => {
    const seen: string[] = [];
    const { connected } = testBroker({
      hooks: {
        authorizeSubscribe: (_, { filter }) => filter !== 'no',
        onSubscribe: (client, filter, granted) =>
          void seen.push(`${client.clientId} + ${filter} ${granted}`),
        onUnsubscribe: (client, filter) => void seen.push(`${client.clientId} - ${filter}`),
      },
    });
    const client = await connected({ clientId: 'c' });
    const subscriptions = [request('no'), request('$share/g/a', { qos: 1 })];
    client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    client.send({ type: PacketType.unsubscribe, packetId: 2, filters: ['no', '$share/g/a'] });
    await client.expect(suback);
    await client.expect(unsuback);
    assert.deepEqual(seen, ['c + $share/g/a 1', 'c - $share/g/a']);
  });
});

suite('UNSUBSCRIBE', () => {
  test('a code for each filter, in order [MQTT-3.11.3-1]; compared character by character [MQTT-3.10.4-1]', async () => {
    const { connected, broker } = testBroker();
    const client = await connected();
    for (const filter of ['a/b', '$share/g/a/b', 'a/+']) await subscribe(client, filter);
    const filters = ['a/#', 'a/b', 'a/b', 'A/+', '$share/h/a/b', '$share/g/a/b', 'a#', ''];
    client.send({ type: PacketType.unsubscribe, packetId: 9, filters });
    const reasonCodes = [0x11, 0, 0x11, 0x11, 0x11, 0, 0x8f, 0x8f];
    await client.expect({ type: unsuback, packetId: 9, reasonCodes });
    assert.equal(broker.metrics.subscriptions, 1);
    client.send(publishOf('a/b', ''));
    await client.expect(publish);
    await client.expectNothing();
  });

  test('3.1.1: acknowledged without codes though nothing was deleted [MQTT-3.10.4-5]', async () => {
    const { connected } = testBroker();
    const client = await connected({ protocolVersion: 4 });
    client.send({ type: PacketType.unsubscribe, packetId: 9, filters: ['a'] });
    await client.expectBytes(bytes`b0 02 00 09`);
    client.send({ type: PacketType.unsubscribe, packetId: 9, filters: ['a#'] });
    await client.expectClosed();
  });

  test('no filter at all: protocol error [MQTT-3.10.3-2]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    client.send(bytes`a2 03 00 01 00`);
    await client.expect({ type: disconnect, reasonCode: 0x82 });
  });

  test('what was being delivered is completed [MQTT-3.10.4-3]', async () => {
    const { connected } = testBroker();
    const client = await connected({ properties: { receiveMaximum: 1 } });
    await subscribe(client, 'a');
    for (const packetId of [1, 2]) {
      client.send(publishOf('a', `${packetId}`, { qos: 1, packetId }));
    }
    await client.expect({ type: publish, packetId: 1 });
    await client.expect(puback);
    await client.expect(puback);
    client.send({ type: PacketType.unsubscribe, packetId: 9, filters: ['a'] });
    await client.expect(unsuback);
    client.send({ type: puback, packetId: 1, reasonCode: 0 });
    assert.equal(textOf(await client.expect({ type: publish, qos: 1 as QoS })), '2');
  });
});
