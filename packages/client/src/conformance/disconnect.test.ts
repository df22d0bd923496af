import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { bytes, hex, SeededRandom, VirtualClock } from '@godwit/testkit';
import { memoryPair } from '@godwit/transport';
import { Connection } from '../engine/connection.ts';
import { ErrorCode, type MqttError } from '../errors.ts';
import { expectEnd } from '../testing/expect-end.ts';
import { accepting, meet, outcome, publish, ScriptedServer } from '../testing/scripted-server.ts';

const versions = [3, 4, 5] as const;

test('[MQTT-3.14.4-1] [MQTT-3.14.4-2] nothing follows DISCONNECT but the end', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion, keepAliveMs: 1_000 });
    const closed = client.close();
    const late = [
      client.publish('t', ''),
      client.publish('t', '', { qos: 1 }),
      client.subscribe('t'),
      client.unsubscribe('t'),
    ].map(outcome);
    server.send(publish({ qos: 1, packetId: 1 }), publish({ qos: 2, packetId: 2 }));
    await clock.advance(10_000);
    await closed;
    await Promise.all(late);
    assert.ok(server.isClosed);
    assert.deepEqual(server.frames.slice(1).map(hex), ['e0 00']);
  }
});

test('[MQTT-3.14.4-1] nothing is answered after a DISCONNECT for an error', async t => {
  const { server, clock } = await meet(t);
  server.send(publish({ qos: 1, packetId: 1 }));
  server.sendBytes(bytes`00 00`);
  server.send(publish({ qos: 1, packetId: 2 }), {
    type: PacketType.pubrel,
    packetId: 3,
    reasonCode: 0,
  });
  await clock.settle();
  assert.deepEqual(server.frames.slice(1).map(hex), ['40 02 00 01', 'e0 01 81']);
  assert.ok(server.isClosed);
});

test('[MQTT-3.14.4-2] a server that keeps its side open is left', async () => {
  const clock = new VirtualClock();
  const [near, far] = memoryPair(clock.defer);
  const connect = { type: PacketType.connect, protocolVersion: 5, cleanStart: true } as const;
  let isClosed = false;
  far.open({
    onData: () => {},
    onEnd: () => {},
    onDrain: () => {},
    onClose: () => {
      isClosed = true;
    },
  });
  const packet = { ...connect, keepAlive: 0, clientId: '' };
  const connection = new Connection(near, clock, packet, 1_000, {
    onUp: () => {},
    onPacket: () => {},
    onDown: () => {},
  });
  far.write(bytes`20 03 00 00 00`, () => {});
  await clock.settle();
  connection.end({ type: PacketType.disconnect, reasonCode: 0 });
  await clock.settle();
  assert.equal(isClosed, false);
  await clock.advance(5_000);
  assert.equal(isClosed, true);
});

test('[MQTT-3.14.2-1] only reasons that a client may give', async t => {
  const allowed = [0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90];
  allowed.push(0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99);
  const { client } = await meet(t);
  for (let reasonCode = 0; reasonCode < 256; reasonCode += 1) {
    if (allowed.includes(reasonCode)) continue;
    await assert.rejects(client.close({ reasonCode }), RangeError);
  }
  assert.equal(client.state, 'connected');
  for (const reasonCode of allowed) {
    const { client, server, clock } = await meet(t);
    const closed = client.close({ reasonCode });
    await clock.settle();
    await closed;
    assert.equal(server.got(PacketType.disconnect)[0].reasonCode, reasonCode);
  }
});

test('[MQTT-3.14.2-3] [MQTT-3.14.2-4] a reason string that is too large is left out', async t => {
  for (const [maximumPacketSize, expected] of [
    [17, bytes`e0 0f 98 0d 11 00 00 00 00 1f 00 05 ${'adieu'}`],
    [16, bytes`e0 07 98 05 11 00 00 00 00`],
  ] as const) {
    const session = { expiryMs: 1_000 };
    const { client, server, clock } = await meet(t, { session }, accepting({ maximumPacketSize }));
    const options = { reasonCode: 0x98, reasonString: 'adieu', sessionExpiryMs: 0 };
    const closed = client.close(options);
    await clock.settle();
    await closed;
    assert.equal(hex(server.framesOf(PacketType.disconnect)[0]), hex(expected));
  }
});

test('a session expiry of 0 at the end differs from none', async t => {
  for (const [sessionExpiryMs, expected] of [
    [undefined, 'e0 00'],
    [0, 'e0 07 00 05 11 00 00 00 00'],
    ['never', 'e0 07 00 05 11 ff ff ff ff'],
  ] as const) {
    const { client, server, clock } = await meet(t, { session: { expiryMs: 60_000 } });
    const closed = client.close({ sessionExpiryMs });
    await clock.settle();
    await closed;
    assert.equal(hex(server.framesOf(PacketType.disconnect)[0]), expected);
  }
});

test('[MQTT-4.13.2-1] a DISCONNECT of the server means closing, whatever it says', async t => {
  for (const [sent, reasonCode] of [
    [bytes`e0 00`, 0x00],
    [bytes`e0 01 8b`, 0x8b],
    [bytes`e0 02 8e 00`, 0x8e],
    [bytes`e0 08 9d 06 1c 00 03 ${'far'}`, 0x9d],
  ] as const) {
    const { client, server, clock } = await meet(t);
    server.sendBytes(sent);
    await clock.settle();
    const error = await client.closed;
    assert.equal(error?.code, ErrorCode.serverDisconnected);
    assert.equal(error?.reasonCode, reasonCode);
    assert.ok(server.isClosed);
    assert.equal(server.received.length, 1);
  }
});

