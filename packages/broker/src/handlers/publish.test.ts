import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  encodePacket,
  PacketType,
  type ProtocolVersion,
  type PublishProperties,
  type QoS,
} from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import { publishOf, subscribe, testBroker, textOf } from '../testing/test-broker.ts';

const { publish, puback, pubrec, pubrel, pubcomp, disconnect } = PacketType;
const versions: readonly ProtocolVersion[] = [3, 4, 5];
const levels: readonly QoS[] = [0, 1, 2];

/** Every property that a client may send, user properties with a repeated name. */
const allProperties: PublishProperties = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 100,
  responseTopic: 'reply/to',
  correlationData: bytes`00 ff 80`,
  userProperties: [
    ['b', '1'],
    ['a', '2'],
    ['b', '0'],
  ],
  contentType: 'text/plain',
};

/** The publisher's side of one message, up to the last acknowledgement. */
async function finishPublishing(client: RawClient, qos: QoS, reasonCode = 0): Promise<void> {
  if (qos === 1) await client.expect({ type: puback, packetId: 1, reasonCode });
  if (qos !== 2) return;
  await client.expect({ type: pubrec, packetId: 1, reasonCode });
  if (reasonCode >= 0x80) return;
  client.send({ type: pubrel, packetId: 1, reasonCode: 0 });
  await client.expect({ type: pubcomp, packetId: 1, reasonCode: 0 });
}

/** The receiver's side of one message. */
async function finishReceiving(client: RawClient, qos: QoS, packetId: number): Promise<void> {
  if (qos === 1) client.send({ type: puback, packetId, reasonCode: 0 });
  if (qos !== 2) return;
  client.send({ type: pubrec, packetId, reasonCode: 0 });
  await client.expect({ type: pubrel, packetId, reasonCode: 0 });
  client.send({ type: pubcomp, packetId, reasonCode: 0 });
}

suite('PUBLISH from any version to any version', () => {
  for (const from of versions) {
    for (const to of versions) {
      test(`${from} to ${to}: the lesser QoS [MQTT-3.8.4-8], DUP and RETAIN 0 [MQTT-3.3.1-12], properties as they came [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]`, async () => {
        const { connected } = testBroker();
        const publisher = await connected({ clientId: 'p', protocolVersion: from });
        const receiver = await connected({ clientId: 'r', protocolVersion: to });
        let packetId = 0;
        for (const granted of levels) {
          await subscribe(receiver, 't/+', { qos: granted });
          for (const sent of levels) {
            const properties = from === 5 ? allProperties : undefined;
            publisher.send(publishOf('t/ä', 'text', { qos: sent, properties }));
            await finishPublishing(publisher, sent);
            const qos = Math.min(sent, granted) as QoS;
            if (qos > 0) packetId += 1;
            const expected = publishOf('t/ä', 'text', {
              qos,
              packetId: qos === 0 ? 0 : packetId,
              properties: to === 5 ? properties : undefined,
            });
            await receiver.expectBytes(encodePacket(expected, to)!);
            await finishReceiving(receiver, qos, packetId);
          }
        }
        await publisher.expectNothing();
        await receiver.expectNothing();
      });
    }
  }

  test('bytes: an empty property block is added for 5.0, and any block dropped for 3.1.1', async () => {
    const { connected } = testBroker();
    const old = await connected({ clientId: 'old', protocolVersion: 4 });
    const current = await connected({ clientId: 'new', protocolVersion: 5 });
    await subscribe(old, 'a', { qos: 1 });
    await subscribe(current, 'a', { qos: 1 });
    old.send(bytes`
      32 06     # PUBLISH, QoS 1
      00 01 61  # topic "a"
      00 09     # packet identifier 9
      78        # payload "x"
    `);
    await current.expectBytes(bytes`
      32 07
      00 01 61
      00 01
      00        # no properties
      78
    `);
    await old.expectBytes(bytes`32 06 00 01 61 00 01 78`);
    await old.expectBytes(bytes`40 02 00 09`);
    current.send(bytes`
      30 0c
      00 01 61
      07        # properties: 7 bytes
      26 00 01 6b 00 01 76  # User Property "k" = "v"
      79
    `);
    await current.expectBytes(bytes`30 0c 00 01 61 07 26 00 01 6b 00 01 76 79`);
    await old.expectBytes(bytes`30 04 00 01 61 79`);
  });

  test('properties keep the order of the sender, whatever it is [MQTT-3.3.2-18]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, 'a', { qos: 0 });
    const packet = bytes`
      30 1a
      00 01 61
      15
      26 00 01 6b 00 01 32  # User Property "k" = "2"
      03 00 01 63           # Content Type "c"
      26 00 01 6b 00 01 31  # User Property "k" = "1"
      01 01                 # Payload Format Indicator 1
      78 # x: payload begins here
    `;
    packet[1] = packet.length - 2;
    packet[5] = packet.length - 2 - 3 - 1 - 1;
    client.send(packet);
    await client.expectBytes(packet);
  });
});

