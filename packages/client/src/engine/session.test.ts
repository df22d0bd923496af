import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { ErrorCode, PublishError } from '../errors.ts';
import { answering, connack, ScriptedNetwork, welcoming } from '../testing/scripted-network.ts';
import { outcome, publish, type Script, type ScriptedServer } from '../testing/scripted-server.ts';

const session = { expiryMs: 60_000 };

/** What was published to a server: payload, identifier and DUP. */
function published(server: ScriptedServer): string[] {
  return server.got(PacketType.publish).map(({ payload, packetId, dup }) => {
    return `${new TextDecoder().decode(payload)} ${packetId}${dup ? ' again' : ''}`;
  });
}

/** As `welcoming`, but leaves these types of packets unanswered. */
function deaf(sessionPresent: boolean, ...types: readonly number[]): Script {
  return packet => {
    if (packet.type === PacketType.connect) return [connack({ sessionPresent })];
    return types.includes(packet.type) ? [] : undefined;
  };
}

function ack(type: number, packetId: number): Packet {
  return { type, packetId, reasonCode: 0 } as Packet;
}

test('what is in flight goes out again: same identifiers, DUP, in order, then the queue', async t => {
  const network = new ScriptedNetwork();
  network.script = answering({ properties: { receiveMaximum: 3 } });
  const client = network.client(t, { session });
  await network.clock.settle();
  const results = (['1', '2', '3', '4', '5'] as const).map((text, at) =>
    client.publish('t', text, { qos: at % 2 === 0 ? 1 : 2 }),
  );
  await network.clock.settle();
  assert.deepEqual(published(network.last), ['1 1', '2 2', '3 3']);
  await network.drop();
  results.push(client.publish('t', '6', { qos: 1 }));
  const properties = { receiveMaximum: 2 };
  network.script = answering({ sessionPresent: true, properties });
  await network.clock.advance(1_000);
  // as many at once as this connection allows
  assert.deepEqual(published(network.last), ['1 1 again', '2 2 again']);
  assert.equal(client.stats.inFlight, 3);
  network.last.send(ack(PacketType.puback, 1), ack(PacketType.pubrec, 2));
  await network.clock.settle();
  assert.deepEqual(published(network.last).slice(2), ['3 3 again']);
  await network.drop();
  // PUBREL stands for the message from now on
  network.script = welcoming({ sessionPresent: true, properties });
  await network.clock.advance(2_000);
  await Promise.all(results);
  assert.deepEqual(published(network.last), ['3 3 again', '4 4', '5 5', '6 6']);
  assert.deepEqual(
    network.last.got(PacketType.pubrel).map(({ packetId }) => packetId),
    [2, 4],
  );
  assert.equal(network.last.received[1].type, PacketType.pubrel);
  assert.deepEqual(
    network.servers.map(server => server.got(PacketType.connect)[0].cleanStart),
    [true, false, false],
  );
});

test('without the session they are new messages, before all others', async t => {
  const network = new ScriptedNetwork();
  network.script = deaf(false, PacketType.publish);
  const client = network.client(t);
  await network.clock.settle();
  const results = [
    client.publish('t', '1', { qos: 2 }),
    client.publish('t', '2', { qos: 1 }),
    client.publish('t', '3', { qos: 2 }),
  ];
  const controller = new AbortController();
  const abandoned = outcome(client.publish('t', '4', { qos: 1, signal: controller.signal }));
  await network.clock.settle();
  // of this one the server has said that it has it
  network.last.send(ack(PacketType.pubrec, 3));
  await network.clock.settle();
  controller.abort();
  assert.equal(((await abandoned) as PublishError).delivered, 'maybe');
  await network.drop();
  results.push(client.publish('t', '5', { qos: 1 }));
  network.script = welcoming();
  await network.clock.advance(1_000);
  await Promise.all(results);
  assert.deepEqual(published(network.last), ['1 5', '2 6', '5 7']);
  assert.deepEqual(client.stats, {
    queued: 0,
    queuedBytes: 0,
    inFlight: 0,
    unackedInbound: 0,
    droppedQoS0: 0,
    droppedUnread: 0,
    undelivered: 0,
    lateResponses: 0,
    reconnects: 1,
  });
});

test('the assigned client id is used from then on', async t => {
  const network = new ScriptedNetwork();
  network.script = welcoming({ properties: { assignedClientIdentifier: 'given' } });
  const client = network.client(t);
  await network.clock.settle();
  network.script = welcoming();
  await network.drop();
  await network.clock.advance(1_000);
  assert.equal(client.server?.clientId, 'given');
  assert.deepEqual(
    network.servers.map(server => server.got(PacketType.connect)[0].clientId),
    ['', 'given'],
  );
});

test('cleanStart true and false hold for every connection', async t => {
  for (const cleanStart of [true, false]) {
    const network = new ScriptedNetwork();
    network.client(t, { session: { cleanStart }, clientId: 'c' });
    await network.clock.settle();
    await network.drop();
    await network.clock.advance(1_000);
    assert.deepEqual(
      network.servers.map(server => server.got(PacketType.connect)[0].cleanStart),
      [cleanStart, cleanStart],
    );
  }
});

