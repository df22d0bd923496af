import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodePacket, type Packet, PacketType } from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import type { ByteStream, StreamHandlers } from '@godwit/transport';
import type { DisconnectInfo } from '../hooks.ts';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';

const { connect, connack, disconnect, pingreq, pingresp, puback, publish, suback } = PacketType;
const { subscribe: subscribeType } = PacketType;

const connectPacket: Packet = {
  type: connect,
  protocolVersion: 5,
  cleanStart: true,
  keepAlive: 0,
  clientId: 'a',
};

function encoded(packet: Packet): Uint8Array {
  return encodePacket(packet, 5)!;
}

/** Bytes one after the other, as they may come in one chunk. */
function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]));
}

suite('before CONNECT', () => {
  const firsts: [string, Uint8Array][] = [
    ['PINGREQ', bytes`c0 00`],
    ['PUBLISH', bytes`30 04 00 01 61 78`],
    ['DISCONNECT', bytes`e0 00`],
    ['CONNACK', bytes`20 03 00 00 00`],
    ['AUTH', bytes`f0 00`],
    ['packet type 0', bytes`00 00`],
    ['what is no packet', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
    ['a Remaining Length of five bytes', bytes`10 ff ff ff ff 01`],
  ];
  for (const [what, first] of firsts) {
    test(`[MQTT-3.1.0-1] [MQTT-3.14.0-1] ${what} as the first packet: closed unanswered`, async () => {
      const { client, broker } = testBroker();
      const raw = client();
      raw.send(first);
      await raw.expectClosed();
      assert.equal(broker.metrics.protocolErrors, 1);
      assert.equal(broker.metrics.connectionsOpen, 0);
    });
  }

  test('a packet above connectBytesMax is refused from its header, whatever its type', async () => {
    for (const header of [0x10, 0x30]) {
      const { client, broker } = testBroker({ limits: { connectBytesMax: 1000 } });
      const fits = client();
      fits.send(Uint8Array.of(header, 0xe5, 0x07)); // 3 + 997 bytes
      await fits.expectNothing();
      const tooLarge = client();
      tooLarge.send(Uint8Array.of(header, 0xe6, 0x07));
      await tooLarge.expectClosed();
      assert.equal(broker.metrics.protocolErrors, 1);
    }
  });

  test('silence, or a CONNECT that never gets complete, is cut after connectTimeoutMs', async () => {
    const { client, broker, clock } = testBroker({ limits: { connectTimeoutMs: 10_000 } });
    const [silent, trickling] = [client(), client()];
    for (const byte of encoded(connectPacket).subarray(0, 9)) {
      trickling.send(Uint8Array.of(byte));
      await clock.advance(1000);
    }
    await silent.expectNothing();
    await trickling.expectNothing();
    await clock.advance(1000);
    await silent.expectClosed();
    await trickling.expectClosed();
    assert.equal(broker.metrics.connectTimeouts, 2);
    assert.equal(broker.metrics.connectionsOpen, 0);
  });

  test('a CONNECT byte by byte is as good as any', async () => {
    const { client, clock } = testBroker();
    const raw = client();
    for (const byte of encoded(connectPacket)) {
      raw.send(Uint8Array.of(byte));
      await clock.settle();
    }
    await raw.expect({ type: connack, reasonCode: 0 });
    await clock.advance(600_000);
    await raw.expectNothing();
  });

  test('a client that goes again leaves nothing', async () => {
    const { client, broker, settle } = testBroker();
    const [ended, destroyed] = [client(), client()];
    await settle();
    assert.equal(broker.metrics.connectionsOpen, 2);
    ended.stream.end();
    destroyed.stream.destroy();
    await settle();
    assert.equal(broker.metrics.connectionsOpen, 0);
    assert.equal(broker.metrics.sessions, 0);
  });
});

suite('an open connection', () => {
  test('[MQTT-3.1.0-2] a second CONNECT: 0x82 and the end', async () => {
    const { connected } = testBroker();
    const client = await connected({ clientId: 'a' });
    client.send(connectPacket);
    await client.expect({ type: disconnect, reasonCode: 0x82 });
    await client.expectClosed();
  });

  test('[MQTT-3.1.0-2] a second CONNECT in 3.1.1: the end without a word', async () => {
    const { connected } = testBroker();
    const client = await connected({ clientId: 'a', protocolVersion: 4 });
    client.send({ ...connectPacket, protocolVersion: 4 });
    await client.expectClosed();
  });

  const misplaced: [string, Uint8Array, number][] = [
    ['CONNACK', bytes`20 03 00 00 00`, 0x82],
    ['SUBACK', bytes`90 04 00 01 00 00`, 0x82],
    ['UNSUBACK', bytes`b0 04 00 01 00 00`, 0x82],
    ['PINGRESP', bytes`d0 00`, 0x82],
    ['AUTH, no method having been agreed [MQTT-4.12.0-7]', bytes`f0 00`, 0x82],
    ['packet type 0', bytes`00 00`, 0x81],
    ['reserved flags [MQTT-2.1.3-1]', bytes`c1 00`, 0x81],
    ['reserved flags of DISCONNECT [MQTT-3.14.1-1]', bytes`e1 00`, 0x81],
    ['reserved flags of PUBREL [MQTT-3.6.1-1]', bytes`60 02 00 01`, 0x81],
    ['PINGREQ with a body', bytes`c0 01 00`, 0x81],
    ['Remaining Length that is not the shortest [MQTT-1.5.5-1]', bytes`c0 80 00`, 0x81],
  ];
  for (const [what, sent, reasonCode] of misplaced) {
    test(`[MQTT-4.13.1-1] ${what}: DISCONNECT and the end`, async () => {
      const protocolErrors: number[] = [];
      const { connected } = testBroker({
        hooks: { onProtocolError: (_, code) => void protocolErrors.push(code) },
      });
      const client = await connected();
      client.send(sent);
      await client.expect({ type: disconnect, reasonCode });
      await client.expectClosed();
      assert.deepEqual(protocolErrors, [reasonCode]);
    });
  }

  test('a packet above packetBytesMax: 0x95 from its header, for every type', async () => {
    const { connected } = testBroker({ limits: { packetBytesMax: 200 } });
    for (const header of [0x30, 0x82, 0xa2, 0x40, 0xe0]) {
      const client = await connected();
      client.send(Uint8Array.of(header, 0xc6, 0x01)); // 3 + 198 bytes
      await client.expect({ type: disconnect, reasonCode: 0x95 });
      await client.expectClosed();
    }
    const client = await connected();
    client.send(Uint8Array.of(0x30, 0xc5, 0x01));
    await client.expectNothing();
  });

  test('packetBytesMax holds for CONNECT no more than connectBytesMax for the rest', async () => {
    const limits = { connectBytesMax: 64, packetBytesMax: 10_000 };
    const { connected } = testBroker({ limits });
    const client = await connected();
    client.send(publishOf('t', 'x'.repeat(9_000), { qos: 1 }));
    await client.expect({ type: puback, packetId: 1 });
  });

  test('[MQTT-3.14.4-1] nothing follows DISCONNECT, not even the client’s own messages', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, 't', { qos: 0 });
    const one = encoded(publishOf('t', '1'));
    client.send(joined(one, one, bytes`c1 00`, one));
    await client.expect(publish);
    await client.expect(publish);
    await client.expect({ type: disconnect, reasonCode: 0x81 });
    await client.expectClosed();
  });

  test('what comes behind a DISCONNECT, or a fault, in the same chunk is not looked at', async () => {
    const { connected, broker } = testBroker();
    for (const last of [bytes`e0 00`, bytes`c1 00`]) {
      const client = await connected();
      client.send(joined(last, encoded(publishOf('t', 'x'))));
      if (last[0] === 0xc1) await client.expect({ type: disconnect, reasonCode: 0x81 });
      await client.expectClosed();
    }
    assert.equal(broker.metrics.messagesReceived, 0);
  });

  test('the same packets come out of any split of the bytes', async () => {
    const script = joined(
      encoded(connectPacket),
      encoded({
        type: subscribeType,
        packetId: 7,
        subscriptions: [
          { filter: 't', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        ],
      }),
      encoded(publishOf('t', 'hello', { qos: 1, packetId: 9 })),
      encoded({ type: pingreq }),
    );
    for (let at = 1; at < script.length; at += 1) {
      const { client, settle } = testBroker();
      const raw = client();
      raw.send(script.slice(0, at));
      await settle();
      raw.send(script.slice(at));
      await raw.expect({ type: connack, reasonCode: 0 });
      await raw.expect({ type: suback, packetId: 7, reasonCodes: [1] });
      await raw.expect({ type: publish, topic: 't', qos: 1 });
      await raw.expect({ type: puback, packetId: 9 });
      await raw.expect(pingresp);
    }
  });

  test('counts bytes and packets both ways', async () => {
    const { connected, broker, settle } = testBroker();
    const client = await connected({ clientId: 'a' });
    const received = encoded(connectPacket).length;
    assert.equal(broker.metrics.bytesReceived, received);
    const { bytesSent } = broker.metrics;
    assert(bytesSent >= 5, `${bytesSent}`);
    client.send({ type: pingreq });
    await client.expect(pingresp);
    client.send({ type: pingreq });
    await settle();
    assert.equal(broker.metrics.bytesReceived, received + 4);
    assert.equal(broker.metrics.packetsReceived, 3);
    assert.equal(broker.metrics.bytesSent, bytesSent + 4);
  });
});

