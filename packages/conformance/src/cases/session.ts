/** Cases of chapters 4.1 and 4.2: how long sessions last, and the transport. */
import { equal } from 'node:assert/strict';
import { encodePacket, PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { connectBytes } from './connect-bytes.ts';
import { packetBytes, prefixed, propertyBlock } from './packet-bytes.ts';

export const sessionCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-4.1.0-1'],
    v3: ['MQTT-4.1.0-2'],
    timing: 'slow',
    title: 'a session lasts as long as its connection, even beyond its expiry interval',
    async run(t) {
      const publisher = await t.connect();
      for (const sessionExpiryInterval of [0, 1]) {
        const client = await t.connect({ properties: { sessionExpiryInterval } });
        await client.subscribe(t.topic('news'), { qos: 2 });
        await publisher.publish(t.topic('news'), 'early', { qos: 1 });
        const { packetId } = await client.expect({ type: PacketType.publish, qos: 1 });
        await t.wait(3_000);
        await client.ping();
        client.acknowledge(PacketType.puback, packetId);
        await publisher.publish(t.topic('news'), 'late', { qos: 2 });
        await client.receive({ payload: bytes`${'late'}`, qos: 2 });
      }
    },
  },
  {
    v5: ['MQTT-4.1.0-2'],
    timing: 'slow',
    title: 'a session is there until its expiry interval has passed, and not after',
    async run(t) {
      const clientId = t.clientId();
      const properties = { sessionExpiryInterval: 2 };
      const first = await t.connect({ clientId, properties });
      first.drop();
      const second = await t.client();
      const again = { clientId, cleanStart: false, properties };
      equal((await second.connect(again)).sessionPresent, true);
      second.drop();
      // Servers look at their sessions from time to time only.
      await t.wait(5_000);
      const third = await t.client();
      equal((await third.connect(again)).sessionPresent, false);
    },
  },
  {
    v5: ['MQTT-4.2-1'],
    v3: ['MQTT-7.1.1-1'],
    title: 'packets may be split at any byte',
    async run(t) {
      const client = await t.client();
      const filter = prefixed(t.topic('news'));
      const properties = propertyBlock(t.version);
      const packets = [
        connectBytes(t.version, { payload: prefixed(client.clientId) }),
        packetBytes(0x82, [0, 1], properties, filter, [0]),
        packetBytes(0x30, filter, properties, 'x'.repeat(200)),
        bytes`c0 00`,
      ];
      for (const packet of packets) {
        for (let at = 0; at < packet.length; at += 1) {
          client.send(packet.subarray(at, at + 1));
        }
      }
      await client.expect({ type: PacketType.connack, reasonCode: 0 });
      await client.expect({ type: PacketType.suback, packetId: 1 });
      await client.expect({ type: PacketType.publish, topic: t.topic('news') });
      await client.expect(PacketType.pingresp);
    },
  },
  {
    v5: ['MQTT-4.2-1'],
    v3: ['MQTT-7.1.1-1'],
    title: 'many packets may come at once, and none is lost or overtaken',
    async run(t) {
      const client = await t.connect();
      await client.subscribe(t.topic('news'), { qos: 0 });
      const publish = { type: PacketType.publish, qos: 0, retain: false, dup: false } as const;
      const packets = Array.from({ length: 100 }, (_, number) => {
        const payload = bytes`${String(number)}`;
        const packet = { ...publish, packetId: 0, topic: t.topic('news'), payload };
        return encodePacket(packet, t.version)!;
      });
      client.send(bytes`${packets.flatMap(packet => [...packet])} c0 00`);
      // PINGRESP may be first: messages need not be delivered before it.
      for (let number = 0; number < 100; ) {
        const packet = await client.next();
        if (packet?.type === PacketType.pingresp) continue;
        equal(packet?.type, PacketType.publish);
        const { payload } = packet as { payload: Uint8Array };
        equal(new TextDecoder().decode(payload), String(number));
        number += 1;
      }
    },
  },
];
