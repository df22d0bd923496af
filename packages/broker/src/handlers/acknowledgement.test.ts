import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FrameReader, PacketType, type ProtocolVersion } from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import { publishOf, subscribe, type TestBroker, testBroker } from '../testing/test-broker.ts';

const { disconnect, pingreq, pingresp, puback, pubcomp, publish, pubrec, pubrel } = PacketType;
const versions: readonly ProtocolVersion[] = [3, 4, 5];

/** A client whose Receive Maximum is 1, so that what is done shows by what comes next. */
async function receiverOf({ connected }: TestBroker): Promise<RawClient> {
  const client = await connected({ clientId: 'a', properties: { receiveMaximum: 1 } });
  await subscribe(client, 't');
  return client;
}

suite('messages to a client', () => {
  for (const protocolVersion of versions) {
    test(`[MQTT-4.3.2-2] [MQTT-4.3.2-3] QoS 1 is done by PUBACK, version ${protocolVersion}`, async () => {
      const { connected, broker } = testBroker({ limits: { inflightMax: 1 } });
      const client = await connected({ clientId: 'a', protocolVersion });
      await subscribe(client, 't', { qos: 1 });
      for (let packetId = 1; packetId <= 3; packetId += 1) {
        broker.publish('t', `${packetId}`, { qos: 1 });
        await client.expect({ type: publish, qos: 1, dup: false, packetId });
        broker.publish('t', 'waits', { qos: 1 });
        await client.expectNothing();
        client.send({ type: puback, packetId, reasonCode: 0 });
        packetId += 1;
        await client.expect({ type: publish, packetId });
        client.send({ type: puback, packetId, reasonCode: 0 });
      }
    });

    test(`[MQTT-4.3.3-2] [MQTT-4.3.3-4] [MQTT-4.3.3-5] QoS 2 is done by PUBCOMP, version ${protocolVersion}`, async () => {
      const { connected, broker } = testBroker({ limits: { inflightMax: 1 } });
      const client = await connected({ clientId: 'a', protocolVersion });
      await subscribe(client, 't', { qos: 2 });
      broker.publish('t', 'first', { qos: 2 });
      broker.publish('t', 'second', { qos: 2 });
      await client.expect({ type: publish, qos: 2, dup: false, packetId: 1 });
      client.send({ type: pubrec, packetId: 1, reasonCode: 0 });
      await client.expectBytes(bytes`62 02 00 01`);
      await client.expectNothing();
      client.send({ type: pubrec, packetId: 1, reasonCode: 0 });
      await client.expectBytes(bytes`62 02 00 01`); // once more, and no PUBLISH [MQTT-4.3.3-6]
      client.send({ type: pubcomp, packetId: 1, reasonCode: 0 });
      await client.expect({ type: publish, packetId: 2 });
    });
  }

  test('[MQTT-4.4.0-2] PUBACK of 0x80 or above ends a message as any PUBACK does', async () => {
    const bench = testBroker();
    const client = await receiverOf(bench);
    bench.broker.publish('t', 'first', { qos: 1 });
    bench.broker.publish('t', 'second', { qos: 1 });
    await client.expect({ type: publish, packetId: 1 });
    const properties = { reasonString: 'no', userProperties: [['a', 'b']] as const };
    client.send({ type: puback, packetId: 1, reasonCode: 0x97, properties });
    await client.expect({ type: publish, packetId: 2, dup: false });
  });

  test('[MQTT-4.4.0-2] PUBREC of 0x80 or above: no PUBREL, room for the next, never sent again', async () => {
    const bench = testBroker();
    const connect = {
      clientId: 'a',
      cleanStart: false,
      properties: { receiveMaximum: 1, sessionExpiryInterval: 100 },
    };
    const client = await bench.connected(connect);
    await subscribe(client, 't');
    bench.broker.publish('t', 'first', { qos: 2 });
    bench.broker.publish('t', 'second', { qos: 2 });
    await client.expect({ type: publish, packetId: 1 });
    client.send({ type: pubrec, packetId: 1, reasonCode: 0x99 });
    await client.expect({ type: publish, packetId: 2 });
    const again = await bench.connected(connect);
    await again.expect({ type: publish, packetId: 2, dup: true });
    await again.expectNothing();
  });

  test('PUBREC 0x10 is below 0x80: the exchange goes on', async () => {
    const bench = testBroker();
    const client = await receiverOf(bench);
    bench.broker.publish('t', '', { qos: 2 });
    await client.expect({ type: publish, packetId: 1 });
    client.send({ type: pubrec, packetId: 1, reasonCode: 0x10 });
    await client.expect({ type: pubrel, packetId: 1, reasonCode: 0 });
  });

  test('acknowledgements of what was never sent change nothing', async () => {
    const bench = testBroker();
    const client = await receiverOf(bench);
    bench.broker.publish('t', 'first', { qos: 1 });
    bench.broker.publish('t', 'second', { qos: 2 });
    await client.expect({ type: publish, packetId: 1 });
    client.send({ type: puback, packetId: 2, reasonCode: 0 });
    client.send({ type: pubcomp, packetId: 1, reasonCode: 0 }); // it is QoS 1
    client.send({ type: pubcomp, packetId: 65_535, reasonCode: 0 });
    client.send({ type: pubrec, packetId: 9, reasonCode: 0x80 });
    await client.expectNothing();
    client.send({ type: puback, packetId: 1, reasonCode: 0 });
    await client.expect({ type: publish, packetId: 2, qos: 2 });
    client.send({ type: puback, packetId: 2, reasonCode: 0 }); // it is QoS 2
    client.send({ type: puback, packetId: 1, reasonCode: 0 }); // once more
    await client.expectNothing();
  });

  test('PUBREC for an unknown identifier: PUBREL 0x92, before 5.0 without the reason', async () => {
    const { connected } = testBroker();
    const five = await connected();
    five.send({ type: pubrec, packetId: 7, reasonCode: 0 });
    await five.expectBytes(bytes`62 03 00 07 92`);
    const four = await connected({ protocolVersion: 4 });
    four.send({ type: pubrec, packetId: 7, reasonCode: 0 });
    await four.expectBytes(bytes`62 02 00 07`);
  });

  test('[MQTT-2.2.1-4] identifiers go round from 65,535 to 1, never 0, around those in use', async () => {
    const { network, broker, settle } = testBroker();
    const stream = network.connect('broker');
    const reader = new FrameReader(1000);
    const ids: number[] = [];
    stream.open({
      onData(chunk) {
        reader.push(chunk);
        while (reader.next()) {
          if (reader.header >> 4 !== publish) continue;
          const [high, low] = reader.bytes.subarray(reader.bodyStart + 3, reader.bodyStart + 5);
          ids.push((high << 8) | low);
          // The first one is never acknowledged.
          if (ids.length > 1) stream.write(Uint8Array.of(0x40, 2, high, low));
        }
      },
      onEnd() {},
      onDrain() {},
      onClose() {},
    });
    stream.write(bytes`10 0d 00 04 4d 51 54 54 04 02 00 00 00 01 61`);
    stream.write(bytes`82 06 00 01 00 01 74 01`);
    await settle();
    while (ids.length < 66_000) {
      for (let count = 0; count < 500; count += 1) broker.publish('t', '', { qos: 1 });
      await settle();
    }
    assert.equal(ids[0], 1);
    assert(ids.slice(1).every(id => id > 1));
    const rounds = ids.flatMap((id, index) => (index > 0 && id < ids[index - 1] ? [index] : []));
    assert.equal(rounds.length, 1);
    assert(ids[rounds[0] - 1] > 65_500 && ids[rounds[0]] < 16);
  });
});