suite('acknowledgements of PUBLISH', () => {
  test('0x10 when nobody wants the message, in 5.0 alone', async () => {
    const { connected, broker } = testBroker();
    const client = await connected();
    for (const qos of [1, 2] as const) {
      client.send(publishOf('a', '', { qos }));
      await finishPublishing(client, qos, 0x10);
    }
    const old = await connected({ clientId: 'old', protocolVersion: 4 });
    old.send(publishOf('a', '', { qos: 1 }));
    await old.expectBytes(bytes`40 02 00 01`);
    assert.equal(broker.metrics.messagesUnrouted, 3);
  });

  test('QoS 2 sent again before PUBREL, any number of times: PUBREC each time, one delivery [MQTT-4.3.3-10] [MQTT-4.3.3-12]', async () => {
    const { connected } = testBroker();
    for (const version of versions) {
      const client = await connected({ clientId: `c${version}`, protocolVersion: version });
      await subscribe(client, `t${version}`, { qos: 0 });
      const packet = publishOf(`t${version}`, 'once', { qos: 2 });
      client.send(packet);
      await client.expect({ type: publish, qos: 0 });
      await client.expect({ type: pubrec, packetId: 1, reasonCode: 0 });
      for (const dup of [true, false, true]) {
        client.send({ ...packet, dup });
        await client.expect({ type: pubrec, packetId: 1, reasonCode: 0 });
      }
      client.send({ type: pubrel, packetId: 1, reasonCode: 0 });
      await client.expect({ type: pubcomp, packetId: 1, reasonCode: 0 });
      client.send(packet);
      await client.expect({ type: publish, qos: 0 });
      await client.expect({ type: pubrec, packetId: 1 });
    }
  });

  test('a first PUBLISH with DUP is delivered, with DUP 0 [MQTT-3.3.1-3]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, 'a');
    for (const [packetId, qos] of [
      [1, 1],
      [2, 2],
    ] as const) {
      client.send(publishOf('a', '', { qos, packetId: packetId + 40, dup: true }));
      await client.expect({ type: publish, qos, dup: false, packetId });
      await client.expect(qos === 1 ? puback : pubrec);
    }
  });

  test('more unacknowledged than Receive Maximum: 0x93 [MQTT-3.3.4-7]', async () => {
    const { connected } = testBroker({ limits: { receiveMaximum: 2 } });
    const client = await connected();
    for (const packetId of [1, 2, 3]) client.send(publishOf('a', '', { qos: 2, packetId }));
    await client.expect(pubrec);
    await client.expect(pubrec);
    await client.expect({ type: disconnect, reasonCode: 0x93 });
    await client.expectClosed();
  });

  test('QoS 1 takes its place in Receive Maximum only until PUBACK', async () => {
    const { connected } = testBroker({ limits: { receiveMaximum: 1 } });
    const client = await connected();
    for (const packetId of [1, 2, 3]) client.send(publishOf('a', '', { qos: 1, packetId }));
    for (const packetId of [1, 2, 3]) await client.expect({ type: puback, packetId });
  });
});

