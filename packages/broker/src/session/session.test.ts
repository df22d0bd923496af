import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ConnectPacket, PacketType, type QoS } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import {
  publishOf,
  subscribe,
  type TestBroker,
  testBroker,
  textOf,
} from '../testing/test-broker.ts';

const { pingreq, pingresp, puback, pubcomp, publish, pubrec, pubrel } = PacketType;
const { unsuback, unsubscribe } = PacketType;

/** CONNECT of 'a', whose session lasts, with this Receive Maximum. */
function lasting(receiveMaximum = 65_535, fields = {}): Partial<ConnectPacket> {
  const properties = { sessionExpiryInterval: 1000, receiveMaximum, ...fields };
  return { clientId: 'a', cleanStart: false, properties };
}

/** 'a' has subscribed to everything and is away. */
async function away(bench: TestBroker): Promise<void> {
  const client = await bench.connected(lasting());
  await subscribe(client, '#');
  client.stream.destroy();
  await bench.settle();
}

function publishAll({ broker }: TestBroker, qos: QoS, ...texts: string[]): void {
  for (const text of texts) broker.publish('t', text, { qos });
}

async function expectText(client: RawClient, text: string, fields = {}): Promise<number> {
  const packet = await client.expect({ type: publish, ...fields });
  assert.equal(textOf(packet), text);
  return packet.packetId;
}

