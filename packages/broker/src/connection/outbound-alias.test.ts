import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ConnectPacket, PacketType, type PublishPacket } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';

const { publish } = PacketType;
const day = { sessionExpiryInterval: 86_400 };

function takesAliases(
  maximum: number,
  connect: Partial<ConnectPacket> = {},
): Partial<ConnectPacket> {
  return {
    clientId: 's',
    cleanStart: false,
    ...connect,
    properties: { topicAliasMaximum: maximum, ...connect.properties },
  };
}

/** The next message as [topic, alias], the parts of it that an alias is about. */
async function aliased(client: RawClient): Promise<[string, number | undefined]> {
  const { topic, properties } = (await client.expect(publish)) as PublishPacket;
  return [topic, properties?.topicAlias];
}

suite('topic aliases of the broker', () => {
  test('a topic that comes again gets one, and then needs no name', async () => {
    const { broker, connected } = testBroker();
    const client = await connected(takesAliases(10));
    await subscribe(client, '#');
    for (let i = 0; i < 4; i += 1) broker.publish('a/b', `${i}`);
    assert.deepEqual(await aliased(client), ['a/b', undefined]);
    assert.deepEqual(await aliased(client), ['a/b', 1]);
    assert.deepEqual(await aliased(client), ['', 1]);
    const last = await client.expect(publish);
    assert.equal(new TextDecoder().decode(last.payload), '3');
  });

  test('[MQTT-3.1.2-26] [MQTT-3.3.2-11] never above the Topic Alias Maximum', async () => {
    const { broker, connected } = testBroker();
    const client = await connected(takesAliases(2));
    await subscribe(client, '#');
    const names = new Map<number, string>();
    for (let i = 0; i < 60; i += 1) {
      const topic = `t${(i * i) % 7}`;
      broker.publish(topic, 'x');
      const [name, alias] = await aliased(client);
      if (alias !== undefined) assert.ok(alias === 1 || alias === 2);
      if (alias !== undefined && name !== '') names.set(alias, name);
      assert.equal(name === '' ? names.get(alias!) : name, topic);
    }
    assert.equal(names.size, 2);
  });

  test('[MQTT-3.1.2-27] none for a client that allows none, or when ours is 0', async () => {
    const off = testBroker({ limits: { outboundTopicAliasMaximum: 0 } });
    const clients = [await testBroker().connected(), await off.connected(takesAliases(10))];
    assert.equal(clients.length, 2);
    const { broker, connected } = testBroker();
    const plain = await connected({ clientId: 'plain' });
    await subscribe(plain, '#');
    await subscribe(clients[1], '#');
    for (let i = 0; i < 3; i += 1) {
      broker.publish('a', 'x');
      off.broker.publish('a', 'x');
      assert.deepEqual(await aliased(plain), ['a', undefined]);
      assert.deepEqual(await aliased(clients[1]), ['a', undefined]);
    }
  });

  test('with subscription identifiers, properties and QoS 1, byte for byte to others', async () => {
    const { broker, connected } = testBroker();
    const client = await connected(takesAliases(10));
    const other = await connected({ clientId: 'o' });
    await subscribe(other, 'a', { qos: 1 });
    client.send({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [
        { filter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: { subscriptionIdentifiers: [77] },
    });
    await client.expect(PacketType.suback);
    const properties = { contentType: 'text', userProperties: [['k', 'v']] as const };
    for (let i = 0; i < 3; i += 1) broker.publish('a', 'x', { qos: 1, properties });
    for (const [topic, topicAlias] of [['a'], ['a', 1], ['', 1]] as const) {
      const got = await client.expect(publish);
      const alias = topicAlias === undefined ? {} : { topicAlias };
      const expected = { ...properties, subscriptionIdentifiers: [77], ...alias };
      assert.deepEqual([got.topic, got.qos, got.properties], [topic, 1, expected]);
      assert.deepEqual((await other.expect(publish)).properties, properties);
    }
  });

  test('[MQTT-3.3.2-7] a new connection begins without: what is resent has its full topic', async () => {
    const { broker, connected } = testBroker();
    const first = await connected(takesAliases(10, { properties: { ...day, receiveMaximum: 3 } }));
    await subscribe(first, 'a', { qos: 1 });
    for (let i = 0; i < 5; i += 1) broker.publish('a', `${i}`, { qos: 1 });
    assert.deepEqual(await aliased(first), ['a', undefined]);
    assert.deepEqual(await aliased(first), ['a', 1]);
    assert.deepEqual(await aliased(first), ['', 1]);
    first.stream.destroy();
    await first.expectClosed();
    const second = await connected(
      takesAliases(0, { properties: { ...day, topicAliasMaximum: 0 } }),
    );
    for (let i = 0; i < 5; i += 1) assert.deepEqual(await aliased(second), ['a', undefined]);
  });

  test('a message that is too large for the client sets no alias', async () => {
    const { broker, connected } = testBroker();
    const limits = { properties: { maximumPacketSize: 30 } };
    const client = await connected(takesAliases(10, limits));
    await subscribe(client, '#');
    const large = 'x'.repeat(100);
    for (const text of ['1', large, large, '2', '3']) broker.publish('a', text);
    assert.deepEqual(await aliased(client), ['a', undefined]);
    const [name, alias] = await aliased(client);
    assert.equal(name, 'a');
    assert.ok(alias !== undefined);
    assert.deepEqual(await aliased(client), ['', alias]);
  });

  test('runs of one publisher too: the client gets all, in order', async () => {
    const { connected } = testBroker();
    const client = await connected(takesAliases(10));
    const publisher = await connected({ clientId: 'p' });
    await subscribe(client, '#');
    for (let i = 0; i < 20; i += 1) publisher.send(publishOf('a', `${i}`));
    for (let i = 0; i < 20; i += 1) {
      const { topic, payload } = await client.expect(publish);
      assert.equal(topic, i < 2 ? 'a' : '');
      assert.equal(new TextDecoder().decode(payload), `${i}`);
    }
  });
});