suite('keep alive', () => {
  const keepAliveOf = async (seconds: number, extra = {}): Promise<TimedClient> => {
    const { connected, clock, broker } = testBroker(extra);
    return { client: await connected({ keepAlive: seconds }), clock, broker };
  };

  test('[MQTT-3.1.2-22] [MQTT-3.12.4-1] pings in time keep a client', async () => {
    const { client, clock } = await keepAliveOf(10);
    for (let count = 0; count < 30; count += 1) {
      await clock.advance(14_900);
      client.send({ type: pingreq });
      await client.expect(pingresp);
    }
  });

  test('[MQTT-3.1.2-22] silence for 1.5 times the interval: 0x8D, not before, and soon after', async () => {
    const { client, clock, broker } = await keepAliveOf(10);
    await clock.advance(15_000);
    await client.expectNothing();
    await clock.advance(2_000);
    await client.expect({ type: disconnect, reasonCode: 0x8d });
    await client.expectClosed();
    assert.equal(broker.metrics.keepAliveTimeouts, 1);
  });

  test('[MQTT-3.1.2-24] in 3.1.1: the end without a word', async () => {
    const { connected, clock } = testBroker();
    const client = await connected({ keepAlive: 1, protocolVersion: 4 });
    await clock.advance(4_000);
    await client.expectClosed();
  });

  test('[MQTT-3.1.2-22] a packet that trickles in keeps nobody alive', async () => {
    const { client, clock, broker } = await keepAliveOf(2);
    client.send(bytes`30 ff ff 7f`);
    for (let count = 0; count < 5; count += 1) {
      await clock.advance(1_000);
      client.send(bytes`00`);
    }
    await client.expect({ type: disconnect, reasonCode: 0x8d });
    assert.equal(broker.metrics.keepAliveTimeouts, 1);
  });

  test('0 turns it off', async () => {
    const { client, clock } = await keepAliveOf(0);
    await clock.advance(1_000_000);
    await client.expectNothing();
  });

  test('messages to the client are no sign of life of its own', async () => {
    const { client, clock, broker } = await keepAliveOf(2);
    await subscribe(client, 't', { qos: 0 });
    for (let second = 0; second < 3; second += 1) {
      broker.publish('t', '');
      await client.expect(publish);
      await clock.advance(1_000);
    }
    await clock.advance(1_000);
    await client.expect({ type: disconnect, reasonCode: 0x8d });
  });
});

