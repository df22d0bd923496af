import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import { publishOf, subscribe, testBroker, textOf } from '../testing/test-broker.ts';

const { publish, puback, suback, unsuback } = PacketType;

/** What a subscription brings, as `topic=text`, sorted. */
async function received(client: RawClient, count: number): Promise<string[]> {
  const messages: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const packet = await client.expect({ type: publish, retain: true, dup: false });
    messages.push(`${packet.topic}=${textOf(packet)}`);
  }
  await client.expectNothing();
  return messages.sort();
}

suite('retained messages', () => {
  test('the last of each topic is kept [MQTT-3.3.1-5]; RETAIN 0 changes nothing [MQTT-3.3.1-8]', async () => {
    const { connected, broker } = testBroker();
    const client = await connected();
    client.send(publishOf('a', '1', { retain: true, qos: 1 }));
    await client.expect(puback);
    client.send(publishOf('a', '2', { retain: true }));
    client.send(publishOf('a', '3'));
    client.send(publishOf('a', ''));
    await subscribe(client, 'a');
    assert.deepEqual(await received(client, 1), ['a=2']);
    assert.equal(broker.metrics.retainedMessages, 1);
  });

  test('an empty payload is delivered and removes it, and is not kept itself [MQTT-3.3.1-6] [MQTT-3.3.1-7]', async () => {
    const { connected, broker } = testBroker();
    const client = await connected({ clientId: 'c' });
    await subscribe(client, 'a', { retainAsPublished: true });
    client.send(publishOf('a', '1', { retain: true }));
    await client.expect({ type: publish, retain: true });
    client.send(publishOf('a', '', { retain: true }));
    await client.expect({ type: publish, retain: true, payload: new Uint8Array(0) });
    client.send(publishOf('a', '', { retain: true }));
    await client.expect({ type: publish, retain: true, payload: new Uint8Array(0) });
    const fresh = await connected({ clientId: 'f' });
    await subscribe(fresh, 'a');
    await fresh.expectNothing();
    assert.equal(broker.metrics.retainedMessages, 0);
    assert.equal(broker.metrics.retainedBytes, 0);
  });

  test("RETAIN is 1 whatever Retain As Published says, QoS the lesser, wildcards match, '$' hides [MQTT-4.7.2-1]", async () => {
    const { connected, broker } = testBroker();
    for (const topic of ['a', 'a/b', 'a/b/c', '/', '$SYS/x', 'b']) {
      broker.publish(topic, topic, { retain: true, qos: 1 });
    }
    const cases: readonly (readonly [filter: string, topics: readonly string[]])[] = [
      ['#', ['/', 'a', 'a/b', 'a/b/c', 'b']],
      ['a/#', ['a', 'a/b', 'a/b/c']],
      ['+/+', ['/', 'a/b']],
      ['+', ['a', 'b']],
      ['$SYS/#', ['$SYS/x']],
      ['+/x', []],
      ['c', []],
    ];
    for (const [i, [filter, topics]] of cases.entries()) {
      const client = await connected({ clientId: `c${i}`, protocolVersion: i % 2 === 0 ? 5 : 4 });
      await subscribe(client, filter, { qos: 0, retainAsPublished: i % 4 === 0 });
      const expected = topics.map(topic => `${topic}=${topic}`);
      assert.deepEqual(await received(client, topics.length), expected.sort());
    }
    const client = await connected({ clientId: 'q' });
    await subscribe(client, 'a', { qos: 2 });
    await client.expect({ type: publish, qos: 1, retain: true });
  });

  test('Retain Handling 0 always [MQTT-3.3.1-9], 1 if new [MQTT-3.3.1-10], 2 never [MQTT-3.3.1-11]', async () => {
    const { connected, broker } = testBroker();
    broker.publish('a', 'x', { retain: true });
    const client = await connected();
    const unsubscribe = async (): Promise<void> => {
      client.send({ type: PacketType.unsubscribe, packetId: 1, filters: ['a'] });
      await client.expect(unsuback);
    };
    const expectRetained = async (retainHandling: 0 | 1 | 2, count: number): Promise<void> => {
      await subscribe(client, 'a', { retainHandling });
      assert.equal((await received(client, count)).length, count);
    };
    await expectRetained(0, 1);
    await expectRetained(0, 1);
    await expectRetained(1, 0);
    await unsubscribe();
    await expectRetained(1, 1);
    await expectRetained(1, 0);
    await expectRetained(2, 0);
    await expectRetained(0, 1);
    await unsubscribe();
    await expectRetained(2, 0);
    await expectRetained(1, 0);
  });

  test('3.1.1: every SUBSCRIBE brings them [MQTT-3.3.1-6] [MQTT-3.3.1-8]', async () => {
    const { connected, broker } = testBroker();
    broker.publish('a', 'x', { retain: true });
    const client = await connected({ protocolVersion: 4 });
    for (let i = 0; i < 3; i += 1) {
      await subscribe(client, 'a');
      assert.deepEqual(await received(client, 1), ['a=x']);
    }
  });

  test('with the identifier of the new subscription; once for each filter of one SUBSCRIBE', async () => {
    const { connected, broker } = testBroker();
    broker.publish('a', 'x', { retain: true, properties: { contentType: 'c' } });
    const client = await connected();
    const options = {
      qos: 0,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    client.send({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [
        { filter: 'a', ...options },
        { filter: '+', ...options },
      ],
      properties: { subscriptionIdentifiers: [9] },
    });
    await client.expect(suback);
    for (let i = 0; i < 2; i += 1) {
      const properties = { subscriptionIdentifiers: [9], contentType: 'c' };
      await client.expect({ type: publish, topic: 'a', retain: true, properties });
    }
    await client.expectNothing();
  });

  test('none for shared subscriptions', async () => {
    const { connected, broker } = testBroker();
    broker.publish('a', 'x', { retain: true });
    const client = await connected();
    await subscribe(client, '$share/g/a');
    await client.expectNothing();
  });

  test('expiry is counted down [MQTT-3.3.2-6]; what expired is never sent and makes room [MQTT-3.3.2-5]', async () => {
    const { connected, broker, clock } = testBroker();
    const client = await connected();
    const fields = { retain: true, properties: { messageExpiryInterval: 10 } } as const;
    client.send(publishOf('a', 'x', fields));
    await clock.advance(3_200);
    await subscribe(client, 'a');
    await client.expect({ type: publish, properties: { messageExpiryInterval: 7 } });
    await clock.advance(6_799);
    await subscribe(client, '#');
    await client.expect({ type: publish, properties: { messageExpiryInterval: 1 } });
    await clock.advance(1);
    await subscribe(client, 'a');
    await client.expectNothing();
    const { metrics } = broker;
    assert.deepEqual([metrics.retainedMessages, metrics.retainedBytes], [0, 0]);
    assert.equal(metrics.messagesDroppedExpired, 1);
  });

  test('the largest interval, and 0', async () => {
    const { connected, clock } = testBroker();
    const client = await connected();
    const keep = (topic: string, messageExpiryInterval: number): void =>
      client.send(publishOf(topic, 'x', { retain: true, properties: { messageExpiryInterval } }));
    keep('a', 0xffff_ffff);
    keep('b', 0);
    await clock.advance(1_000);
    await subscribe(client, '#');
    const properties = { messageExpiryInterval: 0xffff_fffe };
    await client.expect({ type: publish, topic: 'a', properties });
    await client.expectNothing();
  });

  test('expiry in 3.x receivers: the same, without the property', async () => {
    const { connected, broker, clock } = testBroker();
    const properties = { messageExpiryInterval: 10 };
    broker.publish('a', 'x', { retain: true, properties });
    const old = await connected({ protocolVersion: 4 });
    await clock.advance(9_000);
    await subscribe(old, 'a', { qos: 0 });
    await old.expectBytes(bytes`31 04 00 01 61 78`);
    await clock.advance(1_000);
    await subscribe(old, 'a', { qos: 0 });
    await old.expectNothing();
  });

  test('at retainedMessagesMax a new topic is refused with 0x97; known ones may change', async () => {
    const { connected, broker } = testBroker({ limits: { retainedMessagesMax: 2 } });
    const client = await connected();
    const keep = async (topic: string, text: string, reasonCode: number): Promise<void> => {
      client.send(publishOf(topic, text, { qos: 1, retain: true }));
      await client.expect({ type: puback, reasonCode });
    };
    await keep('a', '1', 0x10);
    await keep('b', '1', 0x10);
    await keep('c', '1', 0x97);
    await keep('a', '2', 0x10);
    await keep('b', '', 0x10);
    await keep('c', '2', 0x10);
    assert.equal(broker.metrics.retainedRefused, 1);
    await subscribe(client, '#', { qos: 0 });
    assert.deepEqual(await received(client, 2), ['a=2', 'c=2']);
  });

  test('a large retained message reaches everyone whole', async () => {
    const { connected, broker } = testBroker();
    const payload = new Uint8Array(300_000).fill(3);
    broker.publish('big', payload, { retain: true, qos: 2 });
    for (const protocolVersion of [3, 4, 5] as const) {
      const client = await connected({ clientId: `c${protocolVersion}`, protocolVersion });
      await subscribe(client, '#');
      await client.expect({ type: publish, qos: 2, retain: true, payload });
    }
  });
});
