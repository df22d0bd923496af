import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodePacket, PacketType, type PublishPacket, type QoS } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';
import { publishHeader } from './publish-writer.ts';

const { publish, puback } = PacketType;

test('the first byte: DUP, QoS, RETAIN', () => {
  assert.equal(publishHeader(0, false, false), 0x30);
  assert.equal(publishHeader(1, false, true), 0x3a);
  assert.equal(publishHeader(2, true, false), 0x35);
});

suite('Maximum Packet Size of a receiver', () => {
  const message = (qos: QoS, size: number): PublishPacket =>
    publishOf('a', '', { qos, payload: new Uint8Array(size).fill(1) });

  // by frame and, from 16,384 bytes on, by parts
  for (const size of [10, 100, 127, 128, 16_383, 16_384]) {
    test(`${size} bytes: what fits exactly is sent, one byte more never [MQTT-3.1.2-24] [MQTT-3.1.2-25]`, async () => {
      const { connected, broker } = testBroker();
      const publisher = await connected({ clientId: 'p' });
      for (const qos of [0, 1, 2] as const) {
        const maximumPacketSize = encodePacket(message(qos, size), 5)!.length;
        const properties = { maximumPacketSize, receiveMaximum: 1 };
        const client = await connected({ clientId: `c${qos}`, properties });
        await subscribe(client, 'a', { qos });
        const others = broker.metrics.messagesDroppedTooLarge;
        // Too large at first: it must hold neither identifier nor place.
        for (const more of [1, 0]) {
          broker.publish('a', message(qos, size + more).payload, { qos });
        }
        const { payload } = await client.expect({ type: publish, qos });
        assert.equal(payload.length, size);
        await client.expectNothing();
        assert.equal(broker.metrics.messagesDroppedTooLarge, others + 1);
        client.send({ type: PacketType.disconnect, reasonCode: 0 });
        await client.expectClosed();
      }
      await publisher.expectNothing();
    });
  }

  test('too large for one is not too large for others', async () => {
    const { connected, broker } = testBroker();
    const clients: RawClient[] = [];
    for (const maximumPacketSize of [20, 1_000_000, 20, 1_000_000]) {
      const clientId = `c${clients.length}`;
      const client = await connected({ clientId, properties: { maximumPacketSize } });
      await subscribe(client, 'a', { qos: 1 });
      clients.push(client);
    }
    for (const size of [100, 20_000]) {
      broker.publish('a', new Uint8Array(size), { qos: 1 });
      for (const client of [clients[1], clients[3]]) await client.expect(publish);
    }
    for (const client of clients) await client.expectNothing();
  });

  test('a queued message that is too large for the next connection is dropped, what follows is sent', async () => {
    const { connected, broker } = testBroker();
    const session = { sessionExpiryInterval: 60 };
    const client = await connected({ clientId: 'c', properties: session });
    await subscribe(client, 'a');
    client.stream.destroy();
    await client.expectClosed();
    for (const size of [100, 1, 100, 2]) broker.publish('a', new Uint8Array(size), { qos: 2 });
    const properties = { ...session, maximumPacketSize: 50, receiveMaximum: 2 };
    const back = await connected({ clientId: 'c', cleanStart: false, properties });
    assert.equal((await back.expect(publish)).payload.length, 1);
    assert.equal((await back.expect(publish)).payload.length, 2);
    await back.expectNothing();
  });

  test('the identifiers count', async () => {
    const { connected, broker } = testBroker();
    const client = await connected({ clientId: 'c', properties: { maximumPacketSize: 20 } });
    client.send({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [
        { filter: 'a', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: { subscriptionIdentifiers: [1] },
    });
    await client.expect(PacketType.suback);
    // 2 + 2 + 1 + 1 + 2 + payload
    broker.publish('a', new Uint8Array(13));
    broker.publish('a', new Uint8Array(12));
    assert.equal((await client.expect(publish)).payload.length, 12);
    await client.expectNothing();
  });
});

suite('Message Expiry Interval', () => {
  test('is forwarded as it came when nobody waited [MQTT-3.3.2-6]', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const client = await connected({ clientId: 'c' });
    await subscribe(client, '#', { qos: 1 });
    for (const messageExpiryInterval of [0, 1, 0x7fffffff, 0xffffffff]) {
      for (const size of [1, 20_000]) {
        const payload = new Uint8Array(size);
        publisher.send(publishOf('a', '', { payload, properties: { messageExpiryInterval } }));
        await client.expect({ type: publish, payload, properties: { messageExpiryInterval } });
      }
    }
  });

  test('is counted down in the queue [MQTT-3.3.2-6]; what expired there is never sent [MQTT-3.3.2-5]', async () => {
    const { connected, broker, clock } = testBroker();
    const properties = { sessionExpiryInterval: 600 };
    const client = await connected({ clientId: 'c', properties });
    await subscribe(client, 'a');
    client.stream.destroy();
    await client.expectClosed();
    const intervals = [5, 60, 4, 0xffffffff, 0] as const;
    for (const messageExpiryInterval of intervals) {
      broker.publish('a', 'x', { qos: 1, properties: { messageExpiryInterval } });
    }
    broker.publish('a', 'x', { qos: 1 });
    await clock.advance(4_001);
    const back = await connected({ clientId: 'c', cleanStart: false, properties });
    for (const messageExpiryInterval of [1, 56, 0xffffffff - 4]) {
      await back.expect({ type: publish, properties: { messageExpiryInterval } });
    }
    const last = await back.expect(publish);
    assert.equal(last.properties?.messageExpiryInterval, undefined);
    await back.expectNothing();
    assert.equal(broker.metrics.messagesDroppedExpired, 2);
  });

  test('is counted down while the window is full, and on resending', async () => {
    const { connected, broker, clock } = testBroker();
    const properties = { sessionExpiryInterval: 600, receiveMaximum: 1 };
    const client = await connected({ clientId: 'c', properties });
    await subscribe(client, 'a');
    for (const text of ['1', '2']) {
      broker.publish('a', text, { qos: 1, properties: { messageExpiryInterval: 10 } });
    }
    await client.expect({ type: publish, properties: { messageExpiryInterval: 10 } });
    await clock.advance(3_000);
    client.send({ type: puback, packetId: 1, reasonCode: 0 });
    await client.expect({ type: publish, properties: { messageExpiryInterval: 7 } });
    client.stream.destroy();
    await clock.advance(2_000);
    const back = await connected({ clientId: 'c', cleanStart: false, properties });
    await back.expect({ type: publish, dup: true, properties: { messageExpiryInterval: 5 } });
    back.stream.destroy();
    // [MQTT-4.3.3-7] once sent, it is sent again though its time is over
    await clock.advance(20_000);
    const late = await connected({ clientId: 'c', cleanStart: false, properties });
    await late.expect({ type: publish, dup: true, properties: { messageExpiryInterval: 0 } });
  });

  test('wall time that is set back never lengthens an interval', async () => {
    const { connected, broker, clock } = testBroker();
    broker.publish('a', 'x', { retain: true, properties: { messageExpiryInterval: 10 } });
    const client = await connected();
    clock.setWallMs(clock.wallMs() - 3_600_000);
    await subscribe(client, 'a');
    await client.expect({ type: publish, properties: { messageExpiryInterval: 10 } });
  });
});
