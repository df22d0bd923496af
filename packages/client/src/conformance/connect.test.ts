import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { PacketType, type QoS } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import { createClient } from '../connect.ts';
import { ErrorCode } from '../errors.ts';
import type { ClientOptions } from '../options.ts';
import { accepting, meet, outcome, stage } from '../testing/scripted-server.ts';

/** The bytes of CONNECT. */
async function connectOf(t: TestContext, options: ClientOptions): Promise<Uint8Array> {
  const { server } = await meet(t, options);
  return server.framesOf(PacketType.connect)[0];
}

/** The connect flags, which stand behind the protocol's name and version. */
async function flagsOf(t: TestContext, options: ClientOptions): Promise<number> {
  return (await connectOf(t, { ...options, protocolVersion: options.protocolVersion ?? 4 }))[9];
}

const will = { topic: 'w', payload: 'bye' };

test('[MQTT-3.1.0-1] [MQTT-3.1.2-30] CONNECT comes first, and nothing before CONNACK', async t => {
  for (const protocolVersion of [3, 4, 5] as const) {
    const { client, server, clock } = await meet(
      t,
      { protocolVersion, keepAliveMs: 1_000 },
      () => [],
    );
    const waiting = [
      client.publish('t', '', { qos: 1 }),
      client.publish('t', ''),
      client.subscribe('t'),
      client.unsubscribe('t'),
    ].map(outcome);
    await clock.advance(10_000);
    assert.deepEqual(
      server.received.map(packet => packet.type),
      [PacketType.connect],
    );
    server.send({ type: PacketType.connack, sessionPresent: false, reasonCode: 0 });
    await clock.settle();
    assert.equal(server.received.length, 1 + waiting.length);
    server.destroy();
    await clock.settle();
    await Promise.all(waiting);
  }
});

test('[MQTT-3.1.2-1] [MQTT-3.1.3-1] [MQTT-3.1.2-9] CONNECT of 5.0, field by field', async t => {
  const connect = await connectOf(t, {
    clientId: 'me',
    keepAliveMs: 10_000,
    receiveMaximum: 7,
    maximumPacketSize: 1_000,
    credentials: { username: 'u', password: 'pw' },
    will: { ...will, qos: 2, retain: true, delayMs: 5_000 },
  });
  const expected = bytes`
    10 36
    00 04 ${'MQTT'} 05  # protocol
    f6 00 0a            # flags, keep alive
    08 21 00 07 27 00 00 03 e8
    00 02 ${'me'}
    05 18 00 00 00 05   # will properties
    00 01 ${'w'} 00 03 ${'bye'}
    00 01 ${'u'} 00 02 ${'pw'}
  `;
  assert.equal(hex(connect.slice(2)), hex(expected.slice(2)));
  assert.equal(connect[1], connect.length - 2);
});

test('3.1.1 [MQTT-3.1.3-1] [MQTT-3.1.2-9] CONNECT, field by field', async t => {
  const connect = await connectOf(t, {
    protocolVersion: 4,
    clientId: 'me',
    keepAliveMs: 10_000,
    credentials: { username: 'u', password: 'pw' },
    will: { ...will, qos: 1 },
  });
  const expected = bytes`
    10 1e
    00 04 ${'MQTT'} 04 ce 00 0a
    00 02 ${'me'} 00 01 ${'w'} 00 03 ${'bye'} 00 01 ${'u'} 00 02 ${'pw'}
  `;
  assert.equal(hex(connect.slice(2)), hex(expected.slice(2)));
});

test('[MQTT-3.1.2-11] [MQTT-3.1.2-13] 3.1.1 [MQTT-3.1.2-15] flags without will', async t => {
  for (const protocolVersion of [4, 5] as const) {
    assert.equal(await flagsOf(t, { protocolVersion, clientId: 'me' }), 0x02);
  }
  // with nothing behind the client identifier
  const connect = await connectOf(t, { protocolVersion: 4, clientId: 'me' });
  assert.equal(hex(connect.slice(12)), hex(bytes`00 02 ${'me'}`));
});