suite('messages from a client', () => {
  for (const protocolVersion of versions) {
    test(`[MQTT-3.7.2-1] [MQTT-4.3.3-11] PUBREL for an unknown identifier, version ${protocolVersion}`, async () => {
      const { connected } = testBroker();
      const client = await connected({ clientId: 'a', protocolVersion });
      client.send({ type: pubrel, packetId: 300, reasonCode: 0 });
      await client.expectBytes(protocolVersion === 5 ? bytes`70 03 01 2c 92` : bytes`70 02 01 2c`);
      client.send({ type: pingreq });
      await client.expect(pingresp);
    });
  }

  test('[MQTT-4.3.3-12] after PUBCOMP the identifier means a new message', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, 't', { qos: 0 });
    for (let round = 0; round < 3; round += 1) {
      client.send(publishOf('t', '', { qos: 2, packetId: 5 }));
      await client.expect(publish);
      await client.expect({ type: pubrec, packetId: 5, reasonCode: 0 });
      client.send(publishOf('t', '', { qos: 2, packetId: 5, dup: true })); // [MQTT-4.3.3-10]
      await client.expect({ type: pubrec, packetId: 5, reasonCode: 0 });
      client.send({ type: pubrel, packetId: 5, reasonCode: 0 });
      await client.expect({ type: pubcomp, packetId: 5, reasonCode: 0 });
    }
  });

  test('a QoS 2 exchange is finished on the next connection', async () => {
    const { connected } = testBroker();
    const connect = {
      clientId: 'a',
      cleanStart: false,
      properties: { sessionExpiryInterval: 100 },
    };
    const listener = await connected();
    await subscribe(listener, 't', { qos: 0 });
    const first = await connected(connect);
    first.send(publishOf('t', '', { qos: 2, packetId: 5 }));
    await first.expect({ type: pubrec, packetId: 5 });
    await listener.expect(publish);
    const second = await connected(connect);
    second.send(publishOf('t', '', { qos: 2, packetId: 5, dup: true }));
    await second.expect({ type: pubrec, packetId: 5, reasonCode: 0 });
    second.send({ type: pubrel, packetId: 5, reasonCode: 0 });
    await second.expect({ type: pubcomp, packetId: 5, reasonCode: 0 });
    await listener.expectNothing();
  });
});

suite('acknowledgements that are none', () => {
  const faults: [string, Uint8Array, number][] = [
    ['packet identifier 0', bytes`40 02 00 00`, 0x82],
    ['packet identifier 0 with a reason', bytes`50 03 00 00 00`, 0x82],
    ['no packet identifier', bytes`70 00`, 0x81],
    ['half a packet identifier', bytes`40 01 01`, 0x81],
    ['a reason that is not its own [MQTT-3.4.2-1]', bytes`40 03 00 01 92`, 0x81],
    ['a property that is not its own', bytes`40 06 00 01 00 02 01 01`, 0x81],
  ];
  for (const [what, packet, reasonCode] of faults) {
    test(`${what}: DISCONNECT and the end`, async () => {
      const { connected } = testBroker();
      const client = await connected();
      client.send(packet);
      await client.expect({ type: disconnect, reasonCode });
      await client.expectClosed();
    });
  }

  test('before 5.0 there is nothing behind the identifier', async () => {
    const { connected } = testBroker();
    const client = await connected({ protocolVersion: 4 });
    client.send(bytes`40 03 00 01 00`);
    await client.expectClosed();
  });
});
