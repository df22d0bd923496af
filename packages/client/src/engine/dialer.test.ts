import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { connect } from '../connect.ts';
import { ErrorCode, type MqttError } from '../errors.ts';
import type { Attempt } from '../options.ts';
import { answering, ScriptedNetwork, steady, welcoming } from '../testing/scripted-network.ts';
import { outcome } from '../testing/scripted-server.ts';

test('delays double up to the maximum, and begin anew after a connection that stood', async t => {
  const network = new ScriptedNetwork();
  const { clock } = network;
  network.missing.add('a');
  const client = network.client(t);
  await clock.settle();
  for (const delayMs of [1_000, 2_000, 4_000, 8_000, 8_000]) {
    assert.equal(client.state, 'waiting');
    const dialled = network.dialled.length;
    await clock.advance(delayMs - 1);
    assert.equal(network.dialled.length, dialled);
    await clock.advance(1);
    assert.equal(network.dialled.length, dialled + 1);
  }
  network.missing.clear();
  await clock.advance(8_000);
  assert.equal(client.state, 'connected');
  // not long enough
  await clock.advance(9_999);
  await network.drop();
  await clock.advance(7_999);
  assert.equal(client.state, 'waiting');
  await clock.advance(1);
  assert.equal(client.state, 'connected');
  await clock.advance(10_000);
  await network.drop();
  await clock.advance(1_000);
  assert.equal(client.state, 'connected');
  assert.equal(client.stats.reconnects, 2);
});

test('credentials are asked for before every attempt, and each says which one it is', async t => {
  const network = new ScriptedNetwork();
  const asked: string[] = [];
  network.client(t, {
    credentials: async ({ number, url }) => {
      asked.push(`${number} ${url.host}`);
      return { username: `name ${asked.length}` };
    },
  });
  await network.clock.settle();
  await network.drop();
  await network.clock.advance(1_000);
  await network.clock.advance(10_000);
  await network.drop();
  await network.clock.advance(1_000);
  assert.deepEqual(asked, ['1 a', '2 a', '1 a']);
  const names = network.servers.map(server => server.got(PacketType.connect)[0].username);
  assert.deepEqual(names, ['name 1', 'name 2', 'name 3']);
});

test('several servers are tried in turn, and a pause follows the last', async t => {
  const network = new ScriptedNetwork();
  const { clock } = network;
  network.missing.add('a').add('b').add('c');
  const client = network.client(t, {}, ['memory://a', 'memory://b', 'memory://c']);
  const states: string[] = [];
  client.on('down', error => states.push(`${client.state} ${error?.code}`));
  await clock.settle();
  await clock.advance(0);
  assert.deepEqual(network.dialled, ['memory://a', 'memory://b', 'memory://c']);
  assert.deepEqual(states, [
    'connecting connect-failed',
    'connecting connect-failed',
    'waiting connect-failed',
  ]);
  network.missing.delete('b');
  await clock.advance(1_000);
  assert.deepEqual(network.dialled.slice(3), ['memory://a', 'memory://b']);
  assert.equal(client.state, 'connected');
  // it stood well: it is the first to be tried
  await clock.advance(10_000);
  await network.drop();
  await clock.advance(1_000);
  assert.equal(network.dialled.at(-1), 'memory://b');
});