suite('resuming a session', () => {
  test('[MQTT-4.4.0-1] [MQTT-3.3.1-1] all that was not acknowledged, same identifiers, same order, with DUP', async () => {
    const bench = testBroker();
    const first = await bench.connected(lasting());
    await subscribe(first, '#');
    for (const [index, qos] of ([1, 2, 1, 2, 1] as const).entries()) {
      publishAll(bench, qos, `${index}`);
      await expectText(first, `${index}`, { dup: false, packetId: index + 1 });
    }
    first.send({ type: puback, packetId: 3, reasonCode: 0 });
    await bench.settle();
    first.stream.destroy();
    await bench.settle();
    publishAll(bench, 1, 'queued');
    const second = await bench.connected(lasting());
    for (const index of [0, 1, 3, 4]) {
      await expectText(second, `${index}`, { dup: true, packetId: index + 1 });
    }
    await expectText(second, 'queued', { dup: false, packetId: 6 });
    await second.expectNothing();
  });

  test('[MQTT-4.3.3-6] PUBREL is sent again where it is owed, and its PUBLISH is not', async () => {
    const bench = testBroker();
    const first = await bench.connected(lasting());
    await subscribe(first, '#');
    publishAll(bench, 2, 'a', 'b', 'c');
    for (const text of ['a', 'b', 'c']) await expectText(first, text);
    first.send({ type: pubrec, packetId: 2, reasonCode: 0 });
    await first.expect({ type: pubrel, packetId: 2 });
    const second = await bench.connected(lasting());
    await second.expect({ type: pubrel, packetId: 2, reasonCode: 0 });
    await expectText(second, 'a', { dup: true, packetId: 1 });
    await expectText(second, 'c', { dup: true, packetId: 3 });
    second.send({ type: pubcomp, packetId: 2, reasonCode: 0 });
    const third = await bench.connected(lasting());
    await expectText(third, 'a', { packetId: 1 });
    await expectText(third, 'c', { packetId: 3 });
  });

  test('[MQTT-4.4.0-1] nothing is sent again on a connection that lives', async () => {
    const bench = testBroker();
    const client = await bench.connected(lasting());
    await subscribe(client, '#');
    publishAll(bench, 1, 'once');
    await expectText(client, 'once');
    await bench.clock.advance(3_600_000);
    await client.expectNothing();
  });

  test('[MQTT-4.9.0-1] [MQTT-3.3.4-9] a smaller Receive Maximum holds for what is sent again', async () => {
    const bench = testBroker();
    const first = await bench.connected(lasting());
    await subscribe(first, '#');
    const texts = ['1', '2', '3', '4', '5'];
    publishAll(bench, 1, ...texts);
    for (const text of texts) await expectText(first, text);
    first.stream.destroy();
    await bench.settle();
    publishAll(bench, 1, '6');
    const second = await bench.connected(lasting(2));
    await expectText(second, '1', { dup: true });
    await expectText(second, '2', { dup: true });
    for (let done = 1; done <= 3; done += 1) {
      await second.expectNothing();
      second.send({ type: puback, packetId: done, reasonCode: 0 });
      await expectText(second, `${done + 2}`, { dup: true, packetId: done + 2 });
    }
    second.send({ type: puback, packetId: 4, reasonCode: 0 });
    await expectText(second, '6', { dup: false });
    await second.expectNothing();
  });

  test('[MQTT-3.3.4-9] the quota starts afresh on each connection', async () => {
    const bench = testBroker();
    const first = await bench.connected(lasting(1));
    await subscribe(first, '#');
    publishAll(bench, 1, '1', '2', '3');
    await expectText(first, '1');
    await first.expectNothing();
    const second = await bench.connected(lasting(3));
    await expectText(second, '1', { dup: true });
    await expectText(second, '2', { dup: false });
    await expectText(second, '3', { dup: false });
  });

  test('a QoS 2 message keeps QoS, topic, properties and its Subscription Identifier', async () => {
    const bench = testBroker();
    const first = await bench.connected(lasting());
    first.send({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [
        { filter: 't', qos: 2, noLocal: false, retainAsPublished: true, retainHandling: 0 },
      ],
      properties: { subscriptionIdentifiers: [77] },
    });
    await first.expect(PacketType.suback);
    const properties = { userProperties: [['k', 'v']], contentType: 'c' } as const;
    bench.broker.publish('t', 'x', { qos: 2, retain: true, properties });
    const expected = {
      topic: 't',
      qos: 2,
      retain: true,
      properties: { ...properties, subscriptionIdentifiers: [77] },
    };
    await expectText(first, 'x', { ...expected, dup: false });
    const second = await bench.connected(lasting());
    await expectText(second, 'x', { ...expected, dup: true, packetId: 1 });
  });

  test('[MQTT-4.3.3-7] expiry does not apply to what was sent; [MQTT-3.3.2-5] but to what waited', async () => {
    const bench = testBroker();
    const first = await bench.connected(lasting(1));
    await subscribe(first, '#');
    const properties = { messageExpiryInterval: 10 };
    bench.broker.publish('t', 'sent', { qos: 1, properties });
    bench.broker.publish('t', 'waits', { qos: 1, properties });
    bench.broker.publish('t', 'lasts', { qos: 1, properties: { messageExpiryInterval: 100 } });
    await expectText(first, 'sent');
    first.stream.destroy();
    await bench.clock.advance(20_000);
    const second = await bench.connected(lasting(2));
    await expectText(second, 'sent', { dup: true });
    // [MQTT-3.3.2-6]
    await expectText(second, 'lasts', { properties: { messageExpiryInterval: 80 } });
    assert.equal(bench.broker.metrics.messagesDroppedExpired, 1);
  });

  test('[MQTT-3.1.2-25] what is too large for the client as it is now is dropped, in flight or queued', async () => {
    const bench = testBroker();
    const first = await bench.connected(lasting());
    await subscribe(first, '#');
    publishAll(bench, 1, 'small', 'x'.repeat(200), 'small too');
    await first.expect(publish);
    await first.expect(publish);
    await first.expect(publish);
    first.stream.destroy();
    await bench.settle();
    publishAll(bench, 2, 'y'.repeat(200), 'last');
    const second = await bench.connected(lasting(1, { maximumPacketSize: 100 }));
    second.send({ type: puback, packetId: await expectText(second, 'small'), reasonCode: 0 });
    second.send({ type: puback, packetId: await expectText(second, 'small too'), reasonCode: 0 });
    await expectText(second, 'last');
    assert.equal(bench.broker.metrics.messagesDroppedTooLarge, 2);
    const third = await bench.connected(lasting());
    await expectText(third, 'last', { dup: true });
    await third.expectNothing();
  });
});

