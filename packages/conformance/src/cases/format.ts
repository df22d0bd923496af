/** Cases of chapters 1.5.5, 2.1 and 2.2: fixed header, packet identifiers, property length. */
import { equal, notEqual, ok } from 'node:assert/strict';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { connectBytes } from './connect-bytes.ts';
import { packetBytes, prefixed, propertyBlock, propertyId } from './packet-bytes.ts';

const { malformedPacket } = ReasonCode;

/** Sends bytes that no server may put up with, each on a connection of its own. */
async function expectEachRefused(
  t: CaseContext,
  packets: readonly Uint8Array[],
  ...reasonCodes: readonly number[]
): Promise<void> {
  for (const packet of packets) {
    const client = await t.connect();
    client.send(packet);
    await client.expectDisconnected(...reasonCodes);
  }
}

/** The next packet's bytes, which must come. */
async function nextBytes(client: CaseClient): Promise<Uint8Array> {
  const packet = await client.nextBytes();
  ok(packet !== null, 'the server closed instead of sending a packet');
  return packet;
}

/** The next packet must begin with this byte. */
async function expectHeader(client: CaseClient, header: number): Promise<Uint8Array> {
  const packet = await nextBytes(client);
  equal(hex(packet.subarray(0, 1)), hex([header]));
  return packet;
}

export const variableByteIntegerCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-1.5.5-1'],
    title: 'a Remaining Length that is longer than it need be closes the connection',
    async run(t) {
      await expectEachRefused(t, [bytes`c0 80 00`, bytes`c0 80 80 00`, bytes`c0 80 80 80 00`]);
    },
  },
  {
    v5: ['MQTT-1.5.5-1', 'MQTT-4.13.1-1'],
    v3: ['MQTT-4.8.0-1'],
    title: 'a Remaining Length of more than four bytes closes the connection',
    async run(t) {
      await expectEachRefused(t, [bytes`c0 80 80 80 80 00`, bytes`30 ff ff ff ff 7f`]);
    },
  },
  {
    v5: ['MQTT-1.5.5-1'],
    title: 'a Property Length that is longer than it need be closes the connection',
    async run(t) {
      const topic = prefixed(t.topic('a'));
      await expectEachRefused(t, [
        packetBytes(0x30, topic, [0x80, 0]),
        packetBytes(0x30, topic, [0x80, 0x80, 0x80, 0x80, 0]),
        packetBytes(0x82, [0, 9, 0x80, 0], topic, [0]),
      ]);
      const client = await t.client();
      const properties = bytes`80 00`;
      client.send(connectBytes(5, { properties, payload: prefixed(t.clientId()) }));
      await client.expectRefused();
    },
  },
  {
    v5: ['MQTT-1.5.5-1'],
    v3: ['MQTT-7.1.1-1'],
    title: 'packets of every length at which their length grows by a byte come through',
    async run(t) {
      const topic = t.topic('a');
      const client = await t.connect();
      await client.subscribe(topic, { qos: 0 });
      const head = bytes`${prefixed(topic)} ${propertyBlock(t.version)}`;
      for (const length of [127, 128, 16_383, 16_384]) {
        const payload = new Uint8Array(length - head.length);
        client.sendPublish(topic, payload);
        await client.expectBytes(packetBytes(0x30, head, payload));
      }
    },
  },
  {
    v5: ['MQTT-1.5.5-1'],
    needs: ['subscription-identifiers'],
    title: 'subscription identifiers are as short as they can be',
    async run(t) {
      for (const identifier of [1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455]) {
        const client = await t.connect();
        const properties = { subscriptionIdentifiers: [identifier] };
        await client.subscribe(t.topic('a'), { qos: 0, properties });
        client.sendPublish(t.topic('a'), '');
        // A longer form does not decode.
        await client.receive({ properties });
      }
    },
  },
];

