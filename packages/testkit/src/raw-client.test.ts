import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { type ConnackPacket, PacketType, type ProtocolVersion } from '@godwit/protocol';
import { type Clock, systemClock } from '@godwit/runtime';
import { type ByteStream, memoryPair } from '@godwit/transport';
import { connectTcp, listenTcp } from '@godwit/transport/node';
import { bytes } from './hex.ts';
import { RawClient } from './raw-client.ts';
import { VirtualClock } from './virtual-clock.ts';

const connack: ConnackPacket = { type: PacketType.connack, sessionPresent: false, reasonCode: 0 };

/** Two raw clients, one of them playing the broker. */
function joined(version?: ProtocolVersion): {
  clock: VirtualClock;
  client: RawClient;
  broker: RawClient;
} {
  const clock = new VirtualClock();
  const [near, far] = memoryPair(clock.defer);
  return {
    clock,
    client: new RawClient(near, { clock, version }),
    broker: new RawClient(far, { clock, version }),
  };
}

for (const version of [3, 4, 5] as const) {
  test(`connects with version ${version}`, async () => {
    const { client, broker } = joined();
    broker.version = version;
    broker.send(connack);
    const overrides = { protocolVersion: version, clientId: 'a' };
    assert.deepEqual((await client.connect(overrides)).reasonCode, 0);
    assert.equal(client.version, version);
    const { keepAlive } = await broker.expect({ type: PacketType.connect, ...overrides });
    assert.equal(keepAlive, 0);
  });
}

test('sends bytes as they are, and expects them', async () => {
  const { client, broker } = joined();
  const subscribe = bytes`
    82 07       # SUBSCRIBE, Remaining Length 7
    00 01       # packet identifier 1
    00          # no properties
    00 01 23    # filter "#"
    00          # QoS 0
  `;
  client.send(subscribe.subarray(0, 3));
  client.send(subscribe.subarray(3));
  await broker.expectBytes(subscribe);
  client.send(subscribe);
  const packet = await broker.expect({ type: PacketType.subscribe, packetId: 1 });
  assert.equal(packet.subscriptions.length, 1);
});

test('matches the fields that are given, in properties and payload too', async () => {
  const { client, broker } = joined();
  broker.send({
    type: PacketType.publish,
    topic: 'a/b',
    payload: bytes`${'hi'}`,
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: { contentType: 'text', messageExpiryInterval: 5 },
  });
  const packet = await client.expect({
    type: PacketType.publish,
    topic: 'a/b',
    payload: Buffer.from('hi'),
    properties: { contentType: 'text' },
  });
  assert.equal(packet.properties?.messageExpiryInterval, 5);
});

test('failures show what came instead', async () => {
  const { client, broker } = joined();
  broker.send({ type: PacketType.puback, packetId: 7, reasonCode: 0x10 });
  await assert.rejects(client.expect({ type: PacketType.suback, packetId: 7 }), {
    name: 'AssertionError',
    message: [
      'expected SUBACK { packetId: 7 }',
      'came PUBACK { packetId: 7, reasonCode: 16 }',
      `0000  40 03 00 07 10${' '.repeat(33)}  @....`,
    ].join('\n'),
  });
  broker.send({ type: PacketType.puback, packetId: 7, reasonCode: 0 });
  await assert.rejects(client.expect({ type: PacketType.puback, packetId: 8 }), /packetId: 7/);
  await assert.rejects(client.expect(PacketType.puback), /expected PUBACK\ncame nothing/);
  broker.send({ type: PacketType.pingresp });
  await assert.rejects(client.expectBytes(bytes`e0 00`), /DISCONNECT\n.*\ncame PINGRESP/);
  broker.send(bytes`20 01 00`);
  await assert.rejects(client.expect(PacketType.connack), /CONNACK that does not decode/);
  broker.send(bytes`00 00`);
  await assert.rejects(client.expect(PacketType.connack), /is no MQTT packet: .*\n0000 {2}00 00/);
});

test('next gives whatever comes, decoded or as bytes, and null for a close', async () => {
  const { client, broker } = joined();
  await assert.rejects(client.next(), /expected a packet, or a close\ncame nothing/);
  broker.send({ type: PacketType.pingresp });
  broker.send(bytes`40 02 00 00`);
  broker.send(bytes`40 02 00 00`);
  assert.equal((await client.next())?.type, PacketType.pingresp);
  await assert.rejects(client.next(), /expected a packet\ncame PUBACK that does not decode/);
  assert.deepEqual(await client.nextBytes(), bytes`40 02 00 00`);
  broker.stream.end();
  assert.equal(await client.next(), null);
});

test('what is no packet is not taken for a close', async () => {
  const { client, broker } = joined();
  broker.send(bytes`00 00`);
  await assert.rejects(client.expectClosed(), /is no MQTT packet/);
  await assert.rejects(client.next(), /is no MQTT packet/);
});

test('expectNothing and expectClosed fail for what is there', async () => {
  const { client, broker } = joined();
  await client.expectNothing();
  await assert.rejects(client.expectClosed(), /expected a close\ncame nothing/);
  broker.send({ type: PacketType.pingresp });
  await assert.rejects(client.expectNothing(), /expected nothing\ncame PINGRESP/);
  await assert.rejects(client.expectClosed(), /expected a close\ncame PINGRESP/);
  await client.expect(PacketType.pingresp);
  broker.stream.end();
  await assert.rejects(client.expectNothing(), /came the peer ended the connection/);
  await client.expectClosed();
  await broker.expectClosed();
});

test('on virtual time, waits as long as it is told', async () => {
  const { clock, client, broker } = joined();
  clock.after(300, () => broker.send({ type: PacketType.pingresp }));
  await client.expectNothing();
  await assert.rejects(client.expect(PacketType.pingresp, { timeoutMs: 299 }));
  clock.after(50, () => broker.send({ type: PacketType.pingresp }));
  await client.expect(PacketType.pingresp, { timeoutMs: 1_000 });
  assert.equal(clock.monotonicMs(), 300);
});

test('over TCP: waits for what arrives, and fences with PINGREQ', async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, accepted.resolve);
  const options = { clock: systemClock };
  const stream = await connectTcp({ host: '127.0.0.1', port: listener.port });
  const client = new RawClient(stream, options);
  const broker = new RawClient(await accepted.promise, options);
  const connecting = client.connect({ clientId: 'a' });
  await broker.expect(PacketType.connect);
  broker.send(connack);
  await connecting;

  const quiet = client.expectNothing();
  await broker.expect(PacketType.pingreq);
  broker.send({ type: PacketType.pingresp });
  await quiet;

  const notQuiet = assert.rejects(client.expectNothing(), /expected nothing\ncame PUBACK/);
  await broker.expect(PacketType.pingreq);
  broker.send({ type: PacketType.puback, packetId: 1, reasonCode: 0 });
  await notQuiet;
  await client.expect({ type: PacketType.puback, packetId: 1 });

  client.stream.end();
  await broker.expectClosed();
  await client.expectClosed();
  await listener.close();
});

test('gives up after its time', async () => {
  const clock: Clock = {
    ...systemClock,
    after(delayMs, call) {
      assert.equal(delayMs, 70);
      queueMicrotask(call);
      return { cancel() {} };
    },
  };
  const [near] = memoryPair(clock.defer);
  const client = new RawClient(near, { clock });
  await assert.rejects(client.expect(PacketType.connack, { timeoutMs: 70 }), /came nothing/);
});
