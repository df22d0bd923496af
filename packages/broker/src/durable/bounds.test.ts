/** What happens when queues are full, the disk is, or it breaks. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, type ProtocolVersion } from '@godwit/protocol';
import { type RawClient, SeededRandom, VirtualClock } from '@godwit/testkit';
import { Broker } from '../broker.ts';
import { type DurableWorld, durableWorld } from '../testing/durable-world.ts';
import { HandEngine } from '../testing/hand-engine.ts';
import { publishOf, textOf } from '../testing/test-broker.ts';

const { publish, puback, pubrec, suback, connack, subscribe } = PacketType;

async function texts(client: RawClient, count: number): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < count; i += 1) found.push(textOf(await client.expect(publish)));
  await client.expectNothing();
  return found;
}

/** Subscribes, and is gone. */
async function away(world: DurableWorld): Promise<void> {
  const client = await world.lasting({}, 't');
  client.stream.destroy();
  await world.sync();
}

async function publishAll(world: DurableWorld, ...all: string[]): Promise<void> {
  for (const text of all) world.broker.publish('t', text, { qos: 1 });
  await world.sync();
}

suite('a full queue', () => {
  const limits = { queueMessagesMax: 2 };

  test('drop-newest: what comes then is dropped', async () => {
    const world = await durableWorld({ limits });
    await away(world);
    await publishAll(world, 'a', 'b', 'c');
    assert.equal(world.broker.metrics.messagesDroppedQueueFull, 1);
    assert.deepEqual(await texts(await world.lasting(), 2), ['a', 'b']);
  });

  test('drop-oldest: what waits longest goes, for good', async () => {
    const world = await durableWorld({ limits, queueFullPolicy: 'drop-oldest' });
    await away(world);
    await publishAll(world, 'a', 'b');
    await publishAll(world, 'c');
    assert.equal(world.broker.metrics.messagesDroppedQueueFull, 1);
    assert.equal(world.engine.accepts.held.size, 2);
    const next = await world.crash();
    assert.deepEqual(await texts(await next.lasting(), 2), ['b', 'c']);
  });

  test('reject: 0x97 and nobody has it; before 5.0 as drop-newest', async () => {
    const world = await durableWorld({ limits, queueFullPolicy: 'reject' });
    const other = await world.lasting({ clientId: 'other' }, 't');
    await away(world);
    await publishAll(world, 'a', 'b');
    assert.deepEqual(await texts(other, 2), ['a', 'b']);
    const writer = await world.connected();
    writer.send(publishOf('t', 'c', { qos: 1, packetId: 1 }));
    await writer.expect({ type: puback, packetId: 1, reasonCode: 0x97 });
    writer.send(publishOf('t', 'c', { qos: 2, packetId: 2 }));
    await writer.expect({ type: pubrec, packetId: 2, reasonCode: 0x97 });
    await world.sync();
    await other.expectNothing();
    const old = await world.connected({ protocolVersion: 4 });
    old.send(publishOf('t', 'd', { qos: 1, packetId: 3 }));
    await world.sync();
    await old.expect({ type: puback, packetId: 3 });
    assert.deepEqual(await texts(other, 1), ['d']);
  });

  test('what is on its way to a client that takes it does not count as waiting', async () => {
    const world = await durableWorld({ limits: { queueMessagesMax: 0 } });
    const client = await world.lasting({}, 't');
    await publishAll(world, 'a', 'b', 'c');
    assert.deepEqual(await texts(client, 3), ['a', 'b', 'c']);
    assert.equal(world.broker.metrics.messagesDroppedQueueFull, 0);
  });
});

