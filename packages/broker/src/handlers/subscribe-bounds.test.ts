import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ConnectPacket, PacketType, ReasonCode } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import type { Limits } from '../limits.ts';
import type { QueueFullPolicy } from '../session/queue-full-policy.ts';
import { publishOf, subscribe, type TestBroker, testBroker } from '../testing/test-broker.ts';

const { disconnect, suback, unsuback } = PacketType;
const refused = ReasonCode.quotaExceeded;

async function codes(client: RawClient, filters: readonly string[]): Promise<readonly number[]> {
  const options = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;
  const subscriptions = filters.map(filter => ({ filter, ...options }));
  client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
  return (await client.expect(suback)).reasonCodes;
}

suite('bounds of subscriptions', () => {
  test('wildcards of one session; what ends makes room, what is there may change', async () => {
    const { broker, connected } = testBroker({
      limits: { wildcardSubscriptionsPerSessionMax: 1 },
    });
    const client = await connected();
    assert.deepEqual(await codes(client, ['a/#', 'b/+', 'c', 'a/#']), [0, refused, 0, 0]);
    client.send({ type: PacketType.unsubscribe, packetId: 2, filters: ['a/#'] });
    await client.expect(unsuback);
    assert.deepEqual(await codes(client, ['$share/g/b/+', 'a/#']), [0, refused]);
    assert.deepEqual(await codes(await connected(), ['#']), [0]);
    assert.equal(broker.metrics.subscriptionsRefused, 2);
  });

  test('all sessions together', async () => {
    const { connected, settle } = testBroker({ limits: { subscriptionsMax: 2 } });
    const first = await connected();
    assert.deepEqual(await codes(first, ['a', 'b']), [0, 0]);
    const second = await connected();
    assert.deepEqual(await codes(second, ['a']), [refused]);
    first.stream.destroy();
    await settle();
    assert.deepEqual(await codes(second, ['a']), [0]);
  });

  test('bytes of a filter', async () => {
    const { broker, connected } = testBroker({ limits: { filterBytesMax: 4 } });
    const client = await connected();
    const invalid = ReasonCode.topicFilterInvalid;
    assert.deepEqual(await codes(client, ['abcd', 'ääa', 'abcde']), [0, invalid, invalid]);
    assert.equal(broker.metrics.subscriptionsRefused, 2);
  });
});

suite('bounds of topics and wills', () => {
  const limits: Partial<Limits> = { topicBytesMax: 4, willDelayMaxSeconds: 60 };
  const will = (topic: string, willDelayInterval: number): Partial<ConnectPacket> => ({
    will: {
      topic,
      payload: new Uint8Array(),
      qos: 0,
      retain: false,
      properties: { willDelayInterval },
    },
  });

  test('a topic that is too long ends the connection with 0x90', async () => {
    const { connected } = testBroker({ limits });
    const client = await connected();
    client.send(publishOf('abcd', 'x'));
    client.send(publishOf('abcde', 'x'));
    await client.expect({ type: disconnect, reasonCode: ReasonCode.topicNameInvalid });
  });

  test('a will is refused for its topic, and for its delay', async () => {
    const { client } = testBroker({ limits });
    assert.equal((await client().connect(will('abcd', 60))).reasonCode, 0);
    const long = await client().connect(will('abcde', 0));
    assert.equal(long.reasonCode, ReasonCode.topicNameInvalid);
    assert.equal((await client().connect(will('a', 61))).reasonCode, refused);
  });
});

suite('what waits in all sessions together', () => {
  async function away(
    limits: Partial<Limits>,
    queueFullPolicy?: QueueFullPolicy,
  ): Promise<TestBroker> {
    // What waits in an engine's log is not in memory.
    const bench = testBroker({ limits, queueFullPolicy, engine: undefined });
    for (const clientId of ['a', 'b']) {
      const client = await bench.connected({
        clientId,
        properties: { sessionExpiryInterval: 100 },
      });
      await subscribe(client, 't');
      client.stream.destroy();
    }
    await bench.settle();
    return bench;
  }

  test('is bounded in messages', async () => {
    const { broker, client } = await away({ totalQueueMessagesMax: 5 });
    for (let count = 0; count < 4; count += 1) broker.publish('t', 'x', { qos: 1 });
    assert.equal(broker.metrics.queuedMessages, 5);
    assert.equal(broker.metrics.messagesDroppedQueueFull, 3);
    await client().connect({ clientId: 'a', cleanStart: false });
    assert.equal(broker.metrics.queuedMessages, 2);
    broker.endSession('b');
    assert.deepEqual([broker.metrics.queuedMessages, broker.metrics.queuedBytes], [0, 0]);
  });

  test('drops nothing that waits already, whatever the policy of one full queue', async () => {
    const { broker } = await away({ totalQueueMessagesMax: 4 }, 'drop-oldest');
    for (let count = 0; count < 4; count += 1) broker.publish('t', `${count}`, { qos: 1 });
    assert.equal(broker.metrics.queuedMessages, 4);
    assert.equal(broker.metrics.messagesDroppedQueueFull, 4);
  });

  test('is bounded in bytes, and a message that waits twice counts once', async () => {
    const { broker, client } = await away({ totalQueueBytesMax: 2100 });
    for (let count = 0; count < 3; count += 1) {
      broker.publish('t', 'x'.repeat(1000), { qos: 1 });
    }
    assert.equal(broker.metrics.queuedMessages, 3);
    const { queuedBytes } = broker.metrics;
    assert(queuedBytes > 2000 && queuedBytes < 2100, `${queuedBytes}`);
    await client().connect({ clientId: 'a', cleanStart: false });
    assert.equal(broker.metrics.queuedBytes, queuedBytes / 2, 'the first waits for b');
    await client().connect({ clientId: 'b', cleanStart: false });
    assert.deepEqual([broker.metrics.queuedMessages, broker.metrics.queuedBytes], [0, 0]);
  });
});
