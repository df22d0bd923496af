import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, ReasonCode } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import { arrivedAt, subscribe, testBroker } from '../testing/test-broker.ts';
import { OutboundBudget } from './outbound-budget.ts';
import { SharedBlock } from './shared-block.ts';

const { disconnect, publish } = PacketType;
const mebi = 1024 * 1024;

suite('OutboundBudget', () => {
  test('is tight above the total until half of it is left', () => {
    const budget = new OutboundBudget(1000_000, 4_000_000, () => 10);
    budget.add(4_000_000);
    assert.deepEqual([budget.isTight, budget.bytesMax], [false, 1000_000]);
    budget.add(1);
    assert.deepEqual([budget.isTight, budget.bytesMax], [true, 200_000]);
    budget.remove(2_000_000);
    assert.equal(budget.isTight, true);
    budget.remove(1);
    assert.deepEqual([budget.isTight, budget.bytesMax], [false, 1000_000]);
  });

  test('a share is 64 KiB at least, and never more than the bound of one connection', () => {
    const many = new OutboundBudget(1000_000, 100, () => 1_000_000);
    many.add(101);
    assert.equal(many.bytesMax, 65_536);
    const few = new OutboundBudget(70_000, 4_000_000, () => 0);
    few.add(4_000_001);
    assert.equal(few.bytesMax, 70_000);
  });

  test('what several hold counts once', () => {
    const budget = new OutboundBudget(1000, 1000, () => 1);
    const block = new SharedBlock(new Uint8Array(100));
    block.hold(budget);
    block.hold(budget);
    assert.equal(budget.total, 100);
    block.release(budget);
    assert.equal(budget.total, 100);
    block.release(budget);
    assert.equal(budget.total, 0);
  });
});

suite('many slow readers', () => {
  test('have their fair share of the total, and one that reads has all it wants', async () => {
    const limits = { outboundBytesMax: 4 * mebi, totalOutboundBytesMax: 8 * mebi };
    const { broker, connected, settle } = testBroker({ limits });
    const slow: RawClient[] = [];
    for (let count = 0; count < 10; count += 1) {
      const client = await connected();
      await subscribe(client, `to/${count}`);
      client.stream.pause();
      slow.push(client);
    }
    const quick = await connected();
    await subscribe(quick, 'quick');
    const payload = new Uint8Array(10_000);
    for (let round = 0; round < 500; round += 1) {
      for (let count = 0; count < 10; count += 1) broker.publish(`to/${count}`, payload);
      if (round % 25 === 0) {
        broker.publish('quick', payload);
        await settle();
        await quick.expect(publish);
      }
    }
    const { messagesSent, messagesDroppedSlowClient } = broker.metrics;
    const heldBytes = (messagesSent - 20) * payload.length;
    assert(heldBytes > 7 * mebi && heldBytes < 10 * mebi, `${heldBytes}`);
    assert.equal(messagesSent + messagesDroppedSlowClient, 5020);
    for (const client of slow) client.stream.resume();
    await settle();
    for (const client of slow) await arrivedAt(client);
    broker.publish('to/1', payload);
    await slow[1].expect(publish);
  });
});

suite('a client that takes nothing', () => {
  async function full(): Promise<ReturnType<typeof testBroker> & { slow: RawClient }> {
    const limits = { outboundBytesMax: 65_536, slowClientTimeoutMs: 10_000 };
    // With an engine the first message would come behind the others.
    const bench = testBroker({ limits, engine: undefined });
    const slow = await bench.connected({
      clientId: 'slow',
      properties: { sessionExpiryInterval: 100 },
    });
    await subscribe(slow, '#');
    slow.stream.pause();
    bench.broker.publish('t', 'kept', { qos: 1 });
    for (let count = 0; count < 200; count += 1) bench.broker.publish('t', 'x'.repeat(1000));
    return { ...bench, slow };
  }

  test('is cut, and its session keeps what it has not acknowledged', async () => {
    const { broker, clock, slow, client } = await full();
    await clock.advance(9000);
    assert.equal(broker.metrics.slowClientsDisconnected, 0);
    await clock.advance(2000);
    assert.equal(broker.metrics.slowClientsDisconnected, 1);
    const again = client();
    await again.connect({ clientId: 'slow', cleanStart: false });
    await again.expect({ type: publish, dup: true, qos: 1 });
    slow.stream.resume();
    const last = (await arrivedAt(slow)).at(-1);
    assert(last?.type === disconnect && last.reasonCode === ReasonCode.quotaExceeded);
  });

  test('stays when it takes something, or is not above its budget', async () => {
    const { broker, clock, slow } = await full();
    for (let round = 0; round < 5; round += 1) {
      await clock.advance(9000);
      slow.stream.resume();
      await clock.settle();
      slow.stream.pause();
      for (let count = 0; count < 200; count += 1) broker.publish('t', 'x'.repeat(1000));
    }
    slow.stream.resume();
    await clock.advance(60_000);
    assert.equal(broker.metrics.slowClientsDisconnected, 0);
  });
});