suite('PUBLISH that is refused', () => {
  const cases: readonly (readonly [name: string, packet: Uint8Array, reasonCode: number])[] = [
    ['QoS 3 [MQTT-3.3.1-4]', bytes`36 06 00 01 61 00 01 00`, 0x81],
    ['DUP with QoS 0 [MQTT-3.3.1-2]', bytes`38 04 00 01 61 00`, 0x81],
    ['packet identifier 0 [MQTT-2.2.1-3]', bytes`32 06 00 01 61 00 00 00`, 0x82],
    ['an empty topic without alias [MQTT-4.7.3-1]', bytes`30 03 00 00 00`, 0x82],
    ["'+' in the topic [MQTT-3.3.2-2]", bytes`30 06 00 03 61 2f 2b 00`, 0x90],
    ["'#' in the topic [MQTT-4.7.0-1]", bytes`30 04 00 01 23 00`, 0x90],
    ['an overlong form in the topic [MQTT-1.5.4-1]', bytes`30 05 00 02 c0 80 00`, 0x81],
    ['a surrogate in the topic [MQTT-1.5.4-1]', bytes`30 06 00 03 ed a0 80 00`, 0x81],
    ['U+0000 in the topic [MQTT-4.7.3-2]', bytes`30 05 00 02 61 00 00`, 0x81],
    ['a property twice', bytes`30 08 00 01 61 04 01 01 01 01`, 0x82],
    ['a property of another packet', bytes`30 09 00 01 61 05 11 00 00 00 01`, 0x81],
    ['a Subscription Identifier [MQTT-3.3.4-6]', bytes`30 06 00 01 61 02 0b 01`, 0x82],
    ['a Subscription Identifier, QoS 1 [MQTT-3.3.4-6]', bytes`32 08 00 01 61 00 01 02 0b 01`, 0x82],
    ['a topic longer than the packet', bytes`30 04 00 05 61 00`, 0x81],
  ];
  for (const [name, packet, reasonCode] of cases) {
    test(name, async () => {
      const { connected, broker } = testBroker();
      const witness = await connected({ clientId: 'w' });
      await subscribe(witness, '#');
      const client = await connected({ clientId: 'c' });
      client.send(packet);
      await client.expect({ type: disconnect, reasonCode });
      await client.expectClosed();
      await witness.expectNothing();
      assert.equal(broker.metrics.protocolErrors, 1);
    });
  }

  test('3.1.1 is closed without a word', async () => {
    const { connected } = testBroker();
    const client = await connected({ protocolVersion: 4 });
    client.send(bytes`30 03 00 01 2b`);
    await client.expectClosed();
  });

  test('a second use of a bad topic on the same connection is never believed', async () => {
    const { connected } = testBroker();
    for (const clientId of ['a', 'b']) {
      const client = await connected({ clientId });
      client.send(bytes`30 05 00 02 c0 80 00`);
      await client.expect({ type: disconnect, reasonCode: 0x81 });
    }
  });

  test('QoS above maximumQoS: 0x9B; below it all is well', async () => {
    const { connected } = testBroker({ limits: { maximumQoS: 1 } });
    const client = await connected();
    client.send(publishOf('a', '', { qos: 1 }));
    await client.expect(puback);
    client.send(publishOf('a', '', { qos: 2 }));
    await client.expect({ type: disconnect, reasonCode: 0x9b });
    await client.expectClosed();
  });

  test('more levels than topicLevelsMax: 0x90, also when another client was first', async () => {
    const { connected } = testBroker({ limits: { topicLevelsMax: 3 } });
    for (const clientId of ['a', 'b']) {
      const client = await connected({ clientId });
      client.send(publishOf('a/b/', '', { qos: 1 }));
      await client.expect(puback);
      client.send(publishOf('a/b//', '', { qos: 1 }));
      await client.expect({ type: disconnect, reasonCode: 0x90 });
    }
  });

  test('what came before it is delivered, and nothing follows DISCONNECT [MQTT-3.14.4-1]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, 'a', { qos: 0 });
    client.send(bytes`30 04 00 01 61 00   30 04 00 01 61 00   36 00`);
    await client.expect(publish);
    await client.expect(publish);
    await client.expect({ type: disconnect, reasonCode: 0x81 });
    await client.expectClosed();
  });
});

