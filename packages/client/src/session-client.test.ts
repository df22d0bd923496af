import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ConnectPacket, type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { createClient } from './connect.ts';
import { ErrorCode, type PublishError } from './errors.ts';
import type { ClientOptions } from './options.ts';
import { meet, stage } from './testing/scripted-server.ts';

/** Answers nothing but CONNECT. */
function silent(packet: Packet): readonly Packet[] | undefined {
  return packet.type === PacketType.connect ? undefined : [];
}

async function connectOf(t: TestContext, options: ClientOptions): Promise<ConnectPacket> {
  const meeting = await meet(t, options);
  return meeting.server.got(PacketType.connect)[0];
}

test('close() says DISCONNECT, after what was sent before it', async t => {
  const meeting = await meet(t, { session: { expiryMs: 10_000 } });
  const { client, server, clock } = meeting;
  const downs: unknown[] = [];
  client.on('down', error => downs.push(error));
  const published = client.publish('t', 'x');
  const closed = client.close({ reasonCode: 4, reasonString: 'bye', sessionExpiryMs: 0 });
  await clock.settle();
  await closed;
  await published;
  assert.equal(await client.closed, undefined);
  assert.equal(client.state, 'closed');
  assert.deepEqual(downs, [undefined]);
  assert.deepEqual(
    server.received.map(packet => packet.type),
    [PacketType.connect, PacketType.publish, PacketType.disconnect],
  );
  assert.deepEqual(server.got(PacketType.disconnect)[0], {
    type: PacketType.disconnect,
    reasonCode: 4,
    properties: { reasonString: 'bye', sessionExpiryInterval: 0 },
  });
  assert.ok(server.isClosed);
  await client.close();
  await assert.rejects(client.ready(), { code: ErrorCode.closed });
  assert.equal(clock.timerCount, 0);
});

test('close() fails what was not acknowledged; with drain it waits for that', async t => {
  for (const drain of [false, true]) {
    const meeting = await meet(t, {}, silent);
    const { client, server, clock } = meeting;
    const published = client.publish('t', 'x', { qos: 1 }).catch((error: PublishError) => error);
    await clock.settle();
    const closed = client.close({ drain });
    await clock.settle();
    await assert.rejects(client.publish('t', 'late'), { code: ErrorCode.closed });
    if (drain) {
      assert.equal(client.state, 'connected');
      server.send({ type: PacketType.puback, packetId: 1, reasonCode: 0 });
      await clock.settle();
      assert.equal(((await published) as { reasonCode: number }).reasonCode, 0);
    } else {
      const error = (await published) as PublishError;
      assert.equal(error.code, ErrorCode.closed);
      assert.equal(error.delivered, 'maybe');
    }
    await closed;
    assert.equal(server.got(PacketType.disconnect).length, 1);
  }
});

test('a drain that takes too long is cut', async t => {
  const meeting = await meet(t, {}, silent);
  const { client, server, clock } = meeting;
  const published = client.publish('t', 'x', { qos: 1 }).catch((error: PublishError) => error);
  const closed = client.close({ drain: true, timeoutMs: 1_000 });
  await clock.advance(1_000);
  await closed;
  assert.equal(((await published) as PublishError).code, ErrorCode.closed);
  assert.equal(server.got(PacketType.disconnect).length, 0);
  assert.ok(server.isClosed);
});

test('close() before the connection stands', async () => {
  const { clock, server, options } = stage(5, () => []);
  const client = createClient('memory://server', options);
  const ready = assert.rejects(client.ready(), { code: ErrorCode.closed });
  const queued = assert.rejects(client.publish('t', 'x'), { delivered: 'no' });
  const subscribing = assert.rejects(client.subscribe('t'), { code: ErrorCode.closed });
  await clock.settle();
  const closed = client.close();
  await clock.settle();
  await Promise.all([closed, ready, queued, subscribing]);
  assert.ok(server.isClosed);
  assert.equal(await client.closed, undefined);
  assert.equal(clock.timerCount, 0);
});