test('limits of the server are those of its last CONNACK', async t => {
  const network = new ScriptedNetwork();
  network.script = answering({ properties: { maximumPacketSize: 100 } });
  const client = network.client(t, { session });
  await network.clock.settle();
  const sent = outcome(client.publish('t', 'x'.repeat(50), { qos: 1 }));
  await network.drop();
  const queued = outcome(client.publish('t', 'y'.repeat(50), { qos: 1 }));
  const retained = outcome(client.publish('t', 'z', { qos: 1, retain: true }));
  const fine = client.publish('t', 'fine', { qos: 1 });
  const properties = { maximumPacketSize: 40, retainAvailable: false };
  network.script = welcoming({ sessionPresent: true, properties });
  await network.clock.advance(1_000);
  await fine;
  for (const [error, code, delivered] of [
    [await sent, ErrorCode.packetTooLarge, 'maybe'],
    [await queued, ErrorCode.packetTooLarge, 'no'],
    [await retained, ErrorCode.notSupported, 'no'],
  ] as const) {
    assert.ok(error instanceof PublishError);
    assert.deepEqual([error.code, error.delivered], [code, delivered]);
  }
  assert.equal(network.last.got(PacketType.publish).length, 1);
  // and one that names no limit has none
  network.script = welcoming({ sessionPresent: true });
  await network.drop();
  await network.clock.advance(2_000);
  const large = client.publish('t', 'x'.repeat(500), { qos: 1, retain: true });
  await network.clock.settle();
  await large;
});

test('QoS 0 on its way when the connection breaks may have arrived', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t);
  await network.clock.settle();
  const reasonCode = ReasonCode.serverShuttingDown;
  network.last.send({ type: PacketType.disconnect, reasonCode });
  const lost = outcome(client.publish('t', 'x'));
  await network.clock.settle();
  const error = (await lost) as PublishError;
  assert.deepEqual([error.code, error.delivered], [ErrorCode.serverDisconnected, 'maybe']);
  assert.equal(client.state, 'waiting');
});

test('up comes with CONNACK, before anything is sent again', async t => {
  const network = new ScriptedNetwork();
  network.script = deaf(false, PacketType.publish);
  const client = network.client(t, { session });
  await network.clock.settle();
  void outcome(client.publish('t', 'x', { qos: 1 }));
  const events: string[] = [];
  client.on('up', ({ sessionPresent }) => events.push(`up ${sessionPresent}`));
  client.on('down', error => events.push(`down ${error?.code} ${client.state}`));
  await network.drop();
  network.script = deaf(true, PacketType.publish);
  await network.clock.advance(1_000);
  await client.ready();
  assert.deepEqual(events, ['down connection-lost waiting', 'up true']);
  assert.equal(client.stats.inFlight, 1);
});

test('a message that came before is not delivered again, and acknowledged in its turn', async t => {
  for (const qos of [1, 2] as const) {
    const network = new ScriptedNetwork();
    const client = network.client(t, { session });
    const subscribing = client.subscribe('a/b', { qos, ack: 'manual' });
    await network.clock.settle();
    const messages = (await subscribing)[Symbol.asyncIterator]();
    const sent = [1, 2, 3].map(packetId => publish({ qos, packetId }));
    network.last.send(...sent);
    await network.clock.settle();
    const first = (await messages.next()).value;
    const second = (await messages.next()).value;
    second?.nack(ReasonCode.notAuthorized);
    await network.drop();
    assert.equal(client.stats.unackedInbound, 3);
    first?.ack();
    network.script = welcoming({ sessionPresent: true });
    await network.clock.advance(1_000);
    const answer = qos === 1 ? PacketType.puback : PacketType.pubrec;
    assert.deepEqual(network.last.got(answer), []);
    network.last.send(...sent.map(packet => ({ ...packet, dup: true })));
    network.last.send(publish({ qos, packetId: 4 }));
    await network.clock.settle();
    assert.deepEqual(
      network.last.got(answer).map(({ packetId, reasonCode }) => [packetId, reasonCode]),
      [
        [1, 0],
        [2, ReasonCode.notAuthorized],
      ],
    );
    assert.equal(client.stats.unackedInbound, 2);
    assert.equal((await messages.next()).value?.dup, false);
    (await messages.next()).value?.ack();
    await network.clock.settle();
    assert.equal(network.last.got(answer).length, 2);
  }
});

test('without the session, identifiers of the server begin anew', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t);
  const subscribing = client.subscribe('a/b', { qos: 2, ack: 'manual' });
  await network.clock.settle();
  const messages = (await subscribing)[Symbol.asyncIterator]();
  network.last.send(publish({ qos: 2, packetId: 1 }));
  await network.clock.settle();
  const before = (await messages.next()).value;
  await network.drop();
  await network.clock.advance(1_000);
  network.last.send(publish({ qos: 2, packetId: 1, payload: new Uint8Array(0) }));
  await network.clock.settle();
  const after = (await messages.next()).value;
  assert.equal(after?.payload.length, 0);
  before?.ack();
  await network.clock.settle();
  assert.deepEqual(network.last.got(PacketType.pubrec), []);
  after?.ack();
  await network.clock.settle();
  assert.equal(network.last.got(PacketType.pubrec).length, 1);
});

test('close with drain waits over connections', async t => {
  const network = new ScriptedNetwork();
  network.script = deaf(false, PacketType.publish);
  const client = network.client(t, { session });
  await network.clock.settle();
  const sent = client.publish('t', 'x', { qos: 1 });
  await network.clock.settle();
  const closed = client.close({ drain: true });
  await network.drop();
  assert.equal(client.state, 'waiting');
  network.script = welcoming({ sessionPresent: true });
  await network.clock.advance(1_000);
  await sent;
  await closed;
  assert.equal(network.last.got(PacketType.disconnect).length, 1);
});
