import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import {
  publishOf,
  subscribe,
  type TestBroker,
  testBroker,
  textOf,
} from '../testing/test-broker.ts';

const { disconnect, pingresp, puback, publish } = PacketType;

/** The least that outboundBytesMax may be. */
const budget = 65_536;
const filler = 'x'.repeat(1000);

async function slowReader(): Promise<TestBroker & { slow: RawClient }> {
  const bench = testBroker({ limits: { outboundBytesMax: budget } });
  const slow = await bench.connected({ clientId: 'slow', keepAlive: 10 });
  await subscribe(slow, '#');
  slow.stream.pause();
  return { ...bench, slow };
}

suite('a client that reads slowly', () => {
  test('loses QoS 0 above its budget, counted; nobody else does', async () => {
    const { broker, slow, connected, settle } = await slowReader();
    const quick = await connected();
    await subscribe(quick, '#');
    for (let count = 0; count < 200; count += 1) {
      broker.publish('t', `${count} ${filler}`);
      await settle();
      await quick.expect(publish);
    }
    const { messagesDroppedSlowClient } = broker.metrics;
    assert(messagesDroppedSlowClient > 100 && messagesDroppedSlowClient < 140);
    slow.stream.resume();
    for (let count = 0; count < 200 - messagesDroppedSlowClient; count += 1) {
      const message = await slow.expect(publish);
      assert.equal(Number.parseInt(textOf(message), 10), count);
    }
    await slow.expectNothing();
    broker.publish('t', 'again');
    await slow.expect(publish);
  });

  test('loses QoS 0 that a client sends, in one run, the same way', async () => {
    const { broker, slow, connected } = await slowReader();
    const publisher = await connected();
    for (let count = 0; count < 200; count += 1) publisher.send(publishOf('t', filler));
    await publisher.expectNothing();
    const { messagesDroppedSlowClient, messagesReceived } = broker.metrics;
    assert.equal(messagesReceived, 200);
    assert(messagesDroppedSlowClient > 0);
    slow.stream.resume();
    for (let count = 0; count < 200 - messagesDroppedSlowClient; count += 1) {
      await slow.expect(publish);
    }
    await slow.expectNothing();
  });

  test('[MQTT-4.6.0-5] keeps QoS 1, in its session and in order, and gets it when it reads again', async () => {
    const { broker, slow, settle } = await slowReader();
    for (let count = 0; count < 300; count += 1) {
      broker.publish('t', `${count} ${filler}`, { qos: 1 });
      await settle();
    }
    slow.stream.resume();
    for (let count = 0; count < 300; count += 1) {
      const message = await slow.expect({ type: publish, qos: 1, dup: false });
      assert.equal(Number.parseInt(textOf(message), 10), count);
      slow.send({ type: puback, packetId: message.packetId, reasonCode: 0 });
    }
    await slow.expectNothing();
    const { messagesDroppedSlowClient, messagesDroppedQueueFull } = broker.metrics;
    assert.deepEqual([messagesDroppedSlowClient, messagesDroppedQueueFull], [0, 0]);
  });

  test('that sends acknowledgements for what it has not read does not move its budget', async () => {
    const { broker, slow, settle } = await slowReader();
    for (let count = 0; count < 100; count += 1) broker.publish('t', filler, { qos: 1 });
    await settle();
    const { messagesSent } = broker.metrics;
    for (let id = 1; id <= messagesSent; id += 1) {
      slow.send({ type: puback, packetId: id, reasonCode: 0 });
    }
    await settle();
    assert.equal(broker.metrics.messagesSent, messagesSent);
    slow.stream.resume();
    for (let count = 0; count < 100; count += 1) await slow.expect(publish);
  });

  test('and goes, takes what waits with it', async () => {
    const { broker, slow, clock } = await slowReader();
    for (let count = 0; count < 300; count += 1) broker.publish('t', filler, { qos: 1 });
    await clock.advance(17_000); // keep alive: it has not sent anything either
    assert.equal(broker.metrics.keepAliveTimeouts, 1);
    assert.equal(broker.metrics.connectionsOpen, 1);
    await clock.advance(6_000); // closeGraceMs
    const { connectionsOpen, sessions, subscriptions } = broker.metrics;
    assert.deepEqual([connectionsOpen, sessions, subscriptions], [0, 0, 0]);
    slow.stream.destroy();
  });

  test('gets what was written, then DISCONNECT, when it reads within the grace', async () => {
    const { broker, slow, clock } = await slowReader();
    for (let count = 0; count < 10; count += 1) broker.publish('t', filler);
    await clock.advance(17_000);
    slow.stream.resume();
    for (let count = 0; count < 10; count += 1) await slow.expect(publish);
    await slow.expect({ type: disconnect, reasonCode: 0x8d });
    await slow.expectClosed();
  });
});

suite('a client that asks and does not take the answers', () => {
  const pings = 40_000;

  /** Three chunks of PINGREQs. */
  async function ask({ slow, settle }: Awaited<ReturnType<typeof slowReader>>): Promise<void> {
    for (let count = 0; count < 3; count += 1) {
      slow.send(new Uint8Array(2 * pings).map((_, index) => (index % 2 === 0 ? 0xc0 : 0)));
      await settle();
    }
  }

  test('is asked for nothing more above twice its budget, and gets all when it reads', async () => {
    const bench = await slowReader();
    const { broker, slow, settle } = bench;
    const { packetsReceived, bytesSent } = broker.metrics;
    await ask(bench);
    // Twice the budget in PINGRESPs, and what one more chunk of 64 KiB asked for
    const answered = broker.metrics.packetsReceived - packetsReceived;
    assert(answered > budget && answered <= budget + 32_768, `${answered}`);
    slow.stream.resume();
    await settle();
    assert.equal(broker.metrics.packetsReceived - packetsReceived, 3 * pings);
    assert.equal(broker.metrics.bytesSent - bytesSent, 3 * 2 * pings);
    for (let count = 0; count < 10; count += 1) await slow.expect(pingresp);
  });

  test('is cut by its keep alive in the end', async () => {
    const bench = await slowReader();
    await ask(bench);
    await bench.clock.advance(23_000);
    assert.equal(bench.broker.metrics.connectionsOpen, 0);
    assert.equal(bench.broker.metrics.keepAliveTimeouts, 1);
  });
});
