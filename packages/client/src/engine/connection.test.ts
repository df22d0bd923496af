import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnackPacket, type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { SeededRandom, VirtualClock } from '@godwit/testkit';
import { connect } from '../connect.ts';
import { ErrorCode, type MqttError } from '../errors.ts';
import { meet, publish, type Script, stage } from '../testing/scripted-server.ts';

function connack(fields: Partial<ConnackPacket>): Script {
  const answer = { type: PacketType.connack, sessionPresent: false, reasonCode: 0, ...fields };
  return packet => (packet.type === PacketType.connect ? [answer as Packet] : undefined);
}

test('CONNECT carries the options', async t => {
  const meeting = await meet(t, {
    clientId: 'me',
    keepAliveMs: 1_500,
    session: { cleanStart: false, expiryMs: 'never' },
    credentials: () => ({ username: 'u', password: 'p' }),
    will: { topic: 'w', payload: 'gone', qos: 1, retain: true, delayMs: 2_000, contentType: 'x' },
    receiveMaximum: 7,
    maximumPacketSize: 1_000,
    userProperties: [['k', 'v']],
  });
  const [connect] = meeting.server.got(PacketType.connect);
  assert.equal(connect.protocolVersion, 5);
  assert.equal(connect.clientId, 'me');
  assert.equal(connect.keepAlive, 2);
  assert.equal(connect.cleanStart, false);
  assert.equal(connect.username, 'u');
  assert.deepEqual(connect.password, new TextEncoder().encode('p'));
  assert.equal(connect.will?.topic, 'w');
  assert.equal(connect.will?.qos, 1);
  assert.equal(connect.will?.retain, true);
  assert.equal(connect.will?.properties?.willDelayInterval, 2);
  assert.equal(connect.will?.properties?.contentType, 'x');
  assert.equal(connect.properties?.sessionExpiryInterval, 0xffff_ffff);
  assert.equal(connect.properties?.receiveMaximum, 7);
  assert.equal(connect.properties?.maximumPacketSize, 1_000);
  assert.deepEqual(connect.properties?.userProperties, [['k', 'v']]);
});

test('what CONNACK says holds, with the defaults filled in', async t => {
  const properties = {
    assignedClientIdentifier: 'given',
    serverKeepAlive: 5,
    receiveMaximum: 3,
    maximumQoS: 1 as const,
    retainAvailable: false,
  };
  const meeting = await meet(t, {}, connack({ properties }));
  const { client } = meeting;
  assert.equal(client.state, 'connected');
  assert.equal(client.server?.clientId, 'given');
  assert.equal(client.server?.keepAliveMs, 5_000);
  assert.equal(client.server?.receiveMaximum, 3);
  assert.equal(client.server?.maximumQoS, 1);
  assert.equal(client.server?.retainAvailable, false);
  assert.equal(client.server?.maximumPacketSize, Number.POSITIVE_INFINITY);
  assert.equal(client.server?.sharedSubscriptionAvailable, true);
  assert.deepEqual(client.server?.connack.properties, properties);
});

test('a refusal ends it, with the reason of the server', async t => {
  const properties = { reasonString: 'no such user' };
  const script = connack({ reasonCode: ReasonCode.notAuthorized, properties });
  const meeting = await meet(t, {}, script);
  const { client } = meeting;
  const error = await client.closed;
  assert.equal(client.state, 'closed');
  assert.equal(error?.code, ErrorCode.connectRefused);
  assert.equal(error?.reasonCode, ReasonCode.notAuthorized);
  assert.equal(error?.reasonString, 'no such user');
  assert.equal(error?.retryable, false);
  await assert.rejects(client.ready(), error);
});

test('the server may not say anything before CONNACK', async t => {
  const script: Script = packet => (packet.type === PacketType.connect ? [publish()] : undefined);
  const meeting = await meet(t, {}, script);
  assert.equal((await meeting.client.closed)?.code, ErrorCode.protocolError);
});