test('what cannot pass ends the client: the table, in CONNACK and in DISCONNECT', async t => {
  const { badUserNameOrPassword, notAuthorized, banned, clientIdentifierNotValid } = ReasonCode;
  const final = [badUserNameOrPassword, notAuthorized, banned, clientIdentifierNotValid];
  const passing = [ReasonCode.serverUnavailable, ReasonCode.serverBusy, ReasonCode.quotaExceeded];
  for (const reasonCode of [...final, ReasonCode.unsupportedProtocolVersion, ...passing]) {
    const network = new ScriptedNetwork();
    network.script = answering({ reasonCode });
    const client = network.client(t);
    await network.clock.settle();
    const isPassing = (passing as readonly number[]).includes(reasonCode);
    assert.equal(client.state, isPassing ? 'waiting' : 'closed');
    if (isPassing) continue;
    assert.equal((await client.closed)?.reasonCode, reasonCode);
    assert.equal(network.clock.timerCount, 0);
  }
  for (const [reasonCode, state] of [
    [ReasonCode.sessionTakenOver, 'closed'],
    [ReasonCode.administrativeAction, 'closed'],
    [ReasonCode.serverShuttingDown, 'waiting'],
    [ReasonCode.normalDisconnection, 'waiting'],
  ] as const) {
    const network = new ScriptedNetwork();
    const client = network.client(t);
    await network.clock.settle();
    network.last.send({ type: PacketType.disconnect, reasonCode });
    await network.clock.settle();
    assert.equal(client.state, state);
  }
});

test('retry decides instead of the table, and may name the delay', async t => {
  const network = new ScriptedNetwork();
  const asked: [MqttError, Attempt][] = [];
  const answers = [true, 50, 0, false];
  network.script = answering({ reasonCode: ReasonCode.notAuthorized });
  const client = network.client(t, {
    reconnect: {
      ...steady,
      retry: (error, attempt) => {
        asked.push([error, attempt]);
        return answers[asked.length - 1];
      },
    },
  });
  await network.clock.settle();
  await network.clock.advance(1_000);
  assert.equal(network.dialled.length, 2);
  await network.clock.advance(50);
  await network.clock.advance(0);
  assert.equal(client.state, 'closed');
  assert.deepEqual(
    asked.map(([{ reasonCode }, { number }]) => [reasonCode, number]),
    [1, 2, 3, 4].map(number => [ReasonCode.notAuthorized, number]),
  );
});

test('a Server Reference is followed, but not for ever', async t => {
  const network = new ScriptedNetwork();
  const { clock } = network;
  const properties = { serverReference: 'b c:9' };
  network.script = answering({ reasonCode: ReasonCode.useAnotherServer, properties });
  const client = network.client(t, {}, 'memory://me:secret@a:1/path');
  const downs: (string | undefined)[] = [];
  client.on('down', error => downs.push(error?.serverReference));
  await clock.settle();
  await clock.advance(0);
  const there = 'memory://me:secret@b/path';
  assert.deepEqual(network.dialled, ['memory://me:secret@a:1/path', there, there, there]);
  assert.equal(network.last.got(PacketType.connect)[0].username, 'me');
  assert.equal(client.state, 'waiting');
  assert.equal(downs[0], 'b c:9');
  // after the pause it is the one that was given
  network.script = welcoming();
  await clock.advance(1_000);
  assert.equal(network.dialled.at(-1), 'memory://me:secret@a:1/path');
  // moved for good, by DISCONNECT
  const moved = { serverReference: 'memory://new:7' };
  const reasonCode = ReasonCode.serverMoved;
  network.last.send({ type: PacketType.disconnect, reasonCode, properties: moved });
  await clock.settle();
  await clock.advance(10_000);
  await network.drop();
  await clock.advance(1_000);
  assert.deepEqual(network.dialled.slice(-2), Array(2).fill('memory://me:secret@new:7'));
});

test('a Server Reference never leads to weaker security', async t => {
  for (const [from, serverReference, to] of [
    ['mqtts://a', 'mqtt://b', undefined],
    ['mqtts://a', 'ws://b/mqtt', undefined],
    ['mqtts://a', 'b:1883', 'mqtts://b:1883'],
    ['mqtts://a', 'mqtt://b wss://c/x', 'wss://c/x'],
    ['mqtt://a', 'mqtts://b', 'mqtts://b'],
    ['mqtt://a', 'ws://b', undefined],
    ['mqtt://a', '[::1]:7', 'mqtt://[::1]:7'],
    ['mqtt://a', '', undefined],
    ['mqtt://a', '::', undefined],
  ] as const) {
    const network = new ScriptedNetwork();
    const reasonCode = ReasonCode.serverMoved;
    network.script = answering({ reasonCode, properties: { serverReference } });
    const client = network.client(t, {}, from);
    await network.clock.settle();
    await network.clock.advance(0);
    assert.equal(network.dialled[1], to, `${from} ${serverReference}`);
    if (to === undefined) assert.equal(client.state, 'closed');
  }
});

