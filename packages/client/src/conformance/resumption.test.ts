import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Packet, PacketType } from '@godwit/protocol';
import type { VirtualClock } from '@godwit/testkit';
import type { Client } from '../client.ts';
import type { ClientOptions } from '../options.ts';
import { answering, ScriptedNetwork, welcoming } from '../testing/scripted-network.ts';
import { outcome, publish, type Script, type ScriptedServer } from '../testing/scripted-server.ts';

const { puback, pubrec, pubrel, pubcomp, subscribe } = PacketType;
const decoder = new TextDecoder();

/** What it takes for a session to outlive its connection. */
const kept: readonly ClientOptions[] = [
  { protocolVersion: 5, clientId: 'me', session: { cleanStart: false, expiryMs: 60_000 } },
  { protocolVersion: 4, clientId: 'me', session: { cleanStart: false } },
];
const fresh = answering();
const resumed = answering({ sessionPresent: true });

interface Journey {
  readonly client: Client;
  readonly clock: VirtualClock;
  readonly servers: readonly ScriptedServer[];
  /** Breaks the connection; `meanwhile` is done before the next one stands. */
  reconnect(meanwhile?: () => void): Promise<void>;
}

/** Connects; the n-th connection meets the n-th script, or else the last one. */
async function travel(
  t: TestContext,
  options: ClientOptions,
  ...scripts: readonly Script[]
): Promise<Journey> {
  const network = new ScriptedNetwork(options.protocolVersion);
  const { clock, servers } = network;
  network.script = scripts[0];
  const client = network.client(t, options);
  await clock.settle();
  const reconnect = async (meanwhile: () => void = () => {}): Promise<void> => {
    network.script = scripts[servers.length] ?? scripts.at(-1)!;
    await network.drop();
    meanwhile();
    assert.ok(await clock.advanceUntil(() => client.state === 'connected', 10_000));
  };
  return { client, clock, servers, reconnect };
}

function ack(type: 4 | 5 | 6 | 7, packetId: number): Packet {
  return { type, packetId, reasonCode: 0 };
}

/** Payload, packet id and DUP of each message that came. */
function published(server: ScriptedServer): (string | number | boolean)[][] {
  return server
    .got(PacketType.publish)
    .map(({ payload, packetId, dup }) => [decoder.decode(payload), packetId, dup]);
}

test('[MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-4.6.0-1] resends with DUP, ids and order', async t => {
  for (const options of kept) {
    const { client, clock, servers, reconnect } = await travel(t, options, fresh, resumed);
    const sent = [1, 2, 1, 2].map((qos, at) => client.publish('t', `${at}`, { qos: qos as 1 | 2 }));
    await clock.settle();
    servers[0].send(ack(puback, 1), ack(pubrec, 4));
    await clock.settle();
    await reconnect();
    // what was acknowledged is not sent again, and PUBREL stands for what was received
    assert.deepEqual(published(servers[1]), [
      ['1', 2, true],
      ['2', 3, true],
    ]);
    assert.deepEqual(
      servers[1].got(pubrel).map(({ packetId }) => packetId),
      [4],
    );
    servers[1].send(ack(pubrec, 2), ack(puback, 3), ack(pubcomp, 4));
    await clock.settle();
    servers[1].send(ack(pubcomp, 2));
    await clock.settle();
    await Promise.all(sent);
    assert.equal(client.stats.inFlight, 0);
  }
});

test('[MQTT-4.4.0-1] what was in flight goes before what was queued meanwhile', async t => {
  for (const options of kept) {
    const { client, clock, servers, reconnect } = await travel(t, options, fresh, resumed);
    void outcome(client.publish('t', 'first', { qos: 1 }));
    void outcome(client.publish('t', 'second', { qos: 1 }));
    await clock.settle();
    await reconnect(() => {
      void outcome(client.publish('t', 'third', { qos: 1 }));
      void outcome(client.publish('t', 'fourth', { qos: 0 }));
    });
    assert.deepEqual(published(servers[1]), [
      ['first', 1, true],
      ['second', 2, true],
      ['third', 3, false],
      ['fourth', 0, false],
    ]);
  }
});

test('[MQTT-4.4.0-1] the new Receive Maximum holds for what is sent again', async t => {
  const narrow = answering({ sessionPresent: true, properties: { receiveMaximum: 1 } });
  const { client, clock, servers, reconnect } = await travel(t, kept[0], fresh, narrow);
  for (let count = 1; count <= 3; count += 1) {
    void outcome(client.publish('t', `${count}`, { qos: 1 }));
  }
  await clock.settle();
  await reconnect();
  assert.deepEqual(published(servers[1]), [['1', 1, true]]);
  servers[1].send(ack(puback, 1));
  await clock.settle();
  assert.deepEqual(published(servers[1]).at(-1), ['2', 2, true]);
});

test('[MQTT-3.2.2-5] Session Present 0: what was under way begins anew', async t => {
  for (const options of kept) {
    const { client, clock, servers, reconnect } = await travel(t, options, fresh);
    const topics: string[] = [];
    client.on('unhandled', ({ topic }) => topics.push(topic));
    servers[0].send(publish({ qos: 2, packetId: 5, topic: 'before' }));
    const sent = [1, 2, 2].map((qos, at) =>
      outcome(client.publish('t', `${at}`, { qos: qos as 1 | 2 })),
    );
    await clock.settle();
    servers[0].send(ack(pubrec, 3));
    await clock.settle();
    await reconnect();
    assert.deepEqual(
      published(servers[1]).map(([payload, , dup]) => [payload, dup]),
      [
        ['0', false],
        ['1', false],
      ],
    );
    assert.deepEqual(servers[1].got(pubrel), []);
    // the server has the third one, and said so
    await sent[2];
    // and an identifier of the old session is a new message
    servers[1].send(publish({ qos: 2, packetId: 5, topic: 'after' }));
    await clock.settle();
    assert.deepEqual(topics, ['before', 'after']);
  }
});

