/** What becomes of shared messages whose member does not see them through (section 4.8.2). */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, type SubscribePacket } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import { subscribe, type TestBroker, testBroker, textOf } from '../testing/test-broker.ts';

const { publish, puback, pubrec, pubrel, pubcomp, suback, unsuback } = PacketType;
const filter = '$share/g/t';

interface MemberOptions {
  readonly qos?: 0 | 1 | 2;
  /** Session Expiry Interval in seconds: 0 unless given. */
  readonly expiry?: number;
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
}

async function member(
  { connected }: TestBroker,
  clientId: string,
  { qos = 2, expiry = 0, ...rest }: MemberOptions = {},
): Promise<RawClient> {
  const properties = { sessionExpiryInterval: expiry, ...rest };
  const client = await connected({ clientId, properties });
  await subscribe(client, filter, { qos });
  return client;
}

/** Its next messages, as text. */
async function texts(client: RawClient, count: number): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < count; i += 1) found.push(textOf(await client.expect(publish)));
  await client.expectNothing();
  return found;
}

async function cut({ settle }: TestBroker, client: RawClient): Promise<void> {
  client.stream.destroy();
  await settle();
}

suite('a member’s session ends', () => {
  test('with QoS 1 in flight: to another member, as new, in order [MQTT-4.8.2-3]', async () => {
    const test = testBroker();
    const a = await member(test, 'a');
    for (let i = 0; i < 4; i += 1) test.broker.publish('t', `${i}`, { qos: 1 });
    assert.deepEqual(await texts(a, 4), ['0', '1', '2', '3']);
    a.send({ type: puback, packetId: 2, reasonCode: 0 });
    const b = await member(test, 'b');
    await cut(test, a);
    for (const text of ['0', '2', '3']) {
      assert.equal(textOf(await b.expect({ type: publish, qos: 1, dup: false })), text);
    }
    await b.expectNothing();
    assert.equal(test.broker.metrics.messagesReassigned, 3);
  });

  test('with its own QoS, filter options and identifiers for whoever gets it [MQTT-4.8.2-3]', async () => {
    const test = testBroker();
    const a = await member(test, 'a', { qos: 1 });
    test.broker.publish('t', 'x', { qos: 2, retain: true });
    await a.expect({ type: publish, qos: 1, retain: false });
    const b = await test.connected({ clientId: 'b' });
    const packet: SubscribePacket = {
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [
        { filter, qos: 2, noLocal: false, retainAsPublished: true, retainHandling: 0 },
      ],
      properties: { subscriptionIdentifiers: [9] },
    };
    b.send(packet);
    await b.expect(suback);
    await cut(test, a);
    const properties = { subscriptionIdentifiers: [9] };
    await b.expect({ type: publish, qos: 2, retain: true, properties });
  });

  test('QoS 2 that was begun goes to nobody else, at either half [MQTT-4.8.2-5]', async () => {
    const test = testBroker();
    const a = await member(test, 'a');
    const b = await member(test, 'b');
    for (let i = 0; i < 4; i += 1) test.broker.publish('t', `${i}`, { qos: 2 });
    await texts(b, 2);
    const { packetId } = await a.expect({ type: publish, qos: 2 });
    a.send({ type: pubrec, packetId, reasonCode: 0 });
    await a.expect(publish);
    await a.expect(pubrel);
    await cut(test, a);
    await b.expectNothing();
  });

  test('QoS 2 that was only waiting goes to another', async () => {
    const test = testBroker();
    const a = await member(test, 'a', { receiveMaximum: 1 });
    for (let i = 0; i < 3; i += 1) test.broker.publish('t', `${i}`, { qos: 2 });
    assert.deepEqual(await texts(a, 1), ['0']);
    const b = await member(test, 'b');
    await cut(test, a);
    assert.deepEqual(await texts(b, 2), ['1', '2']);
  });

  test('when its time is over, and what waited while it was away goes on as well', async () => {
    const test = testBroker();
    const a = await member(test, 'a', { expiry: 30 });
    test.broker.publish('t', 'in flight', { qos: 1 });
    await a.expect(publish);
    await cut(test, a);
    test.broker.publish('t', 'waiting', { qos: 2 });
    const b = await member(test, 'b');
    await test.clock.advance(29_000);
    await b.expectNothing();
    await test.clock.advance(2_000);
    assert.deepEqual(await texts(b, 2), ['in flight', 'waiting']);
  });

  test('by DISCONNECT with expiry 0, and by a clean start in its place', async () => {
    const test = testBroker();
    const a = await member(test, 'a', { expiry: 60 });
    test.broker.publish('t', '0', { qos: 1 });
    await a.expect(publish);
    const b = await member(test, 'b', { expiry: 60 });
    a.send({
      type: PacketType.disconnect,
      reasonCode: 0,
      properties: { sessionExpiryInterval: 0 },
    });
    assert.deepEqual(await texts(b, 1), ['0']);
    const c = await member(test, 'c');
    await test.connected({ clientId: 'b', cleanStart: true });
    assert.deepEqual(await texts(c, 1), ['0']);
  });

  test('after it left the group: others may still have what it was given', async () => {
    const test = testBroker();
    const a = await member(test, 'a');
    test.broker.publish('t', '0', { qos: 1 });
    await a.expect(publish);
    a.send({ type: PacketType.unsubscribe, packetId: 9, filters: [filter] });
    await a.expect(unsuback);
    // The group began anew meanwhile.
    const b = await member(test, 'b');
    await cut(test, a);
    assert.deepEqual(await texts(b, 1), ['0']);
  });

  test('nobody else is there: dropped and counted; so is what has expired', async () => {
    const test = testBroker();
    const { metrics } = test.broker;
    const a = await member(test, 'a');
    test.broker.publish('t', '', { qos: 1 });
    await a.expect(publish);
    await cut(test, a);
    assert.equal(metrics.messagesDroppedNoMember, 1);
    const b = await member(test, 'b');
    const properties = { messageExpiryInterval: 5 };
    test.broker.publish('t', '', { qos: 1, properties });
    await b.expect(publish);
    const c = await member(test, 'c');
    await test.clock.advance(6_000);
    await cut(test, b);
    await c.expectNothing();
    assert.equal(metrics.messagesDroppedExpired, 1);
  });

  test('plain subscriptions give nothing to anybody', async () => {
    const test = testBroker();
    const a = await test.connected({ clientId: 'a' });
    await subscribe(a, 't', { qos: 1 });
    test.broker.publish('t', '', { qos: 1 });
    await a.expect(publish);
    const b = await member(test, 'b');
    await cut(test, a);
    await b.expectNothing();
    assert.equal(test.broker.metrics.messagesDroppedNoMember, 0);
  });

  test('its will is shared by those who stay', async () => {
    const test = testBroker();
    const will = { topic: 't', payload: new Uint8Array(1), qos: 1, retain: false } as const;
    const a = await test.connected({ clientId: 'a', will });
    await subscribe(a, filter);
    const b = await member(test, 'b');
    await cut(test, a);
    await b.expect({ type: publish, qos: 1 });
  });
});