export const fixedHeaderCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-2.1.3-1'],
    v3: ['MQTT-2.2.2-1', 'MQTT-2.2.2-2'],
    // 3.1 has DUP and QoS in every fixed header.
    versions: [5, 4],
    title: 'reserved flags of any packet are malformed: 0x81, and the connection closes',
    async run(t) {
      const subscribe = [[0, 9], propertyBlock(t.version), prefixed(t.topic('a'))] as const;
      const packets = [
        bytes`41 02 00 01`,
        bytes`51 02 00 01`,
        bytes`60 02 00 01`,
        bytes`63 02 00 01`,
        bytes`72 02 00 01`,
        packetBytes(0x80, ...subscribe, [0]),
        packetBytes(0x8a, ...subscribe, [0]),
        packetBytes(0xa0, ...subscribe),
        packetBytes(0xa3, ...subscribe),
        bytes`c8 00`,
        bytes`e1 00`,
      ];
      await expectEachRefused(t, packets, malformedPacket);
    },
  },
  {
    v5: ['MQTT-2.1.3-1'],
    v3: ['MQTT-2.2.2-1', 'MQTT-2.2.2-2', 'MQTT-3.1.4-1'],
    versions: [5, 4],
    title: 'CONNECT with reserved flags in its fixed header closes the connection',
    async run(t) {
      const client = await t.client();
      const connect = connectBytes(t.version, { payload: prefixed(t.clientId()) });
      client.send(connect.with(0, 0x11));
      if (t.version === 5) await client.expectRefused(malformedPacket);
      else await client.expectClosed();
    },
  },
  {
    v5: ['MQTT-2.1.3-1'],
    v3: ['MQTT-2.2.2-1'],
    title: 'the packets of the server have the flags that are prescribed',
    async run(t) {
      const topic = t.topic('a');
      const subscriber = await t.client();
      subscriber.sendConnect();
      await expectHeader(subscriber, 0x20);
      const request = [[0, 1], propertyBlock(t.version), prefixed(topic)] as const;
      subscriber.send(packetBytes(0x82, ...request, [2]));
      await expectHeader(subscriber, 0x90);

      const publisher = await t.connect();
      publisher.sendPublish(topic, '', { qos: 1, packetId: 1 });
      await expectHeader(publisher, 0x40);
      await expectHeader(subscriber, 0x32);
      publisher.sendPublish(topic, '', { qos: 2, packetId: 2 });
      await expectHeader(publisher, 0x50);
      publisher.acknowledge(PacketType.pubrel, 2);
      await expectHeader(publisher, 0x70);

      const publish = await expectHeader(subscriber, 0x34);
      const packetIdAt = 4 + topic.length;
      const [high, low] = publish.subarray(packetIdAt);
      subscriber.acknowledge(PacketType.pubrec, (high << 8) | low);
      await expectHeader(subscriber, 0x62);
      subscriber.send(packetBytes(0xa2, ...request));
      await expectHeader(subscriber, 0xb0);
      subscriber.send({ type: PacketType.pingreq });
      await expectHeader(subscriber, 0xd0);
    },
  },
  {
    v5: ['MQTT-4.13.1-1', 'MQTT-3.14.0-1'],
    v3: ['MQTT-4.8.0-1'],
    title: 'packet types that are reserved, or only for servers, close the connection',
    async run(t) {
      const reserved = [bytes`00 00`, bytes`20 02 00 00`, bytes`90 03 00 01 00`];
      const auth = bytes`f0 00`;
      await expectEachRefused(t, [...reserved, auth]);
      for (const packet of [...reserved, auth, bytes`ff ff ff ff ff ff`]) {
        const client = await t.client();
        client.send(packet);
        await client.expectClosed();
      }
    },
  },
  {
    v5: ['MQTT-4.13.1-1'],
    v3: ['MQTT-4.8.0-1'],
    title: 'PINGREQ with a body, and a PINGRESP, close the connection',
    run: t => expectEachRefused(t, [bytes`c0 01 00`, bytes`d0 00`]),
  },
  {
    v5: ['MQTT-4.13.1-1'],
    v3: ['MQTT-4.8.0-1'],
    // In 3.1 nothing is said of such packets.
    versions: [5, 4],
    title: 'packets that end before their fields do, or after, close the connection',
    async run(t) {
      const topic = prefixed(t.topic('a'));
      const properties = propertyBlock(t.version);
      await expectEachRefused(t, [
        bytes`30 00`,
        bytes`30 03 00 05 61`,
        bytes`32 03 00 01 61`,
        bytes`40 01 00`,
        bytes`62 00`,
        packetBytes(0x82, [0, 9], properties, topic),
        packetBytes(0xa2, [0, 9], properties),
      ]);
    },
  },
];