test('[MQTT-3.1.2-12] 3.1.1 [MQTT-3.1.2-14] a will has QoS 0, 1 or 2', async t => {
  for (const qos of [0, 1, 2] as const) {
    assert.equal(await flagsOf(t, { will: { ...will, qos } }), 0x06 | (qos << 3));
  }
  const wrong = { will: { ...will, qos: 3 as QoS }, ...stage().options };
  assert.throws(() => createClient('memory://server', wrong), RangeError);
});

test('[MQTT-3.1.2-16] [MQTT-3.1.2-18] flags and fields of user name and password', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const fixed = { protocolVersion, clientId: 'me' };
    const length = (await connectOf(t, fixed)).length;
    for (const [credentials, flags, more] of [
      [{}, 0x02, 0],
      [{ username: '' }, 0x82, 2],
      [{ username: 'u', password: '' }, 0xc2, 5],
      [{ username: 'u', password: Uint8Array.of(0, 0xff) }, 0xc2, 7],
    ] as const) {
      const connect = await connectOf(t, { ...fixed, credentials });
      assert.equal(connect[9], flags);
      assert.equal(connect.length, length + more);
    }
  }
  assert.equal(await flagsOf(t, { protocolVersion: 5, credentials: { password: 'p' } }), 0x42);
});

test('3.1.1 [MQTT-3.1.2-22] no password without a user name', async t => {
  const credentials = { password: 'p' };
  const options = { ...stage().options, protocolVersion: 4 as const, credentials };
  const refused = { code: ErrorCode.notSupported };
  assert.throws(() => createClient('memory://server', options), refused);
  const late = await meet(t, { protocolVersion: 4, credentials: () => credentials });
  assert.equal((await late.client.closed)?.code, ErrorCode.notSupported);
  assert.deepEqual(late.server.received, []);
});

test('[MQTT-3.1.3-3] [MQTT-3.1.3-4] a client identifier is always there, first', async t => {
  const none = await connectOf(t, { keepAliveMs: 0, receiveMaximum: 1, maximumPacketSize: 1_000 });
  assert.equal(hex(none.slice(9)), '02 00 00 08 21 00 01 27 00 00 03 e8 00 00');
  const named = await connectOf(t, { protocolVersion: 4, clientId: 'gödwit' });
  assert.equal(hex(named.slice(12)), hex(bytes`00 07 ${'gödwit'}`));
});

test('[MQTT-3.1.3-11] [MQTT-3.1.3-12] will topic and user name are UTF-8 strings', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const connect = await connectOf(t, {
      protocolVersion,
      clientId: 'me',
      credentials: { username: 'ü' },
      will: { topic: 'ß', payload: '' },
    });
    assert.ok(hex(connect).endsWith(hex(bytes`00 02 ${'ß'} 00 00 00 02 ${'ü'}`)));
    for (const text of ['\ud800', '\u0000']) {
      const options = { ...stage().options, protocolVersion, will: { topic: text, payload: '' } };
      assert.throws(() => createClient('memory://server', options), RangeError);
      const credentials = (): { username: string } => ({ username: text });
      const { client } = await meet(t, { protocolVersion, credentials });
      assert.ok((await client.closed)?.cause instanceof RangeError);
    }
  }
});

test('3.1.1 [MQTT-3.1.3-7] an empty client identifier needs a clean session', () => {
  for (const protocolVersion of [3, 4] as const) {
    const options = { ...stage().options, protocolVersion, clientId: '' };
    assert.throws(
      () => createClient('memory://server', { ...options, session: { cleanStart: false } }),
      TypeError,
    );
  }
});

test('[MQTT-3.1.2-4] 3.1.1 [MQTT-3.1.2-6] a clean start knows nothing from before', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const options = { protocolVersion, clientId: 'me' };
    const before = await meet(t, options, accepting());
    void outcome(before.client.publish('t', '', { qos: 1 }));
    void outcome(before.client.publish('t', '', { qos: 2 }));
    before.server.destroy();
    await before.clock.settle();

    const { client, server, clock } = await meet(t, options, accepting());
    assert.equal(server.framesOf(PacketType.connect)[0][9] & 0x02, 0x02);
    assert.equal(server.received.length, 1);
    void outcome(client.publish('t', '', { qos: 1 }));
    await clock.settle();
    assert.deepEqual(
      server.got(PacketType.publish).map(({ packetId, dup }) => [packetId, dup]),
      [[1, false]],
    );
  }
});