test('options of closing that make no sense are refused', async t => {
  const meeting = await meet(t);
  const { client } = meeting;
  await assert.rejects(client.close({ reasonCode: 5 }), RangeError);
  await assert.rejects(client.close({ sessionExpiryMs: 1 }), RangeError);
  await assert.rejects(client.close({ timeoutMs: 0 }), RangeError);
  assert.equal(client.state, 'connected');
  const old = await meet(t, { protocolVersion: 4 });
  const refused = old.client.close({ reasonCode: ReasonCode.unspecifiedError });
  await assert.rejects(refused, { code: ErrorCode.notSupported });
});

test('the client id: the server chooses in 5.0, the client in 3.x', async t => {
  assert.equal((await connectOf(t, {})).clientId, '');
  for (const protocolVersion of [3, 4] as const) {
    assert.match((await connectOf(t, { protocolVersion })).clientId, /^godwit-[0-9a-z]{14}$/);
    const options = { protocolVersion, session: { cleanStart: false } };
    assert.throws(() => createClient('memory://server', { ...stage().options, ...options }), {
      name: 'TypeError',
    });
  }
});

test('user name and password come from the URL, unless given', async () => {
  const { clock, server, options } = stage();
  const client = createClient('memory://me%40home:secret@server', options);
  await clock.settle();
  const [connect] = server.got(PacketType.connect);
  assert.equal(connect.username, 'me@home');
  assert.deepEqual(connect.password, new TextEncoder().encode('secret'));
  const closed = client.close();
  await clock.settle();
  await closed;
});

test('what 3.x does not have is refused', () => {
  const { options } = stage();
  for (const unknown of [
    { session: { expiryMs: 1 } },
    { receiveMaximum: 1 },
    { userProperties: [] },
    { will: { topic: 't', payload: '', delayMs: 1 } },
    { will: { topic: 't', payload: '', contentType: 'x' } },
  ] satisfies ClientOptions[]) {
    assert.throws(
      () => createClient('memory://server', { ...options, ...unknown, protocolVersion: 4 }),
      { code: ErrorCode.notSupported },
    );
  }
});

test('options out of range are refused', () => {
  const { options, clock } = stage();
  for (const wrong of [
    { protocolVersion: 6 as 5 },
    { keepAliveMs: -1 },
    { keepAliveMs: 65_536_000 },
    { receiveMaximum: 0 },
    { maximumPacketSize: 0 },
    { inflightMax: 65_536 },
    { connectTimeoutMs: 0 },
    { session: { expiryMs: -1 } },
    { will: { topic: '#', payload: '' } },
    { clientId: 'x'.repeat(65_536) },
  ] satisfies ClientOptions[]) {
    assert.throws(() => createClient('memory://server', { ...options, ...wrong }), RangeError);
  }
  assert.equal(clock.timerCount, 0);
});

test('credentials that cannot be encoded fail the connection', async t => {
  const meeting = await meet(t, { credentials: () => ({ username: 'x'.repeat(65_536) }) });
  const error = await meeting.client.closed;
  assert.equal(error?.code, ErrorCode.connectFailed);
  assert.ok(error?.cause instanceof RangeError);
  assert.throws(() => createClient('memory://%zz@server', stage().options), URIError);
});

test('failing credentials fail the connection', async t => {
  const meeting = await meet(t, {
    credentials: () => Promise.reject(new Error('no token')),
  });
  const error = await meeting.client.closed;
  assert.equal(error?.code, ErrorCode.connectFailed);
  assert.match(String(error?.cause), /no token/);
});

test('up comes with CONNACK, and subscriptions go before messages', async () => {
  const { clock, server, options } = stage();
  const client = createClient('memory://server', options);
  const states: string[] = [];
  client.on('up', settings => states.push(`up ${settings.sessionPresent} ${client.state}`));
  const controller = new AbortController();
  client.on('up', () => states.push('never'), { signal: controller.signal });
  controller.abort();
  const publishing = client.publish('t', 'x', { qos: 1 });
  const subscribing = client.subscribe('t');
  await clock.settle();
  await Promise.all([publishing, subscribing]);
  assert.deepEqual(states, ['up false connected']);
  assert.deepEqual(
    server.received.map(packet => packet.type),
    [PacketType.connect, PacketType.subscribe, PacketType.publish],
  );
  const closed = client.close();
  await clock.settle();
  await closed;
});