suite('a member does not take a message', () => {
  test('QoS 2 begun is completed with the one that comes back [MQTT-4.8.2-4]', async () => {
    const test = testBroker();
    const a = await member(test, 'a', { expiry: 60 });
    test.broker.publish('t', 'x', { qos: 2 });
    const { packetId } = await a.expect({ type: publish, qos: 2 });
    const b = await member(test, 'b');
    await cut(test, a);
    await b.expectNothing();
    const back = await test.connected({ clientId: 'a', cleanStart: false });
    await back.expect({ type: publish, qos: 2, dup: true, packetId });
    back.send({ type: pubrec, packetId, reasonCode: 0 });
    await back.expect({ type: pubrel, packetId });
    back.send({ type: pubcomp, packetId, reasonCode: 0 });
    await back.expectNothing();
    await b.expectNothing();
  });

  for (const qos of [1, 2] as const) {
    test(`refused with QoS ${qos}: dropped, for good [MQTT-4.8.2-6]`, async () => {
      const test = testBroker();
      const a = await member(test, 'a');
      test.broker.publish('t', 'x', { qos });
      const { packetId } = await a.expect({ type: publish, qos });
      const b = await member(test, 'b');
      a.send({ type: qos === 1 ? puback : pubrec, packetId, reasonCode: 0x83 });
      await b.expectNothing();
      await cut(test, a);
      await b.expectNothing();
    });
  }

  test('too large for one member: another gets it, at once or when that shows', async () => {
    const test = testBroker();
    const { broker } = test;
    const { metrics } = broker;
    const a = await member(test, 'a', { maximumPacketSize: 100, receiveMaximum: 1 });
    const large = 'x'.repeat(200);
    assert.equal(broker.publish('t', large, { qos: 1 }), true);
    assert.deepEqual([metrics.messagesDroppedNoMember, metrics.messagesDroppedTooLarge], [1, 0]);
    broker.publish('t', 'small', { qos: 1 });
    broker.publish('t', large, { qos: 2 });
    const { packetId } = await a.expect({
      type: publish,
      payload: new TextEncoder().encode('small'),
    });
    const b = await member(test, 'b');
    a.send({ type: puback, packetId, reasonCode: 0 });
    await b.expect({ type: publish, qos: 2 });
    for (const qos of [0, 1, 2] as const) {
      broker.publish('t', large, { qos });
      broker.publish('t', large, { qos });
      for (let i = 0; i < 2; i += 1) assert.equal(textOf(await b.expect(publish)), large);
    }
    await a.expectNothing();
  });

  test('too large for the member that comes back: QoS 1 goes on, QoS 2 that was begun does not', async () => {
    const test = testBroker();
    const a = await member(test, 'a', { expiry: 60 });
    const large = 'x'.repeat(200);
    for (const qos of [1, 2] as const) {
      test.broker.publish('t', large, { qos });
      await a.expect({ type: publish, qos });
    }
    await cut(test, a);
    const b = await member(test, 'b');
    const properties = { sessionExpiryInterval: 60, maximumPacketSize: 100 };
    const back = await test.connected({ clientId: 'a', cleanStart: false, properties });
    await back.expectNothing();
    await b.expect({ type: publish, qos: 1 });
    await b.expectNothing();
    assert.equal(test.broker.metrics.messagesDroppedTooLarge, 1);
  });

  test('its queue is full: passed over while another has room, then dropped', async () => {
    const test = testBroker({ limits: { queueMessagesMax: 2 } });
    const a = await member(test, 'a', { receiveMaximum: 1 });
    const b = await member(test, 'b', { receiveMaximum: 3 });
    const sent = 8;
    for (let i = 0; i < sent; i += 1) test.broker.publish('t', `${i}`, { qos: 1 });
    await a.expect(publish);
    assert.equal((await texts(b, 3)).length, 3);
    assert.equal(test.broker.metrics.messagesDroppedNoMember, 0);
    test.broker.publish('t', '', { qos: 1 });
    assert.equal(test.broker.metrics.messagesDroppedNoMember, 1);
  });

  test('it is away and the subscription is of QoS 0: another, also one that is away, is found', async () => {
    const test = testBroker();
    const a = await member(test, 'a', { qos: 0, expiry: 60 });
    const b = await member(test, 'b', { qos: 1, expiry: 60 });
    await cut(test, a);
    await cut(test, b);
    for (let i = 0; i < 4; i += 1) test.broker.publish('t', `${i}`, { qos: 1 });
    const back = await test.connected({ clientId: 'b', cleanStart: false });
    assert.deepEqual(await texts(back, 4), ['0', '1', '2', '3']);
  });
});

test('a slow reader is passed over while another keeps up', async () => {
  const test = testBroker({ limits: { outboundBytesMax: 65_536 } });
  const a = await member(test, 'a', { qos: 0 });
  const b = await member(test, 'b', { qos: 0 });
  a.stream.pause();
  const large = 'x'.repeat(50_000);
  for (let i = 0; i < 40; i += 1) {
    test.broker.publish('t', large);
    await test.settle();
  }
  for (let i = 0; i < 30; i += 1) await b.expect(publish);
  const { messagesDroppedSlowClient, messagesDroppedNoMember } = test.broker.metrics;
  assert.deepEqual([messagesDroppedSlowClient, messagesDroppedNoMember], [0, 0]);
});