test('a session present after Clean Start is an error [MQTT-3.2.2-4]', async t => {
  const meeting = await meet(t, {}, connack({ sessionPresent: true }));
  assert.equal((await meeting.client.closed)?.code, ErrorCode.protocolError);
});

test('DISCONNECT of the server surfaces', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  const downs: (MqttError | undefined)[] = [];
  client.on('down', error => downs.push(error));
  server.send({ type: PacketType.disconnect, reasonCode: ReasonCode.sessionTakenOver });
  await clock.settle();
  const error = await client.closed;
  assert.equal(error?.code, ErrorCode.serverDisconnected);
  assert.equal(error?.reasonCode, ReasonCode.sessionTakenOver);
  assert.equal(error?.retryable, false);
  assert.deepEqual(downs, [error]);
});

for (const [name, bytes, reasonCode] of [
  ['a reserved packet type', [0x00, 0x00], 0x81],
  ['a packet for servers', [0xc0, 0x00], 0x82],
  ['a packet over our maximum, from its header alone', [0x30, 0xff, 0xff, 0xff, 0x7f], 0x95],
  ['QoS 3', [0x36, 0x05, 0x00, 0x01, 0x61, 0x00, 0x01], 0x81],
  ['a topic alias that was not offered', [0x30, 0x07, 0, 1, 0x61, 3, 0x23, 0, 1], 0x94],
  ['an answer to nothing', [0x90, 0x04, 0x00, 0x01, 0x00, 0x00], 0x82],
  ['PUBREL with other flags', [0x60, 0x02, 0x00, 0x01], 0x81],
] as const) {
  test(`${name} ends the connection with 0x${reasonCode.toString(16)}`, async t => {
    const meeting = await meet(t);
    const { client, server, clock } = meeting;
    server.sendBytes(Uint8Array.from(bytes));
    await clock.settle();
    const error = await client.closed;
    assert.equal(error?.code, ErrorCode.protocolError);
    assert.equal(error?.reasonCode, reasonCode);
    const [disconnect] = server.got(PacketType.disconnect);
    assert.equal(disconnect?.reasonCode, reasonCode);
    assert.equal(disconnect?.properties?.reasonString, undefined);
    assert.ok(server.isClosed);
  });
}

test('3.1.1 has no DISCONNECT from the server, and none for it to be told', async t => {
  const meeting = await meet(t, { protocolVersion: 4 });
  const { client, server, clock } = meeting;
  server.sendBytes(Uint8Array.of(0xe0, 0x00));
  await clock.settle();
  assert.equal((await client.closed)?.code, ErrorCode.protocolError);
  assert.deepEqual(server.got(PacketType.disconnect), []);
});

test('a connection that breaks off, or is closed without a word, is lost', async t => {
  for (const end of ['destroy', 'end'] as const) {
    const meeting = await meet(t);
    meeting.server[end]();
    await meeting.clock.settle();
    const error = await meeting.client.closed;
    assert.equal(error?.code, ErrorCode.connectionLost);
    assert.equal(error?.retryable, true);
  }
});

test('packets of one tick leave in one write', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  const before = server.chunks;
  const sent = Array.from({ length: 100 }, (_, at) => client.publish('t', `${at}`));
  await clock.settle();
  await Promise.all(sent);
  assert.equal(server.got(PacketType.publish).length, 100);
  assert.equal(server.chunks, before + 1);
});

test('a message that comes together with CONNACK meets the subscription made on it', async () => {
  const script: Script = packet =>
    packet.type === PacketType.connect
      ? [
          { type: PacketType.connack, sessionPresent: true, reasonCode: 0 },
          publish({ qos: 1, packetId: 1 }),
        ]
      : undefined;
  const { clock, options } = stage(5, script);
  const unhandled: string[] = [];
  const read = async (): Promise<string | undefined> => {
    const client = await connect('memory://server', {
      ...options,
      clientId: 'me',
      session: { cleanStart: false },
    });
    client.on('unhandled', message => unhandled.push(message.topic));
    const subscription = await client.subscribe('a/b', { qos: 1 });
    const { value } = await subscription[Symbol.asyncIterator]().next();
    await client.close();
    return value?.text();
  };
  const text = read();
  await clock.settle();
  assert.equal(await text, 'hello');
  assert.deepEqual(unhandled, []);
});