suite('order and matching', () => {
  test('messages of one publisher keep their order per QoS and topic [MQTT-4.6.0-5] [MQTT-4.6.0-6]', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const receiver = await connected({ clientId: 'r' });
    await subscribe(receiver, '#');
    for (let i = 1; i <= 30; i += 1) {
      const qos = (i % 3) as QoS;
      publisher.send(publishOf(`t${i % 2}`, `${i}`, { qos, packetId: qos === 0 ? 0 : i }));
    }
    for (let i = 1; i <= 30; i += 1) {
      const packet = await receiver.expect({ type: publish, topic: `t${i % 2}` });
      assert.equal(textOf(packet), `${i}`);
    }
  });

  test("empty levels are levels, '$' topics hide from leading wildcards [MQTT-4.7.2-1] [MQTT-4.7.3-4]", async () => {
    const { connected } = testBroker();
    const receivers: [string, RawClient][] = [];
    const filters = [
      '#',
      '+',
      '+/#',
      '+/a',
      '/+',
      '/#',
      '//',
      '$SYS/#',
      '$SYS/+',
      '$share/g/#',
      'A',
    ];
    for (const filter of filters) {
      const client = await connected({ clientId: filter });
      await subscribe(client, filter);
      receivers.push([filter, client]);
    }
    const publisher = await connected({ clientId: 'p' });
    const expectations: Readonly<Record<string, readonly string[]>> = {
      '$SYS/a': ['$SYS/#', '$SYS/+'],
      $SYS: ['$SYS/#'],
      '/a': ['#', '+/#', '+/a', '/+', '/#', '$share/g/#'],
      '/': ['#', '+/#', '/+', '/#', '$share/g/#'],
      '//': ['#', '+/#', '/#', '//', '$share/g/#'],
      a: ['#', '+', '+/#', '$share/g/#'],
    };
    for (const [topic, wanted] of Object.entries(expectations)) {
      publisher.send(publishOf(topic, ''));
      for (const [filter, client] of receivers) {
        if (wanted.includes(filter)) await client.expect({ type: publish, topic });
        else await client.expectNothing();
      }
    }
  });

  test('U+FEFF in a topic stays what it is [MQTT-1.5.4-3]', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, '\ufeffa', { qos: 0 });
    client.send(publishOf('\ufeffa', '1'));
    client.send(publishOf('a', '2'));
    await client.expect({ type: publish, topic: '\ufeffa' });
    await client.expectNothing();
  });
});

suite('large payloads', () => {
  for (const size of [16_383, 16_384, 65_535, 65_536, 70_000]) {
    test(`${size} bytes arrive as they were sent, at any QoS and version`, async () => {
      const { connected } = testBroker();
      const payload = Uint8Array.from({ length: size }, (_, i) => (i * 31) ^ (i >> 8));
      const receivers: [RawClient, QoS][] = [];
      for (const version of versions) {
        for (const qos of levels) {
          const clientId = `r${version}${qos}`;
          const receiver = await connected({ clientId, protocolVersion: version });
          await subscribe(receiver, 'big', { qos });
          receivers.push([receiver, qos]);
        }
      }
      for (const version of versions) {
        for (const qos of levels) {
          const clientId = `p${version}${qos}`;
          const publisher = await connected({ clientId, protocolVersion: version });
          publisher.send(publishOf('big', '', { qos, payload }));
          for (const [receiver, granted] of receivers) {
            const least = Math.min(qos, granted) as QoS;
            await receiver.expect({ type: publish, topic: 'big', qos: least, payload });
          }
        }
      }
    });
  }

  test('5 MB to 20 receivers of two versions, byte for byte', async () => {
    const { connected } = testBroker();
    const payload = new Uint8Array(5 * 1024 * 1024).fill(7);
    payload.set([1, 2, 3], payload.length - 3);
    const receivers: RawClient[] = [];
    for (let i = 0; i < 20; i += 1) {
      const protocolVersion = i % 2 === 0 ? 4 : 5;
      const receiver = await connected({ clientId: `r${i}`, protocolVersion });
      await subscribe(receiver, 'big', { qos: (i % 3) as QoS });
      receivers.push(receiver);
    }
    const publisher = await connected({ clientId: 'p' });
    publisher.send(publishOf('big', '', { payload }));
    for (const receiver of receivers) await receiver.expect({ type: publish, payload });
  });
});