suite('a full disk', () => {
  test('5.0 is refused with 0x97; 3.1.1 waits; the rest goes on; all is well again later', async () => {
    const world = await durableWorld();
    const reader = await world.lasting({}, 't');
    const writers = new Map<ProtocolVersion, RawClient>();
    for (const protocolVersion of [4, 5] as const) {
      writers.set(protocolVersion, await world.connected({ protocolVersion }));
    }
    world.engine.setFull(true);
    writers.get(5)!.send(publishOf('t', 'five', { qos: 1, packetId: 1 }));
    await writers.get(5)!.expect({ type: puback, packetId: 1, reasonCode: 0x97 });
    writers.get(4)!.send(publishOf('t', 'four', { qos: 1, packetId: 1 }));
    await writers.get(4)!.expectNothing();
    writers.get(5)!.send(publishOf('nobody', 'x', { qos: 1, packetId: 2 }));
    await writers.get(5)!.expect({ type: puback, packetId: 2, reasonCode: 0x10 });
    writers.get(5)!.send(publishOf('t', 'zero'));
    assert.deepEqual(await texts(reader, 1), ['zero']);
    world.engine.setFull(false);
    await world.sync();
    await writers.get(4)!.expect({ type: puback, packetId: 1 });
    assert.deepEqual(await texts(reader, 1), ['four']);
    writers.get(5)!.send(publishOf('t', 'five', { qos: 1, packetId: 3 }));
    await world.sync();
    await writers.get(5)!.expect({ type: puback, packetId: 3, reasonCode: 0 });
    assert.equal(world.broker.metrics.messagesDroppedStorageFull, 1);
  });

  test('no new durable session, no new subscription; a retained message is refused', async () => {
    const world = await durableWorld();
    const client = await world.lasting();
    await world.sync();
    world.engine.setFull(true);
    const refused = world.client();
    refused.send({
      type: PacketType.connect,
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 0,
      clientId: 'new',
      properties: { sessionExpiryInterval: 10 },
    });
    await refused.expect({ type: connack, reasonCode: 0x97 });
    const options = {
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    client.send({ type: subscribe, packetId: 1, subscriptions: [{ filter: 'a', ...options }] });
    await client.expect({ type: suback, packetId: 1, reasonCodes: [0x97] });
    assert.equal(world.broker.metrics.subscriptions, 0);
    client.send(publishOf('r', 'x', { qos: 1, retain: true, packetId: 2 }));
    await client.expect({ type: puback, packetId: 2, reasonCode: 0x97 });
    assert.equal(world.broker.metrics.retainedMessages, 0);
  });

  test('a subscription that cannot be renewed is as it was', async () => {
    const world = await durableWorld();
    const client = await world.lasting({}, 't');
    world.engine.setFull(true);
    const options = { qos: 0, noLocal: true, retainAsPublished: true, retainHandling: 0 } as const;
    client.send({ type: subscribe, packetId: 1, subscriptions: [{ filter: 't', ...options }] });
    await client.expect({ type: suback, packetId: 1, reasonCodes: [0x97] });
    world.engine.setFull(false);
    client.send(publishOf('t', 'own', { qos: 1, retain: true, packetId: 2 }));
    await world.sync();
    await client.expect({ type: publish, qos: 1, retain: false });
    await client.expect({ type: puback, packetId: 2 });
  });

  test('a retained message that the table has no room for gets there later', async () => {
    const world = await durableWorld();
    world.broker.publish('r', 'x', { retain: true, qos: 1 });
    await world.settle();
    world.engine.isFull = true;
    await world.sync();
    assert.equal(world.engine.accepts.held.size, 1);
    world.engine.setFull(false);
    await world.sync();
    assert.equal(world.engine.accepts.held.size, 0);
    assert.equal(world.engine.retained.values.size, 1);
  });
});

test('a disk that breaks: no acknowledgement, no connection, and its owner is told', async () => {
  const failures: Error[] = [];
  const world = await durableWorld({ onFailure: error => failures.push(error) });
  await world.lasting({}, 't');
  const writer = await world.connected();
  writer.send(publishOf('t', 'x', { qos: 1 }));
  await writer.expectNothing();
  world.engine.fail();
  await writer.expectClosed();
  assert.equal(failures.length, 1);
  const late = world.client();
  await late.expectClosed();
});

test('what is published during the start is refused, and nothing for its sake after it', async () => {
  const engine = new HandEngine(true);
  const clock = new VirtualClock();
  const broker = new Broker({ engine, clock, random: new SeededRandom(1) });
  const started = broker.start();
  assert.equal(broker.publish('t', 'early', { retain: true }), false);
  assert.equal(broker.metrics.messagesDroppedStorageFull, 1);
  await started;
  assert.equal(broker.inspector.storage, 'ready');
  broker.publish('t', 'in time', { retain: true });
  assert.equal(broker.metrics.retainedMessages, 1);
  await broker.close();
});