test('[MQTT-3.1.2-23] what was received is remembered after the connection', async t => {
  for (const options of kept) {
    const { client, clock, servers, reconnect } = await travel(t, options, fresh, resumed);
    let passedOn = 0;
    client.on('unhandled', () => {
      passedOn += 1;
    });
    servers[0].send(publish({ qos: 2, packetId: 5 }));
    await clock.settle();
    await reconnect();
    servers[1].send(publish({ qos: 2, packetId: 5, dup: true }));
    await clock.settle();
    assert.equal(passedOn, 1);
    assert.equal(servers[1].got(pubrec).length, 1);
    servers[1].send(ack(pubrel, 5), publish({ qos: 2, packetId: 5 }));
    await clock.settle();
    assert.equal(passedOn, 2);
  }
});

test('[MQTT-3.1.3-2] the session keeps its client identifier, also one assigned', async t => {
  const session = { expiryMs: 60_000 };
  const assigned = answering({ properties: { assignedClientIdentifier: 'given' } });
  const { servers, reconnect } = await travel(t, { session }, assigned, resumed);
  await reconnect();
  const [first, second] = servers.map(server => server.got(PacketType.connect)[0]);
  assert.deepEqual([first.clientId, first.cleanStart], ['', true]);
  assert.deepEqual([second.clientId, second.cleanStart], ['given', false]);
});

test('[MQTT-3.1.2-4] with cleanStart every connection has a session of its own', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const options = { protocolVersion, clientId: 'me', session: { cleanStart: true } };
    const { client, clock, servers, reconnect } = await travel(t, options, fresh);
    void outcome(client.publish('t', 'x', { qos: 1 }));
    await clock.settle();
    await reconnect();
    assert.equal(servers[1].got(PacketType.connect)[0].cleanStart, true);
    assert.deepEqual(
      published(servers[1]).map(([payload, , dup]) => [payload, dup]),
      [['x', false]],
    );
  }
});

test('[MQTT-3.3.2-7] aliases do not outlive their connection, in both directions', async t => {
  const properties = { topicAliasMaximum: 5 };
  const many = [answering({ properties }), answering({ sessionPresent: true, properties })];
  const options = { ...kept[0], topicAliases: { inboundMaximum: 2 } };
  const { client, clock, servers, reconnect } = await travel(t, options, ...many, resumed);
  const rounds: (number | undefined)[][] = [];
  for (let round = 0; round < 3; round += 1) {
    if (round > 0) await reconnect();
    const sent = [0, 1, 2].map(() => client.publish('t', ''));
    await clock.settle();
    await Promise.all(sent);
    const packets = servers[round].got(PacketType.publish);
    rounds.push(packets.map(({ properties }) => properties?.topicAlias));
    assert.deepEqual([packets[0].topic, packets[1].topic], ['t', 't']);
  }
  assert.deepEqual(rounds, [
    [undefined, 1, 1],
    [undefined, 1, 1],
    [undefined, undefined, undefined],
  ]);
  servers[2].send(publish({ topic: 'a', properties: { topicAlias: 1 } }));
  await clock.settle();
  await reconnect();
  servers[3].send(publish({ topic: '', properties: { topicAlias: 1 } }));
  await clock.settle();
  assert.equal(servers[3].got(PacketType.disconnect)[0]?.reasonCode, 0x82);
});

test('the limits of one connection are not those of the next', async t => {
  const properties = { maximumPacketSize: 30, maximumQoS: 0, retainAvailable: false } as const;
  const small = answering({ properties });
  const { client, clock, servers, reconnect } = await travel(t, kept[0], small, resumed);
  const refused = outcome(client.publish('t', 'x'.repeat(30)));
  assert.equal(((await refused) as { code: string }).code, 'packet-too-large');
  await reconnect();
  const retain = true;
  void outcome(client.publish('t', 'x'.repeat(30), { qos: 2, retain }));
  await clock.settle();
  assert.equal(servers[1].got(PacketType.publish)[0]?.packetId, 1);
});

test('subscriptions are renewed by Session Present, not by the clean flag', async t => {
  const present = welcoming({ sessionPresent: true });
  const absent = welcoming();
  const { client, clock, servers, reconnect } = await travel(
    t,
    kept[0],
    absent,
    present,
    absent,
    present,
  );
  const subscribing = client.subscribe('a/b', { qos: 1 });
  await clock.settle();
  await subscribing;
  for (let round = 1; round < 4; round += 1) await reconnect();
  assert.ok(servers.every(server => !server.got(PacketType.connect)[0].cleanStart));
  assert.deepEqual(
    servers.map(server => server.got(subscribe).length),
    [1, 0, 1, 0],
  );
});

test('a topic that cannot be parsed is not asked for again and again', async t => {
  const { client, clock, servers } = await travel(t, kept[0], fresh);
  servers[0].sendBytes(Uint8Array.of(0x31, 0x04, 0x00, 0x01, 0xff, 0x00));
  await clock.advance(86_400_000);
  const error = await client.closed;
  assert.equal(error?.reasonCode, 0x81);
  assert.equal(error?.retryable, false);
  assert.equal(servers.length, 1);
});
