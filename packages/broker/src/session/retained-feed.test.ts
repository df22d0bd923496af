import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import { subscribe, type TestBroker, testBroker } from '../testing/test-broker.ts';

const { publish, puback, unsuback } = PacketType;

const count = 40;
const session = { sessionExpiryInterval: 600 };

/** A broker with `count` retained messages `r/0`, `r/1` … of 1 kB. */
function brokerWith(qos: 0 | 1, expiry?: number): TestBroker {
  const test = testBroker({ limits: { outboundBytesMax: 65_536, queueMessagesMax: 3 } });
  for (let i = 0; i < count; i += 1) {
    const properties = { messageExpiryInterval: expiry };
    test.broker.publish(`r/${i}`, new Uint8Array(1_000).fill(i), { qos, retain: true, properties });
  }
  return test;
}

async function expectRetained(client: RawClient, qos: 0 | 1, topics: Set<string>): Promise<void> {
  const packet = await client.expect({ type: publish, qos, retain: true, dup: false });
  assert.deepEqual(packet.payload, new Uint8Array(1_000).fill(Number(packet.topic.slice(2))));
  assert(!topics.has(packet.topic), `${packet.topic} came twice`);
  topics.add(packet.topic);
  if (qos === 1) client.send({ type: puback, packetId: packet.packetId, reasonCode: 0 });
}

suite('retained messages come as the client takes them', () => {
  test('QoS 0: none is lost, though they are far more than may be buffered [MQTT-3.3.1-9]', async () => {
    const { connected, broker } = testBroker({ limits: { outboundBytesMax: 65_536 } });
    for (let i = 0; i < 1_000; i += 1) {
      broker.publish(`r/${i}`, new Uint8Array(1_000).fill(i), { retain: true });
    }
    const client = await connected();
    await subscribe(client, '#');
    const topics = new Set<string>();
    for (let i = 0; i < 1_000; i += 1) {
      topics.add((await client.expect({ type: publish, retain: true })).topic);
    }
    assert.equal(topics.size, 1_000);
    assert.equal(broker.metrics.messagesDroppedSlowClient, 0);
  });

  test('QoS 1: within Receive Maximum, whatever the bound of the queue is', async () => {
    const { connected, broker } = brokerWith(1);
    const client = await connected({ properties: { receiveMaximum: 2 } });
    await subscribe(client, 'r/+');
    const topics = new Set<string>();
    for (let i = 0; i < count; i += 1) await expectRetained(client, 1, topics);
    await client.expectNothing();
    assert.equal(broker.metrics.messagesDroppedQueueFull, 0);
  });

  test('other messages pass them', async () => {
    const { connected, broker } = brokerWith(1);
    const client = await connected({ properties: { receiveMaximum: 1 } });
    await subscribe(client, '#');
    const topics = new Set<string>();
    broker.publish('live', '0');
    broker.publish('live', '1', { qos: 1 });
    await expectRetained(client, 1, topics);
    await client.expect({ type: publish, topic: 'live', qos: 0 });
    const { packetId } = await client.expect({ type: publish, topic: 'live', qos: 1 });
    client.send({ type: puback, packetId, reasonCode: 0 });
    for (let i = 1; i < count; i += 1) await expectRetained(client, 1, topics);
  });

  test('what is replaced, removed or expired meanwhile is sent as it is by then', async () => {
    const { connected, broker, clock } = brokerWith(1, 10);
    const client = await connected({ properties: { receiveMaximum: 1 } });
    await subscribe(client, 'r/#');
    const first = await client.expect({ type: publish, properties: { messageExpiryInterval: 10 } });
    for (let i = 0; i < count; i += 1) broker.publish(`r/${i}`, '', { retain: true });
    for (let i = 0; i < count; i += 1) await client.expect({ type: publish, retain: false });
    broker.publish('r/0', 'new', {
      retain: true,
      qos: 1,
      properties: { messageExpiryInterval: 5 },
    });
    await clock.advance(5_000);
    client.send({ type: puback, packetId: first.packetId, reasonCode: 0 });
    await client.expectNothing();
    assert(broker.metrics.messagesDroppedExpired >= 1);
  });

  test('an UNSUBSCRIBE ends them, a repeated SUBSCRIBE begins again [MQTT-3.10.4-2] [MQTT-3.8.4-4]', async () => {
    const { connected } = brokerWith(1);
    const client = await connected({ properties: { receiveMaximum: 1 } });
    await subscribe(client, 'r/#');
    const { packetId } = await client.expect({ type: publish, retain: true });
    await subscribe(client, 'r/#');
    client.send({ type: puback, packetId, reasonCode: 0 });
    const topics = new Set<string>();
    for (let i = 0; i < count - 1; i += 1) await expectRetained(client, 1, topics);
    client.send({ type: PacketType.unsubscribe, packetId: 1, filters: ['r/#'] });
    await client.expect({ type: publish, retain: true });
    await client.expect(unsuback);
    await subscribe(client, '$SYS/#');
    await subscribe(client, 'r/#');
    client.send({ type: PacketType.unsubscribe, packetId: 1, filters: ['r/#'] });
    await client.expect(unsuback);
    await client.expectNothing();
  });

  test('they go on when the client is back, and end with the session', async () => {
    const { connected } = brokerWith(1);
    const properties = { ...session, receiveMaximum: 1 };
    const client = await connected({ clientId: 'c', properties });
    await subscribe(client, 'r/#');
    const topics = new Set<string>();
    for (let i = 0; i < 10; i += 1) await expectRetained(client, 1, topics);
    const last = await client.expect(publish);
    client.stream.destroy();
    const back = await connected({ clientId: 'c', cleanStart: false, properties });
    const again = await back.expect({ type: publish, dup: true, topic: last.topic });
    back.send({ type: puback, packetId: again.packetId, reasonCode: 0 });
    topics.add(last.topic);
    for (let i = 0; i < 10; i += 1) await expectRetained(back, 1, topics);
    const fresh = await connected({ clientId: 'c', cleanStart: true, properties });
    await fresh.expectNothing();
  });

  test('a client that takes nothing is not written to without end', async () => {
    const { connected, settle } = brokerWith(0);
    const client = await connected();
    await subscribe(client, 'other');
    client.stream.pause();
    for (let i = 0; i < 50; i += 1) {
      client.send({
        type: PacketType.subscribe,
        packetId: 1,
        subscriptions: [
          { filter: 'r/#', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        ],
      });
      await settle();
    }
    client.stream.resume();
    let messages = 0;
    let subacks = 0;
    while (subacks < 50 || messages < count) {
      const packet = await client.expect(publish).catch(() => null);
      if (packet === null) subacks += 1;
      else messages += 1;
    }
    assert(messages < 3 * count, `${messages} messages`);
  });
});
