import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ConnackProperties, PacketType, type SubscriptionRequest } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import { defaultFeatures, type Features, resolveFeatures } from './features.ts';
import { publishOf, subscribe, testBroker } from './testing/test-broker.ts';

const { suback, disconnect, publish, puback } = PacketType;

const allOff: Features = {
  retain: false,
  wildcardSubscriptions: false,
  subscriptionIdentifiers: false,
  sharedSubscriptions: false,
};

function requestOf(filter: string): SubscriptionRequest {
  return { filter, qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 };
}

async function reasonCodes(client: RawClient, ...filters: string[]): Promise<number[]> {
  const subscriptions = filters.map(requestOf);
  client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
  return (await client.expect(suback)).reasonCodes;
}

test('features are laid over the defaults; what is none is refused', () => {
  assert.deepEqual(resolveFeatures({}), { ...defaultFeatures });
  assert.deepEqual(resolveFeatures({ retain: false }), { ...defaultFeatures, retain: false });
  assert.deepEqual(resolveFeatures({ retain: undefined }), { ...defaultFeatures });
  const features = (given: unknown) => () => resolveFeatures(given as Partial<Features>);
  assert.throws(features({ retained: false }), /^RangeError: features\.retained: there is no/);
  assert.throws(features({ retain: 0 }), /^RangeError: features\.retain: is 0, expected true/);
});

suite('features that are off', () => {
  test('CONNACK declares each (3.2.2.3.5, 3.2.2.3.11 to 13), and none that is on', async () => {
    const declared = {
      retain: 'retainAvailable',
      wildcardSubscriptions: 'wildcardSubscriptionAvailable',
      subscriptionIdentifiers: 'subscriptionIdentifierAvailable',
      sharedSubscriptions: 'sharedSubscriptionAvailable',
    } as const satisfies Record<keyof Features, keyof ConnackProperties>;
    const names = Object.values(declared);
    for (const [feature, name] of Object.entries(declared)) {
      const { properties } = await testBroker({ features: { [feature]: false } })
        .client()
        .connect();
      for (const one of names) assert.equal(properties?.[one], one === name ? false : undefined);
    }
    const { properties } = await testBroker().client().connect();
    for (const one of names) assert.equal(properties?.[one], undefined);
  });

  test('retain: PUBLISH with RETAIN ends the connection with 0x9A [MQTT-3.2.2-14]', async () => {
    const { connected, client, broker } = testBroker({ features: { retain: false } });
    const subscriber = await connected({ clientId: 's' });
    await subscribe(subscriber, 't');
    for (const qos of [0, 1, 2] as const) {
      const publisher = await connected({ clientId: 'p' });
      publisher.send(publishOf('t', 'x', { qos, retain: true }));
      await publisher.expect({ type: disconnect, reasonCode: 0x9a });
      await publisher.expectClosed();
    }
    const old = client(4);
    await old.connect({ protocolVersion: 4 });
    old.send(publishOf('t', 'x', { retain: true }));
    await old.expectClosed();
    await subscriber.expectNothing();
    assert.equal(broker.metrics.retainedMessages, 0);
    assert.throws(() => broker.publish('t', '', { retain: true }), RangeError);
  });

  test('retain: a retained will is refused with 0x9A, any other is taken [MQTT-3.2.2-13]', async () => {
    const { client } = testBroker({ features: { retain: false } });
    const will = { topic: 't', payload: new Uint8Array(1), qos: 0, retain: true } as const;
    const refused = client();
    assert.equal((await refused.connect({ will })).reasonCode, 0x9a);
    await refused.expectClosed();
    const { reasonCode } = await client().connect({ will: { ...will, retain: false } });
    assert.equal(reasonCode, 0);
  });

  test('wildcards and shares are refused filter by filter: 0xA2 and 0x9E', async () => {
    const { connected, client, broker } = testBroker({ features: allOff });
    const filters = ['a/+', 'a', '#', '$share/g/a', '$share/g/#'];
    const current = await connected();
    assert.deepEqual(await reasonCodes(current, ...filters), [0xa2, 0, 0xa2, 0x9e, 0x9e]);
    assert.equal(broker.metrics.subscriptions, 1);
    const old = client(4);
    await old.connect({ protocolVersion: 4, clientId: 'old' });
    assert.deepEqual(await reasonCodes(old, ...filters), [0x80, 0, 0x80, 0x80, 0x80]);
  });

  test('one does without the other', async () => {
    const shared = testBroker({ features: { wildcardSubscriptions: false } });
    const filters = ['+', '$share/g/a', '$share/g/+'];
    assert.deepEqual(await reasonCodes(await shared.connected(), ...filters), [0xa2, 0, 0xa2]);
    const wild = testBroker({ features: { sharedSubscriptions: false } });
    assert.deepEqual(await reasonCodes(await wild.connected(), ...filters), [0, 0x9e, 0x9e]);
  });

  test('a Subscription Identifier ends the connection with 0xA1', async () => {
    const { connected } = testBroker({ features: { subscriptionIdentifiers: false } });
    const client = await connected();
    assert.deepEqual(await reasonCodes(client, 'a'), [0]);
    client.send({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [requestOf('b')],
      properties: { subscriptionIdentifiers: [1] },
    });
    await client.expect({ type: disconnect, reasonCode: 0xa1 });
    await client.expectClosed();
  });
});

test('subscriptions of any QoS are taken, granted is maximumQoS [MQTT-3.2.2-9] [MQTT-3.2.2-10]', async () => {
  const granted: number[] = [];
  const { client, connected, broker } = testBroker({
    limits: { maximumQoS: 1 },
    hooks: { onSubscribe: (_, __, qos) => void granted.push(qos) },
  });
  const subscriber = client();
  const { properties } = await subscriber.connect({ clientId: 's' });
  assert.equal(properties?.maximumQoS, 1);
  const subscriptions = ([0, 1, 2] as const).map(qos => ({ ...requestOf(`${qos}`), qos }));
  subscriber.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
  await subscriber.expect({ type: suback, reasonCodes: [0, 1, 1] });
  assert.deepEqual(granted, [0, 1, 1]);
  const publisher = await connected({ clientId: 'p' });
  publisher.send(publishOf('2', '', { qos: 1 }));
  await publisher.expect(puback);
  await subscriber.expect({ type: publish, qos: 1 });
  broker.publish('2', '', { qos: 2 });
  await subscriber.expect({ type: publish, qos: 1 });
});