suite('the send quota', () => {
  test('[MQTT-4.9.0-2] [MQTT-3.3.4-9] is used to the last and never exceeded', async () => {
    for (const receiveMaximum of [1, 2, 5]) {
      const bench = testBroker();
      const client = await bench.connected(lasting(receiveMaximum));
      await subscribe(client, '#');
      publishAll(bench, 1, ...Array.from({ length: 12 }, (_, index) => `${index}`));
      const unacknowledged: number[] = [];
      for (let index = 0; index < 12; index += 1) {
        if (unacknowledged.length === receiveMaximum) {
          await client.expectNothing();
          client.send({ type: puback, packetId: unacknowledged.shift()!, reasonCode: 0 });
        }
        unacknowledged.push(await expectText(client, `${index}`));
      }
    }
  });

  test('inflightMax holds where the client allows more', async () => {
    const bench = testBroker({ limits: { inflightMax: 2 } });
    const client = await bench.connected(lasting());
    await subscribe(client, '#');
    publishAll(bench, 1, '1', '2', '3');
    await expectText(client, '1');
    await expectText(client, '2');
    await client.expectNothing();
  });

  test('[MQTT-4.9.0-3] [MQTT-3.3.4-10] at zero all else flows', async () => {
    const bench = testBroker();
    const client = await bench.connected(lasting(1));
    await subscribe(client, '#');
    publishAll(bench, 2, 'first', 'second');
    await expectText(client, 'first', { qos: 2 });
    client.send({ type: pingreq });
    await client.expect(pingresp);
    await subscribe(client, 'x');
    client.send({ type: unsubscribe, packetId: 2, filters: ['x'] });
    await client.expect({ type: unsuback, packetId: 2 });
    publishAll(bench, 0, 'QoS 0');
    await expectText(client, 'QoS 0', { qos: 0 });
    client.send(publishOf('$x', '', { qos: 1, packetId: 8 }));
    await client.expect({ type: puback, packetId: 8 });
    client.send(publishOf('$x', '', { qos: 2, packetId: 9 }));
    await client.expect({ type: pubrec, packetId: 9 });
    client.send({ type: pubrel, packetId: 9, reasonCode: 0 });
    await client.expect({ type: pubcomp, packetId: 9 });
    client.send({ type: pubrec, packetId: 1, reasonCode: 0 });
    await client.expect({ type: pubrel, packetId: 1 });
    await client.expectNothing();
    client.send({ type: pubcomp, packetId: 1, reasonCode: 0 });
    await expectText(client, 'second');
  });

  test('[MQTT-3.1.2-24] [MQTT-3.1.2-25] a message too large for one client frees its place, others get it', async () => {
    for (const expiry of [0, 100]) {
      const bench = testBroker();
      const { broker } = bench;
      const properties = {
        receiveMaximum: 1,
        maximumPacketSize: 60,
        sessionExpiryInterval: expiry,
      };
      const small = await bench.connected({ clientId: 'small', properties });
      const other = await bench.connected({ clientId: 'other' });
      await subscribe(small, '#');
      await subscribe(other, '#');
      for (const qos of [0, 1, 2] as const) publishAll(bench, qos, 'x'.repeat(100));
      publishAll(bench, 1, 'fits');
      await expectText(small, 'fits');
      for (let count = 0; count < 4; count += 1) await other.expect(publish);
      // Those that have to wait are found too large only when it is their turn.
      publishAll(bench, 1, 'y'.repeat(100), 'z'.repeat(100), 'fits too');
      small.send({ type: puback, packetId: 3, reasonCode: 0 });
      await expectText(small, 'fits too');
      assert.equal(broker.metrics.messagesDroppedTooLarge, 5);
    }
  });

  test('[MQTT-3.1.2-24] exactly Maximum Packet Size still goes', async () => {
    const bench = testBroker();
    // 2 header, 3 topic, 2 identifier, 1 properties
    const client = await bench.connected({
      clientId: 'a',
      properties: { maximumPacketSize: 28 },
    });
    await subscribe(client, '#');
    publishAll(bench, 1, 'x'.repeat(20));
    await expectText(client, 'x'.repeat(20));
    publishAll(bench, 1, 'x'.repeat(21));
    publishAll(bench, 0, 'x'.repeat(22));
    await expectText(client, 'x'.repeat(22));
    await client.expectNothing();
  });
});