test('a server that is not there, or does not answer in time', async () => {
  const clock = new VirtualClock();
  const refused = connect('memory://server', {
    clock,
    transport: () => Promise.reject(new Error('ECONNREFUSED')),
  });
  await assert.rejects(refused, { code: ErrorCode.connectFailed, retryable: true });

  const { clock: slow, options, server } = stage(5, () => []);
  const timedOut = connect('memory://server', { ...options, connectTimeoutMs: 1_000 });
  const expectation = assert.rejects(timedOut, { code: ErrorCode.timeout });
  await slow.advance(1_000);
  await expectation;
  assert.ok(server.isClosed);
  assert.equal(slow.timerCount, 0);
});

test('an abort while connecting stops the transport', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  let seen: AbortSignal | undefined;
  const pending = connect('memory://server', {
    clock,
    signal: controller.signal,
    transport: (_url, { signal }) => {
      seen = signal;
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
  });
  const expectation = assert.rejects(pending, { code: ErrorCode.aborted, cause: 'enough' });
  await clock.settle();
  controller.abort('enough');
  await expectation;
  assert.ok(seen?.aborted);
  assert.equal(clock.timerCount, 0);
});

test('silence is broken by PINGREQ, and a server that stays silent is given up', async t => {
  const meeting = await meet(t, { keepAliveMs: 10_000 });
  const { client, server, clock } = meeting;
  await clock.advance(9_999);
  assert.equal(server.got(PacketType.pingreq).length, 0);
  await clock.advance(1);
  assert.equal(server.got(PacketType.pingreq).length, 1);
  await clock.advance(10_000);
  assert.equal(server.got(PacketType.pingreq).length, 2);
  assert.equal(client.state, 'connected');
  server.script = () => [];
  await clock.advance(20_000);
  const error = await client.closed;
  assert.equal(error?.code, ErrorCode.keepAliveTimeout);
  // 0x8D is for servers to say
  assert.deepEqual(server.got(PacketType.disconnect), []);
  assert.ok(server.isClosed);
});

test('keep alive 0 never pings', async t => {
  const meeting = await meet(t, { keepAliveMs: 0 });
  await meeting.clock.advance(10_000_000);
  assert.equal(meeting.server.got(PacketType.pingreq).length, 0);
  assert.equal(meeting.clock.timerCount, 0);
});

test('no bytes of the server harm the process', async t => {
  for (let seed = 0; seed < 200; seed += 1) {
    const random = new SeededRandom(seed);
    const meeting = await meet(t);
    const { client, server, clock } = meeting;
    const published = client.publish('t', 'x', { qos: 2 }).catch(() => {});
    const subscribed = client.subscribe('#', { qos: 2 }).catch(() => {});
    for (let chunk = 0; chunk < 5; chunk += 1) {
      const bytes = random.bytes(random.int(1, 40));
      // a plausible header gets further
      bytes[0] = random.pick([0x20, 0x30, 0x32, 0x34, 0x40, 0x50, 0x62, 0x70, 0x90, 0xb0, 0xe0]);
      if (bytes.length > 1) bytes[1] = bytes.length - 2;
      server.sendBytes(bytes);
      await clock.settle();
    }
    server.destroy();
    await clock.settle();
    await Promise.all([published, subscribed]);
    assert.equal(client.state, 'closed', `seed ${seed}`);
    assert.ok((await client.closed)?.code !== ErrorCode.internalError, `seed ${seed}`);
  }
});