export const packetIdentifierCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-2.2.1-2', 'MQTT-2.2.2-1'],
    v3: ['MQTT-2.3.1-5'],
    title: 'PUBLISH with QoS 0 comes without a packet identifier',
    async run(t) {
      const client = await t.connect();
      const publisher = await t.connect();
      await client.subscribe(t.topic('a'));
      await publisher.publish(t.topic('a'), 'hello', { qos: 0 });
      const topic = prefixed(t.topic('a'));
      await client.expectBytes(packetBytes(0x30, topic, propertyBlock(t.version), 'hello'));
    },
  },
  {
    v5: ['MQTT-4.13.1-1'],
    v3: ['MQTT-2.3.1-1', 'MQTT-4.8.0-1'],
    title: 'packet identifier 0 closes the connection',
    async run(t) {
      const topic = prefixed(t.topic('a'));
      const properties = propertyBlock(t.version);
      await expectEachRefused(t, [
        packetBytes(0x32, topic, [0, 0], properties),
        packetBytes(0x34, topic, [0, 0], properties),
        packetBytes(0x82, [0, 0], properties, topic, [0]),
        packetBytes(0xa2, [0, 0], properties, topic),
      ]);
    },
  },
  {
    v5: ['MQTT-2.2.1-4'],
    v3: ['MQTT-2.3.1-4', 'MQTT-2.3.1-1'],
    title: 'packet identifiers of the server are not 0, and no two in flight are the same',
    async run(t) {
      const client = await t.connect();
      const publisher = await t.connect();
      await client.subscribe(t.topic('once'), { qos: 1 });
      await client.subscribe(t.topic('twice'), { qos: 2 });
      const inFlight = new Set<number>();
      for (let round = 0; round < 8; round += 1) {
        for (const [name, qos] of [
          ['once', 1],
          ['twice', 2],
        ] as const) {
          await publisher.publish(t.topic(name), 'hello', { qos });
          const { packetId } = await client.expect({ type: PacketType.publish, qos });
          notEqual(packetId, 0);
          ok(!inFlight.has(packetId), `packet identifier ${packetId} is in flight already`);
          inFlight.add(packetId);
          // The newest QoS 1 message every other time: what it frees may be used again.
          if (qos === 2 || round % 2 === 0) continue;
          client.acknowledge(PacketType.puback, packetId);
          inFlight.delete(packetId);
        }
      }
    },
  },
  {
    v5: ['MQTT-2.2.1-4'],
    v3: ['MQTT-2.3.1-4'],
    title: 'a packet identifier is in use until PUBCOMP, not until PUBREC',
    async run(t) {
      const client = await t.connect();
      const publisher = await t.connect();
      await client.subscribe(t.topic('a'), { qos: 2 });
      await publisher.publish(t.topic('a'), 'first', { qos: 2 });
      const first = await client.expect({ type: PacketType.publish, qos: 2 });
      client.acknowledge(PacketType.pubrec, first.packetId);
      await client.expect({ type: PacketType.pubrel, packetId: first.packetId });
      for (let count = 0; count < 3; count += 1) {
        await publisher.publish(t.topic('a'), 'next', { qos: 1 });
        const { packetId } = await client.expect({ type: PacketType.publish, qos: 1 });
        notEqual(packetId, first.packetId);
        client.acknowledge(PacketType.puback, packetId);
      }
    },
  },
  {
    v5: ['MQTT-2.2.1-5'],
    v3: ['MQTT-2.3.1-6'],
    title: 'acknowledgements have the packet identifier of their PUBLISH',
    async run(t) {
      const client = await t.connect();
      for (const packetId of [1, 0x0100, 0x1234, 0xffff]) {
        client.sendPublish(t.topic('nobody'), 'hello', { qos: 1, packetId });
        await client.expect({ type: PacketType.puback, packetId });
        client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId });
        await client.expect({ type: PacketType.pubrec, packetId });
        client.acknowledge(PacketType.pubrel, packetId);
        await client.expect({ type: PacketType.pubcomp, packetId });
      }
    },
  },
  {
    v5: ['MQTT-2.2.1-5', 'MQTT-2.2.1-4'],
    v3: ['MQTT-2.3.1-6', 'MQTT-2.3.1-4'],
    title: 'client and server may use the same packet identifier at the same time',
    async run(t) {
      const client = await t.connect();
      const publisher = await t.connect();
      await client.subscribe(t.topic('a'), { qos: 2 });
      await publisher.publish(t.topic('a'), 'hello', { qos: 2 });
      const { packetId } = await client.expect({ type: PacketType.publish, qos: 2 });
      client.sendPublish(t.topic('nobody'), 'hello', { qos: 2, packetId });
      await client.expect({ type: PacketType.pubrec, packetId });
      client.acknowledge(PacketType.pubrec, packetId);
      await client.expect({ type: PacketType.pubrel, packetId });
      client.acknowledge(PacketType.pubrel, packetId);
      await client.expect({ type: PacketType.pubcomp, packetId });
      client.acknowledge(PacketType.pubcomp, packetId);
      await client.ping();
    },
  },
  {
    v5: ['MQTT-2.2.1-6'],
    v3: ['MQTT-2.3.1-7'],
    title: 'SUBACK and UNSUBACK have the packet identifier of their request',
    async run(t) {
      const client = await t.connect();
      const properties = propertyBlock(t.version);
      const filter = prefixed(t.topic('a'));
      for (const [high, low] of [
        [0, 1],
        [1, 0],
        [0x12, 0x34],
        [0xff, 0xff],
      ] as const) {
        const packetId = (high << 8) | low;
        client.send(packetBytes(0x82, [high, low], properties, filter, [0]));
        await client.expect({ type: PacketType.suback, packetId });
        client.send(packetBytes(0xa2, [high, low], properties, filter));
        await client.expect({ type: PacketType.unsuback, packetId });
      }
    },
  },
];

