/** What a broker that died leaves to the one after it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { durableWorld } from '../testing/durable-world.ts';
import { publishOf, subscribe, textOf } from '../testing/test-broker.ts';

const { publish, puback, pubrec, pubrel, pubcomp, disconnect } = PacketType;

suite('messages after a crash', () => {
  test('what was acknowledged comes, what was not is as if never sent', async () => {
    const first = await durableWorld();
    (await first.lasting({}, 't')).stream.destroy();
    const writer = await first.connected();
    writer.send(publishOf('t', 'kept', { qos: 1, packetId: 1 }));
    await first.sync();
    await writer.expect({ type: puback, packetId: 1 });
    writer.send(publishOf('t', 'lost', { qos: 1, packetId: 2 }));
    await writer.expectNothing();
    const second = await first.crash();
    const reader = await second.lasting();
    assert.equal(textOf(await reader.expect({ type: publish, qos: 1 })), 'kept');
    await reader.expectNothing();
  });

  test('CONNACK says that the session is there; subscriptions hold with all their options', async () => {
    const first = await durableWorld();
    const client = await first.connected({
      clientId: 'lasting',
      properties: { sessionExpiryInterval: 3600 },
    });
    const subscribed = subscribe(client, 't', { qos: 1, noLocal: true, retainAsPublished: true });
    await first.sync();
    await subscribed;
    const second = await first.crash();
    const again = second.client();
    const properties = { sessionExpiryInterval: 3600 };
    const connack = await again.connect({ clientId: 'lasting', cleanStart: false, properties });
    assert.equal(connack.sessionPresent, true);
    again.send(publishOf('t', 'own', { qos: 1, packetId: 5 }));
    await again.expect({ type: puback, packetId: 5 });
    second.broker.publish('t', 'x', { qos: 2, retain: true });
    await second.sync();
    await again.expect({ type: publish, qos: 1, retain: true });
  });

  test('a QoS 2 message in flight keeps its packet identifier', async () => {
    const first = await durableWorld();
    const reader = await first.lasting({}, 't');
    first.broker.publish('t', 'a', { qos: 1 });
    first.broker.publish('t', 'b', { qos: 2 });
    await first.sync();
    const a = await reader.expect({ type: publish, qos: 1 });
    const b = await reader.expect({ type: publish, qos: 2 });
    reader.send({ type: puback, packetId: a.packetId, reasonCode: 0 });
    await first.sync();
    const second = await first.crash();
    const again = await second.lasting();
    await again.expect({ type: publish, qos: 2, packetId: b.packetId, dup: true });
    second.broker.publish('t', 'c', { qos: 2 });
    await second.sync();
    const c = await again.expect({ type: publish, qos: 2, dup: false });
    assert.notEqual(c.packetId, b.packetId);
  });

  test('a QoS 2 message that the client has goes on with PUBREL [MQTT-4.4.0-1]', async () => {
    const first = await durableWorld();
    const reader = await first.lasting({}, 't');
    first.broker.publish('t', 'x', { qos: 2 });
    await first.sync();
    const { packetId } = await reader.expect({ type: publish, qos: 2 });
    reader.send({ type: pubrec, packetId, reasonCode: 0 });
    await first.sync();
    await reader.expect({ type: pubrel, packetId });
    const second = await first.crash();
    const again = await second.lasting();
    await again.expect({ type: pubrel, packetId });
    again.send({ type: pubcomp, packetId, reasonCode: 0 });
    await second.sync();
    const third = await second.crash();
    await (await third.lasting()).expectNothing();
  });

  test('PUBREC that was not durable is asked for again', async () => {
    const first = await durableWorld();
    const reader = await first.lasting({}, 't');
    first.broker.publish('t', 'x', { qos: 2 });
    await first.sync();
    await first.sync();
    const { packetId } = await reader.expect({ type: publish, qos: 2 });
    reader.send({ type: pubrec, packetId, reasonCode: 0 });
    await reader.expectNothing();
    const second = await first.crash();
    await (await second.lasting()).expect({ type: publish, qos: 2, packetId, dup: true });
  });

  test('a publisher’s QoS 2 message is not taken twice [MQTT-4.3.3-10]', async () => {
    const first = await durableWorld();
    (await first.lasting({}, 't')).stream.destroy();
    const writer = await first.lasting({ clientId: 'writer' });
    writer.send(publishOf('t', 'once', { qos: 2, packetId: 9 }));
    await first.sync();
    const second = await first.crash();
    const again = await second.lasting({ clientId: 'writer' });
    again.send(publishOf('t', 'once', { qos: 2, packetId: 9, dup: true }));
    await again.expect({ type: pubrec, packetId: 9 });
    again.send({ type: pubrel, packetId: 9, reasonCode: 0 });
    await second.sync();
    await again.expect({ type: pubcomp, packetId: 9, reasonCode: 0 });
    const third = await second.crash();
    const new9 = await third.lasting({ clientId: 'writer' });
    new9.send(publishOf('t', 'another', { qos: 2, packetId: 9 }));
    await third.sync();
    const reader = await third.lasting();
    for (const text of ['once', 'another']) {
      assert.equal(textOf(await reader.expect(publish)), text);
    }
    await reader.expectNothing();
  });

  test('numbers, and so identifiers, go on where they were', async () => {
    let world = await durableWorld();
    const seen = new Set<number>();
    await world.lasting({}, 't');
    for (let life = 0; life < 4; life += 1) {
      const reader = await world.lasting();
      world.broker.publish('t', `${life}`, { qos: 2 });
      await world.sync();
      const packet = await reader.expect(publish);
      assert.equal(textOf(packet), `${life}`);
      seen.add(packet.packetId);
      reader.send({ type: pubrec, packetId: packet.packetId, reasonCode: 0 });
      await world.sync();
      reader.send({ type: pubcomp, packetId: packet.packetId, reasonCode: 0 });
      await world.sync();
      world = await world.crash();
    }
    assert.equal(seen.size, 4);
  });

  test('message expiry goes on counting [MQTT-3.3.2-5] [MQTT-3.3.2-6]', async () => {
    const first = await durableWorld();
    (await first.lasting({}, 't')).stream.destroy();
    first.broker.publish('t', 'short', { qos: 1, properties: { messageExpiryInterval: 10 } });
    first.broker.publish('t', 'long', { qos: 1, properties: { messageExpiryInterval: 100 } });
    await first.sync();
    const second = await first.crash(30_000);
    const packet = await (await second.lasting()).expect(publish);
    assert.equal(textOf(packet), 'long');
    assert.equal(packet.properties?.messageExpiryInterval, 70);
    assert.equal(second.broker.metrics.messagesDroppedExpired, 1);
  });
});

suite('retained messages after a crash', () => {
  test('the last that was acknowledged, or none after it was removed', async () => {
    const first = await durableWorld();
    first.broker.publish('a', '1', { retain: true });
    first.broker.publish('a', '2', { retain: true, qos: 1 });
    first.broker.publish('b', '1', { retain: true });
    first.broker.publish('b', '', { retain: true });
    // The log, the table, and the mark which says that the table has it.
    await first.sync();
    await first.sync();
    await first.sync();
    first.broker.publish('a', 'never durable', { retain: true });
    const second = await first.crash();
    const client = await second.connected();
    await subscribe(client, '#');
    const packet = await client.expect({ type: publish, topic: 'a', retain: true, qos: 1 });
    assert.equal(textOf(packet), '2');
    await client.expectNothing();
    assert.equal(second.engine.accepts.held.size, 0);
  });

  test('what is in the log only gets into the table, and an older one does not come back', async () => {
    const first = await durableWorld();
    (await first.lasting({}, 'a')).stream.destroy();
    first.broker.publish('a', 'old', { retain: true, qos: 1 });
    await first.sync();
    await first.sync();
    first.broker.publish('a', 'new', { retain: true });
    await first.sync();
    await first.sync();
    await first.sync();
    first.broker.publish('a', 'newest', { retain: true });
    // Into the log, not into the table.
    await first.settle();
    first.engine.sync();
    const second = await first.crash();
    const client = await second.connected();
    await subscribe(client, 'a');
    assert.equal(textOf(await client.expect(publish)), 'newest');
    await second.sync();
    await second.sync();
    const third = await second.crash();
    const other = await third.connected();
    await subscribe(other, 'a');
    assert.equal(textOf(await other.expect(publish)), 'newest');
  });
});

test('an expired retained message does not come back [MQTT-3.3.2-5]', async () => {
  const first = await durableWorld();
  const expiring = (seconds: number) => ({ messageExpiryInterval: seconds });
  first.broker.publish('short', 'x', { retain: true, properties: expiring(10) });
  first.broker.publish('long', 'x', { retain: true, properties: expiring(100) });
  await first.sync();
  await first.sync();
  const second = await first.crash(30_000);
  const client = await second.connected();
  await subscribe(client, '#');
  const { topic, properties } = await client.expect({ type: publish, retain: true });
  assert.deepEqual([topic, properties?.messageExpiryInterval], ['long', 70]);
  await client.expectNothing();
});

test('empty levels are levels of their own, also after a crash [MQTT-4.7.3-4]', async () => {
  const first = await durableWorld();
  const reader = await first.lasting();
  const topics = ['/a', 'a', 'a/', 'a//b', 'a/b', '/', '//'];
  for (const [i, filter] of topics.entries()) {
    const options = {
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 2,
    } as const;
    const properties = { subscriptionIdentifiers: [i + 1] };
    const subscriptions = [{ filter, ...options }];
    reader.send({ type: PacketType.subscribe, packetId: i + 1, subscriptions, properties });
    await first.sync();
    await reader.expect({ type: PacketType.suback, packetId: i + 1 });
  }
  for (const topic of topics) first.broker.publish(topic, topic, { retain: true });
  await first.sync();
  await first.sync();
  const second = await first.crash();
  const again = await second.lasting();
  for (const [i, topic] of topics.entries()) {
    second.broker.publish(topic, '', { qos: 1 });
    await second.sync();
    const packet = await again.expect({ type: publish, topic });
    assert.deepEqual(packet.properties?.subscriptionIdentifiers, [i + 1]);
    const fresh = await second.connected();
    await subscribe(fresh, topic);
    assert.equal(textOf(await fresh.expect({ type: publish, topic, retain: true })), topic);
    await fresh.expectNothing();
  }
  await again.expectNothing();
});

suite('sessions after a crash', () => {
  test('one that was away ends on time, one that was connected counts from the start', async () => {
    const first = await durableWorld();
    const away = await first.lasting({
      clientId: 'away',
      properties: { sessionExpiryInterval: 60 },
    });
    away.stream.destroy();
    await first.lasting({ clientId: 'here', properties: { sessionExpiryInterval: 60 } });
    await first.sync();
    const second = await first.crash(61_000);
    assert.equal(second.broker.metrics.sessions, 1);
    await second.clock.advance(59_000);
    const here = second.client();
    const { sessionPresent } = await here.connect({ clientId: 'here', cleanStart: false });
    assert.equal(sessionPresent, true);
  });

  test('an ended session, or one that was begun anew, does not come back', async () => {
    const first = await durableWorld();
    const client = await first.lasting({ clientId: 'a' }, 'old');
    first.broker.publish('old', 'x', { qos: 1 });
    await first.sync();
    client.stream.destroy();
    await first.lasting({ clientId: 'a', cleanStart: true }, 'new');
    const gone = await first.lasting({ clientId: 'b' }, 'old');
    gone.send({ type: disconnect, reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await first.sync();
    const second = await first.crash();
    assert.equal(second.broker.metrics.sessions, 1);
    assert.equal(second.broker.metrics.subscriptions, 1);
    assert.equal(second.engine.accepts.held.size, 0);
    const again = await second.lasting({ clientId: 'a' });
    second.broker.publish('old', 'x', { qos: 1 });
    second.broker.publish('new', 'y', { qos: 1 });
    await second.sync();
    assert.equal(textOf(await again.expect(publish)), 'y');
  });
});

test('a shared message of a session that has just ended goes to another member', async () => {
  const filter = '$share/g/t';
  const first = await durableWorld();
  const gone = await first.lasting({ clientId: 'gone' }, filter);
  first.broker.publish('t', 'x', { qos: 1 });
  await first.sync();
  await gone.expect(publish);
  gone.stream.destroy();
  await first.lasting({ clientId: 'other' }, filter);
  await first.sync();
  // The message is on the disk; before it has been read, all else is durable.
  for (const at of first.engine.accepts.held.keys()) first.engine.accepts.slow.add(at);
  first.broker.endSession('gone');
  first.engine.sync();
  const second = await first.crash(0, true);
  second.broker.endSession('gone');
  await second.sync();
  const other = await second.lasting({ clientId: 'other' });
  assert.equal(textOf(await other.expect({ type: publish, qos: 1 })), 'x');
  await second.sync();
  assert.equal(second.broker.metrics.sessions, 1);
  const third = await second.crash();
  assert.equal(third.broker.metrics.sessions, 1);
});

suite('wills after a crash', () => {
  const will = { topic: 'w', payload: new Uint8Array([1]), qos: 1, retain: false } as const;

  test('of whoever was connected, durable or clean; not after a goodbye', async () => {
    const first = await durableWorld();
    await first.lasting({ clientId: 'watch' }, 'w');
    await first.connected({ clientId: 'clean', will });
    await first.lasting({ clientId: 'durable', will });
    const polite = await first.connected({ clientId: 'polite', will });
    polite.send({ type: disconnect, reasonCode: 0 });
    await first.sync();
    const second = await first.crash();
    await second.clock.advance(1000);
    await second.sync();
    const watch = await second.lasting({ clientId: 'watch' });
    const ids = [await watch.expect(publish), await watch.expect(publish)];
    await watch.expectNothing();
    for (const { packetId } of ids) watch.send({ type: puback, packetId, reasonCode: 0 });
    await second.sync();
    const third = await second.crash();
    await third.clock.advance(1000);
    await (await third.lasting({ clientId: 'watch' })).expectNothing();
  });

  test('a delay goes on, and is off when the client is back before [MQTT-3.1.3-9]', async () => {
    const properties = { willDelayInterval: 100 };
    const first = await durableWorld();
    await first.lasting({ clientId: 'watch' }, 'w');
    for (const clientId of ['a', 'b']) {
      const client = await first.lasting({ clientId, will: { ...will, properties } });
      client.stream.destroy();
    }
    await first.sync();
    const second = await first.crash(60_000);
    const watch = await second.lasting({ clientId: 'watch' });
    await second.lasting({ clientId: 'a' });
    await second.clock.advance(39_000);
    await second.sync();
    await watch.expectNothing();
    await second.clock.advance(2000);
    await second.sync();
    await watch.expect({ type: publish, topic: 'w' });
    await watch.expectNothing();
  });
});
