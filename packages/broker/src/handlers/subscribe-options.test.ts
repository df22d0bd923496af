import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, type SubscriptionRequest } from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';

const { publish, puback, suback, disconnect } = PacketType;

async function subscribeWith(
  client: RawClient,
  identifier: number,
  filter: string,
  options: Partial<SubscriptionRequest> = {},
): Promise<void> {
  client.send({
    type: PacketType.subscribe,
    packetId: 1,
    subscriptions: [
      {
        filter,
        qos: 1,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
        ...options,
      },
    ],
    properties: { subscriptionIdentifiers: [identifier] },
  });
  await client.expect(suback);
}

async function identifiersOfNext(client: RawClient): Promise<number[]> {
  const { properties } = await client.expect(publish);
  return [...(properties?.subscriptionIdentifiers ?? [])].sort((a, b) => a - b);
}

suite('Subscription Identifier', () => {
  test('comes with each message [MQTT-3.3.4-3], all of an overlap on one copy [MQTT-3.3.4-4], of this client only', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const client = await connected({ clientId: 'c' });
    const other = await connected({ clientId: 'o' });
    await subscribeWith(client, 1, 'a/b');
    await subscribeWith(client, 268_435_455, 'a/+', { qos: 2 });
    await subscribeWith(client, 128, '#', { qos: 0 });
    await subscribe(client, '+/b');
    await subscribeWith(client, 1, 'a/#');
    await subscribeWith(other, 5, '#');
    publisher.send(publishOf('a/b', '', { qos: 2 }));
    const packet = await client.expect({ type: publish, qos: 2 });
    assert.deepEqual(
      packet.properties?.subscriptionIdentifiers?.toSorted(),
      [1, 1, 128, 268_435_455],
    );
    assert.deepEqual(await identifiersOfNext(other), [5]);
    publisher.send(publishOf('x', ''));
    assert.deepEqual(await identifiersOfNext(client), [128]);
    await client.expectNothing();
  });

  test('is replaced or removed by subscribing again [MQTT-3.8.4-3]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribeWith(client, 1, 'a');
    client.send(publishOf('a', ''));
    assert.deepEqual(await identifiersOfNext(client), [1]);
    await subscribeWith(client, 2, 'a');
    client.send(publishOf('a', ''));
    assert.deepEqual(await identifiersOfNext(client), [2]);
    await subscribe(client, 'a');
    client.send(publishOf('a', ''));
    assert.deepEqual(await identifiersOfNext(client), []);
  });

  test('bytes: put before the properties of the message, large payloads too', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribeWith(client, 300, 'a', { qos: 0 });
    client.send(bytes`30 07 00 01 61 02 01 01 78`);
    await client.expectBytes(bytes`30 0a 00 01 61 05 0b ac 02 01 01 78`);
    const payload = new Uint8Array(20_000).fill(9);
    client.send(publishOf('a', '', { payload, properties: { payloadFormatIndicator: 0 } }));
    const expected = { subscriptionIdentifiers: [300], payloadFormatIndicator: 0 } as const;
    await client.expect({ type: publish, payload, properties: expected });
  });

  test('stays with messages that wait, as it was when they came', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const client = await connected({ clientId: 'c', properties: { sessionExpiryInterval: 60 } });
    await subscribeWith(client, 7, 'a');
    client.stream.destroy();
    publisher.send(publishOf('a', '', { qos: 1 }));
    await publisher.expect({ type: puback, reasonCode: 0 });
    const back = await connected({ clientId: 'c', cleanStart: false });
    assert.deepEqual(await identifiersOfNext(back), [7]);
  });

  test('is left out when the session is resumed as 3.1.1', async () => {
    const { connected } = testBroker();
    const client = await connected({ clientId: 'c', properties: { sessionExpiryInterval: 60 } });
    await subscribeWith(client, 7, 'a');
    client.stream.destroy();
    const old = await connected({ clientId: 'c', cleanStart: false, protocolVersion: 4 });
    old.send(publishOf('a', 'x'));
    await old.expectBytes(bytes`30 04 00 01 61 78`);
  });

  test('0, or two of them: protocol error', async () => {
    const { connected } = testBroker();
    for (const packet of [
      bytes`82 09 00 01 02 0b 00 00 01 61 00`,
      bytes`82 0b 00 01 04 0b 01 0b 02 00 01 61 00`,
    ]) {
      const client = await connected({ clientId: 'c' });
      client.send(packet);
      await client.expect({ type: disconnect, reasonCode: 0x82 });
    }
  });
});