interface TimedClient {
  readonly client: RawClient;
  readonly clock: ReturnType<typeof testBroker>['clock'];
  readonly broker: ReturnType<typeof testBroker>['broker'];
}

suite('the end of a connection', () => {
  test('a client that does not take our last words is cut after closeGraceMs', async () => {
    const { connected, clock, broker, settle } = testBroker({ limits: { closeGraceMs: 3_000 } });
    const client = await connected();
    client.stream.pause();
    client.send(connectPacket);
    await settle();
    assert.equal(broker.metrics.connectionsOpen, 1);
    await clock.advance(4_000);
    assert.equal(broker.metrics.connectionsOpen, 0);
  });

  test('[MQTT-3.14.4-2] after its DISCONNECT a client need not close: we do', async () => {
    const { connected } = testBroker();
    const client = await connected();
    client.send({ type: disconnect, reasonCode: 0 });
    await client.expectClosed();
  });

  test('onDisconnect says who went and why, once each', async () => {
    const gone: [string, DisconnectInfo][] = [];
    const { connected, clock, settle, client } = testBroker({
      hooks: { onDisconnect: ({ clientId }, info) => void gone.push([clientId, info]) },
    });
    const goodbye = await connected({ clientId: 'goodbye' });
    goodbye.send({ type: disconnect, reasonCode: 0 });
    const reason = await connected({ clientId: 'reason' });
    reason.send({ type: disconnect, reasonCode: 4 });
    const cut = await connected({ clientId: 'cut' });
    cut.stream.destroy();
    const halfClosed = await connected({ clientId: 'half-closed' });
    halfClosed.stream.end();
    const fault = await connected({ clientId: 'fault' });
    fault.send(bytes`c1 00`);
    client().stream.destroy();
    await clock.advance(60_000);
    await settle();
    assert.deepEqual(gone, [
      ['goodbye', { reasonCode: 0, byClient: true }],
      ['reason', { reasonCode: 4, byClient: true }],
      ['cut', { reasonCode: 0x80, byClient: false }],
      ['half-closed', { reasonCode: 0x80, byClient: false }],
      ['fault', { reasonCode: 0x81, byClient: false }],
    ]);
  });

  test('an onDisconnect that throws is reported, and the connection ends all the same', async () => {
    const faults: string[] = [];
    const { connected, broker, settle, clock } = testBroker({
      hooks: {
        onDisconnect() {
          throw new Error('from the hook');
        },
        onProtocolError: (_, reasonCode, message) => void faults.push(`${reasonCode} ${message}`),
      },
    });
    const cut = await connected();
    cut.stream.destroy();
    const goodbye = await connected();
    goodbye.send({ type: disconnect, reasonCode: 0 });
    await goodbye.expectClosed();
    const silent = await connected({ keepAlive: 1 });
    await clock.advance(4_000);
    await silent.expect({ type: disconnect, reasonCode: 0x8d });
    await settle();
    assert.deepEqual(faults, Array(3).fill('131 Error: from the hook'));
    assert.equal(broker.metrics.connectionsOpen, 0);
    assert.equal(broker.metrics.sessions, 0);
  });

  test('a stream that is gone before it is opened leaves nothing', async () => {
    const { broker, settle } = testBroker();
    await settle();
    const stream = {
      kind: 'gone',
      remoteAddress: '',
      remotePort: 0,
      bufferedBytes: 0,
      open: (handlers: StreamHandlers) => handlers.onClose(null),
    } as ByteStream;
    broker.accept(stream);
    assert.equal(broker.metrics.connectionsOpen, 0);
    await broker.close();
  });

  test('connections beyond connectionsMax are closed unanswered', async () => {
    const { client, connected, broker } = testBroker({ limits: { connectionsMax: 2 } });
    const [first] = [await connected(), await connected()];
    const third = client();
    await third.expectClosed();
    assert.equal(broker.metrics.connectionsRefused, 1);
    first.send({ type: disconnect, reasonCode: 0 });
    await first.expectClosed();
    await connected();
  });
});