suite('the queue', () => {
  test('[MQTT-4.5.0-1] QoS 1 and 2 wait for who is away, in order; QoS 0 does not', async () => {
    const bench = testBroker();
    await away(bench);
    publishAll(bench, 1, '1');
    publishAll(bench, 0, 'not this');
    publishAll(bench, 2, '2');
    publishAll(bench, 1, '3');
    const client = await bench.connected(lasting());
    await expectText(client, '1', { qos: 1, dup: false, packetId: 1 });
    await expectText(client, '2', { qos: 2, dup: false, packetId: 2 });
    await expectText(client, '3', { qos: 1, dup: false, packetId: 3 });
    await client.expectNothing();
  });

  test('[MQTT-4.6.0-5] what comes while messages wait goes behind them', async () => {
    const bench = testBroker();
    await away(bench);
    publishAll(bench, 1, '1', '2', '3');
    const client = await bench.connected(lasting(1));
    publishAll(bench, 1, '4');
    for (const text of ['1', '2', '3', '4']) {
      client.send({ type: puback, packetId: await expectText(client, text), reasonCode: 0 });
    }
    await client.expectNothing();
  });

  test('queueMessagesMax: the newest is dropped, and counted', async () => {
    const bench = testBroker({ limits: { queueMessagesMax: 3 } });
    await away(bench);
    publishAll(bench, 1, '1', '2', '3', '4', '5');
    assert.equal(bench.broker.metrics.messagesDroppedQueueFull, 2);
    const client = await bench.connected(lasting());
    for (const text of ['1', '2', '3']) await expectText(client, text);
    await client.expectNothing();
  });

  test('[MQTT-3.10.4-4] a queue that is full costs no answer', async () => {
    const bench = testBroker({ limits: { queueMessagesMax: 1 } });
    const client = await bench.connected(lasting(1));
    await subscribe(client, 't');
    publishAll(bench, 1, 'in flight', 'queued', 'too many');
    const packetId = await expectText(client, 'in flight');
    assert.equal(bench.broker.metrics.messagesDroppedQueueFull, 1);
    await subscribe(client, 'other');
    client.send({ type: unsubscribe, packetId: 9, filters: ['other'] });
    await client.expect({ type: unsuback, packetId: 9 });
    client.send(publishOf('nobody', '', { qos: 1, packetId: 1 }));
    await client.expect({ type: puback, packetId: 1 });
    client.send(publishOf('nobody', '', { qos: 2, packetId: 2 }));
    await client.expect({ type: pubrec, packetId: 2 });
    client.send({ type: pubrel, packetId: 2, reasonCode: 0 });
    await client.expect({ type: pubcomp, packetId: 2 });
    client.send({ type: pingreq });
    await client.expect(pingresp);
    client.send({ type: puback, packetId, reasonCode: 0 });
    await expectText(client, 'queued');
  });

  test('queueBytesMax: as that; a smaller one may still fit', async () => {
    const bench = testBroker({ limits: { queueBytesMax: 1000 } });
    await away(bench);
    publishAll(bench, 1, 'a'.repeat(600), 'b'.repeat(600), 'c'.repeat(300));
    assert.equal(bench.broker.metrics.messagesDroppedQueueFull, 1);
    const client = await bench.connected(lasting());
    await expectText(client, 'a'.repeat(600));
    await expectText(client, 'c'.repeat(300));
    client.stream.destroy();
    await bench.settle();
    publishAll(bench, 1, 'd'.repeat(900)); // what is in flight does not count
    assert.equal(bench.broker.metrics.messagesDroppedQueueFull, 1);
  });

  test('a queue of 0 keeps nothing for who is away', async () => {
    const bench = testBroker({ limits: { queueMessagesMax: 0 } });
    await away(bench);
    publishAll(bench, 1, '1');
    const client = await bench.connected(lasting());
    await client.expectNothing();
    publishAll(bench, 1, '2');
    await expectText(client, '2');
  });

  test('[MQTT-3.10.4-3] what waits is delivered though the subscription has gone', async () => {
    const bench = testBroker();
    const client = await bench.connected(lasting(1));
    await subscribe(client, 't');
    publishAll(bench, 1, '1', '2');
    await expectText(client, '1');
    client.send({ type: unsubscribe, packetId: 2, filters: ['t'] });
    await client.expect(unsuback);
    publishAll(bench, 1, '3'); // [MQTT-3.10.4-2]
    client.send({ type: puback, packetId: 1, reasonCode: 0 });
    await expectText(client, '2');
    client.send({ type: puback, packetId: 2, reasonCode: 0 });
    await client.expectNothing();
  });

  test('a session that ends with its connection sends from its queue as any other', async () => {
    const bench = testBroker();
    const client = await bench.connected({ clientId: 'a', properties: { receiveMaximum: 1 } });
    await subscribe(client, '#');
    publishAll(bench, 1, '1', '2', '3');
    for (const text of ['1', '2', '3']) {
      client.send({ type: puback, packetId: await expectText(client, text), reasonCode: 0 });
    }
    await client.expectNothing();
  });
});