suite('No Local', () => {
  test('keeps messages from the client that published them, by client identifier [MQTT-3.8.3-3]', async () => {
    const { connected } = testBroker();
    const client = await connected({ clientId: 'c' });
    const other = await connected({ clientId: 'o' });
    await subscribe(client, 'a', { noLocal: true });
    await subscribe(other, 'a', { noLocal: true });
    client.send(publishOf('a', '', { qos: 1 }));
    await client.expect({ type: puback, reasonCode: 0 });
    await client.expectNothing();
    await other.expect(publish);
    other.send(publishOf('a', ''));
    await client.expect(publish);
    await other.expectNothing();
  });

  test('alone with one’s own message: no matching subscribers', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, 'a', { noLocal: true });
    client.send(publishOf('a', '', { qos: 1 }));
    await client.expect({ type: puback, reasonCode: 0x10 });
  });

  test('an overlapping subscription without it brings the message, with its own options', async () => {
    const { connected } = testBroker();
    const client = await connected({ clientId: 'c' });
    const other = await connected({ clientId: 'o' });
    await subscribeWith(client, 1, 'a', { noLocal: true, qos: 2, retainAsPublished: true });
    await subscribeWith(client, 2, '+', { qos: 1 });
    client.send(publishOf('a', '', { qos: 2, retain: true }));
    const own = await client.expect({ type: publish, qos: 1, retain: false });
    assert.deepEqual(own.properties?.subscriptionIdentifiers, [2]);
    await client.expect(PacketType.pubrec);
    other.send(publishOf('a', '', { qos: 2, retain: true }));
    const others = await client.expect({ type: publish, qos: 2, retain: true });
    assert.deepEqual(others.properties?.subscriptionIdentifiers?.toSorted(), [1, 2]);
    await subscribeWith(client, 3, '#', { qos: 0, retainHandling: 2 });
    client.send(publishOf('a', '', { qos: 1, packetId: 9 }));
    const merged = await client.expect({ type: publish, qos: 1 });
    assert.deepEqual(merged.properties?.subscriptionIdentifiers?.toSorted(), [2, 3]);
  });

  test('can be set and taken back by subscribing again', async () => {
    const { connected } = testBroker();
    const client = await connected();
    for (const noLocal of [true, false, true]) {
      await subscribe(client, 'a', { noLocal });
      client.send(publishOf('a', ''));
      if (noLocal) await client.expectNothing();
      else await client.expect(publish);
    }
  });

  test('one’s own retained message comes with a new subscription nevertheless', async () => {
    const { connected } = testBroker();
    const client = await connected();
    client.send(publishOf('a', 'x', { retain: true }));
    await subscribe(client, 'a', { noLocal: true });
    await client.expect({ type: publish, retain: true });
  });

  test('on a shared subscription: protocol error [MQTT-3.8.3-4]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    client.send(bytes`82 10 00 01 00 00 0a 24 73 68 61 72 65 2f 67 2f 61 04`);
    await client.expect({ type: disconnect, reasonCode: 0x82 });
  });
});

suite('Retain As Published', () => {
  test('0: RETAIN is 0 [MQTT-3.3.1-12]; 1: as published [MQTT-3.3.1-13]; 3.x: 0', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const without = await connected({ clientId: 'a' });
    const kept = await connected({ clientId: 'b' });
    const old = await connected({ clientId: 'c', protocolVersion: 4 });
    await subscribe(without, 't', { qos: 1 });
    await subscribe(kept, 't', { qos: 1, retainAsPublished: true });
    await subscribe(old, 't', { qos: 1 });
    let packetId = 0;
    for (const retain of [true, false]) {
      for (const qos of [0, 1] as const) {
        packetId += qos;
        publisher.send(publishOf('t', 'x', { qos, retain, packetId: qos * packetId }));
        await without.expect({ type: publish, qos, retain: false });
        await old.expect({ type: publish, qos, retain: false });
        await kept.expect({ type: publish, qos, retain });
      }
    }
  });

  test('stays with messages that wait', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const client = await connected({ clientId: 'c', properties: { sessionExpiryInterval: 60 } });
    await subscribe(client, 't', { retainAsPublished: true });
    client.stream.destroy();
    publisher.send(publishOf('t', 'x', { qos: 1, retain: true }));
    await publisher.expect(puback);
    const back = await connected({ clientId: 'c', cleanStart: false });
    await back.expect({ type: publish, retain: true, dup: false });
  });
});