test('[MQTT-3.14.1-1] a DISCONNECT with other flags ends it', async t => {
  for (const header of [0xe1, 0xe2, 0xe8]) await expectEnd(t, bytes`${header} 00`, 0x81);
});

test('a DISCONNECT that no server may send ends it', async t => {
  for (const [sent, reasonCode] of [
    [bytes`e0 07 00 05 11 00 00 00 00`, 0x82],
    [bytes`e0 01 04`, 0x82],
    [bytes`e0 01 01`, 0x81],
    [bytes`e0 01 85`, 0x81],
    [bytes`e0 05 00 03 21 00 01`, 0x81],
    [bytes`e0 03 00 00 00`, 0x81],
  ] as const) {
    await expectEnd(t, sent, reasonCode);
  }
  await expectEnd(t, bytes`e0 00`, 0x82, { protocolVersion: 4 });
});

test('[MQTT-3.15.1-1] [MQTT-4.12.0-7] sends no AUTH, and takes none', async t => {
  const { server } = await meet(t);
  const { properties } = server.got(PacketType.connect)[0];
  assert.equal(properties?.authenticationMethod, undefined);
  for (const [sent, reasonCode, protocolVersion] of [
    [bytes`f0 06 18 04 15 00 01 78`, 0x82, 5],
    [bytes`f0 00`, 0x82, 5],
    [bytes`f1 00`, 0x81, 5],
    [bytes`f0 06 01 04 15 00 01 78`, 0x81, 5],
    [bytes`f0 00`, 0x81, 4],
  ] as const) {
    // which tells all that was sent in answer
    await expectEnd(t, sent, reasonCode, { protocolVersion });
  }
});

test('3.1.1 [MQTT-4.8.0-1] [MQTT-4.8.0-2] any error costs the connection, no more', async () => {
  for (const failure of [new Error('a fault'), new TypeError('another')]) {
    for (const protocolVersion of [4, 5] as const) {
      const clock = new VirtualClock();
      const [near, far] = memoryPair(clock.defer);
      const server = new ScriptedServer(far, protocolVersion, () => undefined);
      const ends: (MqttError | undefined)[] = [];
      const connect = { type: PacketType.connect, cleanStart: true, keepAlive: 0, clientId: 'me' };
      new Connection(near, clock, { ...connect, protocolVersion } as never, 1_000, {
        onUp: () => {},
        onPacket: () => {
          throw failure;
        },
        onDown: error => ends.push(error),
      });
      await clock.settle();
      server.send(publish());
      await clock.settle();
      assert.equal(ends.length, 1);
      assert.equal(ends[0]?.code, ErrorCode.internalError);
      assert.equal(ends[0]?.cause, failure);
      assert.ok(server.isClosed);
      const told = server.got(PacketType.disconnect).map(({ reasonCode }) => reasonCode);
      const expected = protocolVersion === 5 ? [ReasonCode.implementationSpecificError] : [];
      assert.deepEqual(told, expected);
    }
  }
});

test('[MQTT-3.1.2-20] sends PINGREQ in time, in every version', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion, keepAliveMs: 10_000 });
    await clock.advance(4_000);
    const sent = client.publish('t', '');
    await clock.settle();
    await sent;
    // the server was silent all the time, and is asked for a sign of life
    await clock.advance(6_000);
    assert.equal(server.got(PacketType.pingreq).length, 1);
    for (let second = 0; second < 60; second += 1) {
      server.send(publish());
      await clock.advance(1_000);
    }
    assert.equal(server.got(PacketType.pingreq).length, 7);
    assert.equal(client.state, 'connected');
  }
});

test('[MQTT-3.1.2-20] the interval runs from CONNECT, however late CONNACK comes', async t => {
  const silent = (packet: Packet): readonly Packet[] | undefined =>
    packet.type === PacketType.connect ? [] : undefined;
  for (const [lateMs, waitMs] of [
    [9_000, 1_000],
    [25_000, 1],
  ] as const) {
    const { server, clock } = await meet(t, { keepAliveMs: 10_000 }, silent);
    await clock.advance(lateMs);
    server.send({ type: PacketType.connack, sessionPresent: false, reasonCode: 0 });
    await clock.settle();
    assert.equal(server.got(PacketType.pingreq).length, 0);
    await clock.advance(waitMs);
    assert.equal(server.got(PacketType.pingreq).length, 1);
  }
});

test('bytes of any kind, in any version, harm nobody', async t => {
  for (let header = 0; header < 256; header += 1) {
    const random = new SeededRandom(header);
    const protocolVersion = random.pick(versions);
    const { client, server, clock } = await meet(t, { protocolVersion });
    const body = random.bytes(random.int(0, 30));
    server.sendBytes(bytes`${header} ${body.length} ${body}`);
    await clock.settle();
    server.destroy();
    await clock.settle();
    assert.equal(client.state, 'closed');
    assert.notEqual((await client.closed)?.code, ErrorCode.internalError);
  }
});