test('followServerReference: false', async t => {
  const network = new ScriptedNetwork();
  const properties = { serverReference: 'b' };
  network.script = answering({ reasonCode: ReasonCode.serverMoved, properties });
  const client = network.client(t, { reconnect: { followServerReference: false } });
  await network.clock.settle();
  assert.equal((await client.closed)?.serverReference, 'b');
});

test('an attempt that takes too long is given up, and another is made', async t => {
  const network = new ScriptedNetwork();
  network.script = () => [];
  const client = network.client(t, { connectTimeoutMs: 500 });
  const downs: (string | undefined)[] = [];
  client.on('down', error => downs.push(error?.code));
  await network.clock.advance(500);
  assert.equal(client.state, 'waiting');
  assert.ok(network.last.isClosed);
  network.script = welcoming();
  await network.clock.advance(1_000);
  assert.equal(client.state, 'connected');
  assert.deepEqual(downs, [ErrorCode.timeout]);
});

test('close() while waiting settles everything at once', async t => {
  for (const isCut of [false, true]) {
    const network = new ScriptedNetwork();
    network.missing.add('a');
    const client = network.client(t);
    const pending = [
      client.ready(),
      client.publish('t', 'x', { qos: 1, expiryMs: 60_000 }),
      client.publish('t', 'x'),
      client.subscribe('t'),
      client.unsubscribe('t'),
    ].map(outcome);
    await network.clock.advance(500);
    assert.equal(client.state, 'waiting');
    await client.close(isCut ? { signal: AbortSignal.abort() } : {});
    assert.equal(client.state, 'closed');
    for (const error of await Promise.all(pending)) {
      assert.equal((error as MqttError).code, ErrorCode.closed);
    }
    assert.equal(network.clock.timerCount, 0);
    assert.equal(await client.closed, undefined);
  }
});

test('close() while the credentials or the transport are awaited', async t => {
  const network = new ScriptedNetwork();
  const asked = Promise.withResolvers<{ username: string }>();
  const client = network.client(t, { credentials: () => asked.promise });
  await network.clock.settle();
  await client.close();
  asked.resolve({ username: 'late' });
  await network.clock.settle();
  assert.deepEqual(network.dialled, []);
  assert.equal(network.clock.timerCount, 0);
});

test('connect() gives each server one chance, then says why', async () => {
  const network = new ScriptedNetwork();
  const { clock, transport } = network;
  network.missing.add('a').add('b');
  const urls = ['memory://a', 'memory://b'];
  const refused = outcome(connect(urls, { transport, clock }));
  await clock.advance(0);
  assert.equal(((await refused) as MqttError).code, ErrorCode.connectFailed);
  assert.deepEqual(network.dialled, urls);
  assert.equal(clock.timerCount, 0);
  network.missing.delete('b');
  const connecting = connect(urls, { transport, clock });
  await clock.advance(0);
  const client = await connecting;
  await network.drop();
  assert.equal(client.state, 'waiting');
  await client.close();
  await assert.rejects(connect([], { transport, clock }), TypeError);
});

test('options that make no sense are refused', t => {
  const network = new ScriptedNetwork();
  for (const reconnect of [
    { minMs: 0 },
    { minMs: 2_000, maxMs: 1_000 },
    { maxMs: 2 ** 31 },
    { resetAfterMs: -1 },
    { jitter: 'some' as 'full' },
  ]) {
    assert.throws(() => network.client(t, { reconnect }), RangeError);
  }
  assert.equal(network.clock.timerCount, 0);
});
