import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, type PublishPacket, ReasonCode } from '@godwit/protocol';
import { type RawClient, VirtualClock } from '@godwit/testkit';
import { resolveLimits } from '../limits.ts';
import {
  arrivedAt,
  publishOf,
  subscribe,
  type TestBroker,
  testBroker,
} from '../testing/test-broker.ts';
import { InboundRate } from './inbound-rate.ts';

const { disconnect, puback, pubrec, publish, pingreq, pingresp, suback } = PacketType;

/** How many packets have arrived at `client`. */
async function arrived(client: RawClient): Promise<number> {
  return (await arrivedAt(client)).length;
}

async function received(bench: TestBroker): Promise<RawClient> {
  const client = await bench.connected({ clientId: 'receiver' });
  await subscribe(client, '#');
  return client;
}

suite('a client that is read no faster than it may send', () => {
  test('gets through a burst, then its rate; nothing is lost, and others are not held', async () => {
    const limits = { publishMessagesPerSecond: 10, rateBurstMs: 1000 };
    const bench = testBroker({ limits });
    const receiver = await received(bench);
    const flood = await bench.connected();
    for (let count = 0; count < 50; count += 1) flood.send(publishOf('t', `${count}`));
    assert.equal(await arrived(receiver), 10);
    const other = await bench.connected();
    other.send(publishOf('t', 'other'));
    assert.equal(await arrived(receiver), 1);
    await bench.clock.advance(1000);
    const afterOne = await arrived(receiver);
    assert(afterOne >= 9 && afterOne <= 11, `${afterOne}`);
    await bench.clock.advance(3100);
    assert.equal(afterOne + (await arrived(receiver)), 40);
    assert(bench.broker.metrics.publishersPaused > 30);
    assert.equal(bench.broker.metrics.messagesReceived, 51);
  });

  test('bytes count as well; a message larger than a second of them passes, and is paid for', async () => {
    const bench = testBroker({ limits: { publishBytesPerSecond: 1000 } });
    const receiver = await received(bench);
    const flood = await bench.connected();
    flood.send(publishOf('t', 'x'.repeat(10_000)));
    flood.send(publishOf('t', 'next'));
    assert.equal(await arrived(receiver), 1);
    await bench.clock.advance(8900);
    assert.equal(await arrived(receiver), 0);
    await bench.clock.advance(200);
    assert.equal(await arrived(receiver), 1);
  });

  test('is not taken for silent meanwhile, and can go', async () => {
    const bench = testBroker({ limits: { publishBytesPerSecond: 1 } });
    const flood = await bench.connected({ keepAlive: 20 });
    flood.send(publishOf('t', 'x'.repeat(100)));
    flood.send({ type: pingreq });
    await bench.clock.advance(60_000);
    await flood.expectNothing();
    assert.equal(bench.broker.metrics.keepAliveTimeouts, 0);
    await bench.clock.advance(50_000);
    await flood.expect({ type: pingresp });
    const timers = bench.clock.timerCount;
    flood.send(publishOf('t', 'x'.repeat(100)));
    await bench.clock.settle();
    assert.equal(bench.clock.timerCount, timers + 1);
    flood.stream.destroy();
    await bench.clock.settle();
    assert.equal(bench.clock.timerCount, timers);
  });

  test('filters count as subscribed', async () => {
    const bench = testBroker({ limits: { subscribesPerSecond: 2 } });
    const client = await bench.connected();
    const options = {
      qos: 0,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    for (let packetId = 1; packetId <= 2; packetId += 1) {
      const subscriptions = ['a', 'b', 'c', 'd'].map(filter => ({ filter, ...options }));
      client.send({ type: PacketType.subscribe, packetId, subscriptions });
    }
    await client.expect({ type: suback, packetId: 1 });
    await client.expectNothing();
    await bench.clock.advance(990);
    await client.expectNothing();
    await bench.clock.advance(20);
    await client.expect({ type: suback, packetId: 2 });
  });
});

test('time that passes while a chunk is read counts', async () => {
  // A clock that goes on with every look, as a real one does.
  const clock = new VirtualClock();
  let looks = 0;
  const restless = {
    ...clock,
    monotonicMs(): number {
      looks += 1;
      return looks / 10;
    },
  };
  const limits = resolveLimits({ publishMessagesPerSecond: 10_000, rateBurstMs: 10 });
  const rate = InboundRate.of(limits, 'delay', restless)!;
  for (let count = 0; count < 100; count += 1) rate.takePublish(1);
  assert.equal(rate.isOver, true);
  assert.equal(rate.fill(), 0);
  assert.equal(rate.isOver, false);
});

suite('a client that is told when it sends too much', () => {
  const options = {
    limits: { publishMessagesPerSecond: 1 },
    publishRatePolicy: 'refuse',
  } as const;

  test('0x97 at QoS 1 and 2, and the message goes nowhere', async () => {
    const bench = testBroker(options);
    const receiver = await received(bench);
    const flood = await bench.connected();
    const sent = (qos: 1 | 2, packetId: number): PublishPacket =>
      publishOf('t', 'x', { qos, packetId });
    flood.send(sent(1, 1));
    await flood.expect({ type: puback, packetId: 1, reasonCode: 0 });
    flood.send(sent(1, 2));
    await flood.expect({ type: puback, packetId: 2, reasonCode: ReasonCode.quotaExceeded });
    flood.send(sent(2, 3));
    await flood.expect({ type: pubrec, packetId: 3, reasonCode: ReasonCode.quotaExceeded });
    assert.equal(await arrived(receiver), 1);
    assert.equal(bench.broker.metrics.publishesRefusedRate, 2);
    await bench.clock.advance(1001);
    flood.send(sent(2, 3));
    await flood.expect({ type: pubrec, packetId: 3, reasonCode: 0 });
    assert.equal(await arrived(receiver), 1);
  });

  test('what a topic alias stands for is true although its message was refused', async () => {
    const bench = testBroker(options);
    const receiver = await received(bench);
    const flood = await bench.connected();
    flood.send(publishOf('t', 'x', { qos: 1, packetId: 1 }));
    const properties = { topicAlias: 1 };
    flood.send(publishOf('aliased', 'x', { qos: 1, packetId: 2, properties }));
    await bench.clock.advance(1001);
    flood.send(publishOf('', 'y', { qos: 1, packetId: 3, properties }));
    await receiver.expect({ type: publish, topic: 't' });
    await receiver.expect({ type: publish, topic: 'aliased' });
  });

  test('0x96 and the end at QoS 0; before 5.0 the end at any QoS', async () => {
    const bench = testBroker(options);
    const flood = await bench.connected();
    flood.send(publishOf('t', '1'));
    flood.send(publishOf('t', '2'));
    await flood.expect({ type: disconnect, reasonCode: ReasonCode.messageRateTooHigh });
    const old = bench.client(4);
    await old.connect();
    old.send(publishOf('t', '1', { qos: 1, packetId: 1 }));
    old.send(publishOf('t', '2', { qos: 1, packetId: 2 }));
    await old.expect({ type: puback, packetId: 1 });
    await old.expectClosed();
    assert.equal(bench.broker.metrics.publishesRefusedRate, 2);
    assert.equal(bench.broker.metrics.protocolErrors, 0);
  });
});

suite('an overloaded broker', () => {
  test('drops QoS 0 of clients, and slows publishers', async () => {
    const bench = testBroker({ limits: { memoryBytesMax: 100 }, memoryBytes: () => 101 });
    const receiver = await received(bench);
    const publisher = await bench.connected();
    await bench.clock.advance(3000);
    assert.equal(bench.broker.load.state, 'overloaded');
    publisher.send(publishOf('t', 'plain'));
    publisher.send(publishOf('t', 'general', { retain: true }));
    publisher.send(publishOf('t', 'x', { qos: 1, packetId: 1 }));
    await publisher.expectNothing();
    await bench.clock.advance(200);
    await publisher.expect({ type: puback, packetId: 1 });
    await receiver.expect({ type: publish, qos: 1 });
    await receiver.expectNothing();
    assert.equal(bench.broker.metrics.messagesDroppedOverload, 2);
    assert.equal(bench.broker.metrics.retainedMessages, 0);
    publisher.send(publishOf('t', 'x', { qos: 1, packetId: 2 }));
    await publisher.expectNothing();
    await bench.clock.advance(100);
    await publisher.expect({ type: puback, packetId: 2 });
    receiver.send({ type: pingreq });
    await receiver.expect(publish);
    await receiver.expect({ type: pingresp });
  });
});