export const propertyCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-2.2.2-1'],
    title: 'SUBACK and UNSUBACK without properties say so by a length of zero',
    async run(t) {
      const client = await t.connect();
      const filter = prefixed(t.topic('a'));
      client.send(packetBytes(0x82, [0, 1, 0], filter, [0]));
      const suback = await nextBytes(client);
      ok(suback.length >= 6, `${hex(suback)} has no Property Length`);
      client.send(packetBytes(0xa2, [0, 2, 0], filter));
      const unsuback = await nextBytes(client);
      ok(unsuback.length >= 6, `${hex(unsuback)} has no Property Length`);
    },
  },
  {
    v5: ['MQTT-2.2.2-1'],
    title: 'PUBLISH, SUBSCRIBE and UNSUBSCRIBE without a Property Length close the connection',
    async run(t) {
      const topic = prefixed(t.topic('a'));
      await expectEachRefused(t, [
        packetBytes(0x30, topic),
        packetBytes(0x32, topic, [0, 9]),
        packetBytes(0x82, [0, 9]),
        packetBytes(0xa2, [0, 9]),
      ]);
    },
  },
  {
    v5: ['MQTT-4.13.1-1', 'MQTT-3.1.4-1'],
    title: 'a property that stands twice where it may stand once is refused',
    async run(t) {
      const twice = (property: Uint8Array): Uint8Array => propertyBlock(5, property, property);
      const topic = prefixed(t.topic('a'));
      const reason = bytes`${propertyId.reasonString} ${prefixed('why')}`;
      const type = bytes`${propertyId.contentType} ${prefixed('text')}`;
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('a'));
      await expectEachRefused(t, [
        packetBytes(0x30, topic, twice(type)),
        packetBytes(0x30, topic, twice(bytes`${propertyId.payloadFormatIndicator} 00`)),
        packetBytes(0x82, [0, 9], twice(bytes`0b 01`), topic, [0]),
        packetBytes(0x62, [0, 9, 0], twice(reason)),
        packetBytes(0xe0, [0], twice(bytes`${propertyId.sessionExpiryInterval} 00 00 00 00`)),
      ]);
      const client = await t.client();
      const properties = twice(bytes`${propertyId.receiveMaximum} 00 0a`);
      client.send(connectBytes(5, { properties, payload: prefixed(t.clientId()) }));
      await client.expectRefused();
      await t.expectNothing(watcher, await t.connect());
    },
  },
  {
    v5: ['MQTT-4.13.1-1', 'MQTT-3.1.4-1'],
    title: 'a property that is unknown, or of another packet, is refused and not passed on',
    async run(t) {
      const topic = prefixed(t.topic('a'));
      const watcher = await t.connect();
      await watcher.subscribe(t.topic('a'));
      const wrong = [
        bytes`00 00`,
        bytes`7f 00`,
        bytes`a6 01 00 00`, // an identifier of two bytes
        bytes`${propertyId.receiveMaximum} 00 0a`,
        bytes`${propertyId.reasonString} ${prefixed('why')}`,
      ];
      for (const property of wrong) {
        const properties = propertyBlock(5, property);
        const packets = [packetBytes(0x30, topic, properties)];
        if (property[0] !== propertyId.reasonString) {
          packets.push(packetBytes(0x62, [0, 9, 0], properties));
        }
        packets.push(packetBytes(0x82, [0, 9], properties, topic, [0]));
        await expectEachRefused(t, packets);
      }
      const client = await t.client();
      const properties = propertyBlock(5, bytes`${propertyId.contentType} ${prefixed('text')}`);
      client.send(connectBytes(5, { properties, payload: prefixed(t.clientId()) }));
      await client.expectRefused();
      await t.expectNothing(watcher, await t.connect());
    },
  },
];
