/** Cases of chapters 3.14 and 4.13: DISCONNECT from either side, and the end of a connection. */
import { equal, ok } from 'node:assert/strict';
import { type DisconnectPacket, encodePacket, PacketType, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { CaseClient } from '../case/case-client.ts';
import type { CaseContext } from '../case/case-context.ts';
import type { ConformanceCase } from '../case/conformance-case.ts';

const { disconnectWithWillMessage, malformedPacket, protocolError, unspecifiedError } = ReasonCode;

const reservedFlag = bytes`10 0d 00 04 4d 51 54 54 05 03 00 3c 00 00 00`;
const willQoS3 = bytes`10 15 00 04 4d 51 54 54 05 1e 00 3c 00 00 00 00 00 03 61 2f 62 00 00`;

/** A client with a will, and another that watches for it. */
async function withWill(t: CaseContext): Promise<{ client: CaseClient; watcher: CaseClient }> {
  const watcher = await t.connect();
  await watcher.subscribe(t.topic('will'));
  const payload = bytes`${'gone'}`;
  const client = await t.connect({
    will: { topic: t.topic('will'), payload, qos: 0, retain: false },
  });
  return { client, watcher };
}

/** What a client does so that a server ends its connection; the reasons that it may give. */
const provocations: readonly ((t: CaseContext, client: CaseClient) => Promise<void>)[] = [
  async (_, client) => client.sendConnect(),
  async (_, client) => client.send(bytes`00 00`),
  async (_, client) => client.send(bytes`30 06 00 01 23 00 68 69`), // to '#'
  async (_, client) => client.send(bytes`82 07 00 00 00 00 01 61 00`), // identifier 0
  async (t, client) => void (await t.connect({ clientId: client.clientId })),
];

/** How the server ends each connection; nothing where it just closes. */
async function goodbyes(t: CaseContext, maximumPacketSize?: number): Promise<DisconnectPacket[]> {
  const properties = maximumPacketSize === undefined ? {} : { maximumPacketSize };
  const packets: DisconnectPacket[] = [];
  for (const provoke of provocations) {
    const client = await t.connect({ properties });
    await provoke(t, client);
    const packet = await client.next();
    if (packet === null) continue;
    equal(packet.type, PacketType.disconnect);
    packets.push(packet as DisconnectPacket);
    await client.expectClosed();
  }
  return packets;
}

export const disconnectCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.14.1-1', 'MQTT-2.1.3-1'],
    v3: ['MQTT-3.14.1-1', 'MQTT-2.2.2-2'],
    // 3.1 has DUP and QoS in every fixed header.
    versions: [5, 4],
    title: 'DISCONNECT with reserved flags is malformed, not a goodbye: the will is published',
    async run(t) {
      for (const flags of [0x1, 0x2, 0x8]) {
        const { client, watcher } = await withWill(t);
        client.send(bytes`${0xe0 | flags} 00`);
        await client.expectDisconnected(malformedPacket);
        await watcher.receive({ topic: t.topic('will') });
      }
    },
  },
  {
    v5: ['MQTT-3.14.2-1'],
    title: 'DISCONNECT with a reason outside the table is malformed: the will is published',
    async run(t) {
      for (const reasonCode of [0x01, 0x05, 0x10, 0x18, 0x42, 0x85, 0x91, 0xff]) {
        const { client, watcher } = await withWill(t);
        client.send(bytes`e0 02 ${reasonCode} 00`);
        await client.expectDisconnected();
        await watcher.receive({ topic: t.topic('will') });
      }
    },
  },
  {
    v5: ['MQTT-3.14.2-1', 'MQTT-3.14.2-2'],
    title: "the server's DISCONNECT has a reason of its list and no Session Expiry Interval",
    async run(t) {
      for (const { reasonCode, properties } of await goodbyes(t)) {
        ok(reasonCode >= 0x80, `reason ${reasonCode}`);
        equal(properties?.sessionExpiryInterval, undefined);
      }
    },
  },
  {
    v5: ['MQTT-3.14.2-3', 'MQTT-3.14.2-4'],
    title: "texts in DISCONNECT never make it larger than the client's Maximum Packet Size",
    async run(t) {
      const plain = await t.client();
      // The least that a client can say and still be welcome.
      const size = encodePacket(await plain.connect(), 5)!.length;
      for (const goodbye of await goodbyes(t, size)) {
        const own = encodePacket(goodbye, 5)!.length;
        ok(own <= size, `DISCONNECT has ${own} bytes, and ${size} are allowed`);
      }
    },
  },
  {
    v5: ['MQTT-3.14.4-1', 'MQTT-3.14.4-2', 'MQTT-4.13.2-1'],
    title: "after the server's DISCONNECT nothing more comes, and the server closes",
    async run(t) {
      const publisher = await t.connect();
      for (const provoke of provocations) {
        const client = await t.connect();
        await client.subscribe(t.topic('news'));
        await provoke(t, client);
        await publisher.publish(t.topic('news'), 'hello', { qos: 1 });
        let packet = await client.next();
        if (packet?.type === PacketType.publish) packet = await client.next();
        if (packet === null) continue;
        equal(packet.type, PacketType.disconnect);
        await client.expectClosed();
      }
    },
  },
  {
    v5: ['MQTT-3.14.4-1', 'MQTT-3.14.4-2', 'MQTT-4.13.1-1'],
    v3: ['MQTT-4.8.0-1'],
    title: 'what follows a malformed packet is not answered',
    async run(t) {
      const client = await t.connect();
      client.send(bytes`00 00 c0 00 c0 00`);
      await client.expectDisconnected();
    },
  },
  {
    v5: ['MQTT-3.14.4-3'],
    title: 'DISCONNECT with 0x00 takes the will back, in each of its forms',
    async run(t) {
      for (const goodbye of [bytes`e0 00`, bytes`e0 01 00`, bytes`e0 02 00 00`]) {
        const { client, watcher } = await withWill(t);
        client.send(goodbye);
        client.stream.end();
        await client.expectClosed();
        await t.expectNothing(watcher, await t.connect());
      }
    },
  },
  {
    v5: ['MQTT-3.14.4-3'],
    title: 'DISCONNECT with 0x04, or any reason but 0x00, keeps the will: it is published',
    async run(t) {
      const { implementationSpecificError, quotaExceeded, packetTooLarge } = ReasonCode;
      const failures = [unspecifiedError, implementationSpecificError, malformedPacket];
      const reasons = [disconnectWithWillMessage, ...failures, quotaExceeded, packetTooLarge];
      for (const reasonCode of reasons) {
        const { client, watcher } = await withWill(t);
        await client.disconnect({ reasonCode });
        await watcher.receive({ topic: t.topic('will') });
      }
    },
  },
  {
    v5: ['MQTT-4.13.1-1', 'MQTT-4.1.0-2'],
    title: 'DISCONNECT cannot raise the session expiry from 0: the session ends, the will goes out',
    async run(t) {
      const { client, watcher } = await withWill(t);
      client.send({
        type: PacketType.disconnect,
        reasonCode: 0,
        properties: { sessionExpiryInterval: 60 },
      });
      await client.expectDisconnected(protocolError);
      await watcher.receive({ topic: t.topic('will') });
      const again = await t.client();
      const { clientId } = client;
      const { sessionPresent } = await again.connect({ clientId, cleanStart: false });
      equal(sessionPresent, false);
    },
  },
  {
    v5: ['MQTT-4.13.2-1', 'MQTT-3.14.0-1'],
    title: 'a refused client is told by CONNACK, never by DISCONNECT, and the server closes',
    async run(t) {
      const receiveMaximumOf0 = bytes`10 10 00 04 4d 51 54 54 05 02 00 3c 03 21 00 00 00 00`;
      for (const connect of [receiveMaximumOf0, reservedFlag, willQoS3]) {
        const client = await t.client();
        client.send(connect);
        await client.expectRefused();
      }
    },
  },
  {
    v5: ['MQTT-3.1.2-3', 'MQTT-3.1.2-12'],
    title: 'will QoS 3 and the reserved flag of CONNECT are malformed: 0x81, not 0x82',
    async run(t) {
      for (const connect of [reservedFlag, willQoS3]) {
        const client = await t.client();
        client.send(connect);
        await client.expectRefused(malformedPacket);
      }
    },
  },
];
