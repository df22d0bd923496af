/** Cases of chapter 3.2: CONNACK. What it says of sessions is in the cases of CONNECT. */
import { equal, ok } from 'node:assert/strict';
import { encodePacket, type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import type { ConformanceCase } from '../case/conformance-case.ts';
import { connectBytes } from './connect-bytes.ts';
import { prefixed, propertyBlock } from './packet-bytes.ts';

const { packetTooLarge, qosNotSupported, retainNotSupported, success } = ReasonCode;

/** Of a packet that a case is ready to send. */
const packetBytesMax = 1_000_000;

/** A method of authentication that no server has. */
const unknownMethod = { authenticationMethod: 'CONFORMANCE-UNKNOWN' };
const kept = { cleanStart: false, properties: { sessionExpiryInterval: 60 } } as const;

function sizeOf(packet: Packet): number {
  return encodePacket(packet, 5)!.length;
}

export const connackCases: readonly ConformanceCase[] = [
  {
    v5: ['MQTT-3.2.0-1', 'MQTT-3.2.0-2'],
    v3: ['MQTT-3.2.0-1'],
    needs: ['qos-1'],
    title: 'CONNACK comes once, before the messages that have waited for the client',
    async run(t) {
      const clientId = t.clientId();
      const first = await t.connect({ clientId, ...kept });
      await first.subscribe(t.topic('news'), { qos: 1 });
      first.drop();
      const publisher = await t.connect();
      await publisher.publish(t.topic('news'), 'one', { qos: 1 });
      await publisher.publish(t.topic('news'), 'two', { qos: 1 });

      const second = await t.connect({ clientId, ...kept });
      await second.receive({ payload: bytes`${'one'}` });
      await second.receive({ payload: bytes`${'two'}` });
      await second.ping();
    },
  },
  {
    v5: ['MQTT-3.2.0-2'],
    title: 'no further packet of the client brings another CONNACK',
    async run(t) {
      const client = await t.connect();
      await client.ping();
      await client.subscribe(t.topic('news'), { qos: 0 });
      await client.publish(t.topic('news'), 'one', { qos: 0 });
      await client.receive();
      client.sendConnect();
      await client.expectDisconnected();
    },
  },
  {
    v5: ['MQTT-3.2.2-1'],
    title: 'of the flags of CONNACK only Session Present is ever set',
    async run(t) {
      const clientId = t.clientId();
      for (const flags of [0, 1]) {
        const client = await t.client();
        client.sendConnect({ clientId, ...kept });
        const connack = await client.nextBytes();
        equal(hex(connack?.subarray(0, 1) ?? []), '20');
        equal(connack?.[2], flags);
        await client.disconnect();
      }
    },
  },
  {
    v5: ['MQTT-3.2.2-6', 'MQTT-3.2.2-7'],
    title: 'a refusal has Session Present 0, even where there is a session',
    async run(t) {
      const clientId = t.clientId();
      const first = await t.connect({ clientId, ...kept });
      await first.disconnect();
      const refused = await t.client();
      const properties = { ...kept.properties, ...unknownMethod };
      refused.sendConnect({ clientId, cleanStart: false, properties });
      await refused.expectRefused();
      const again = await t.client();
      const { sessionPresent } = await again.connect({ clientId, ...kept });
      ok(sessionPresent, 'the refusal has cost the session');
    },
  },
  {
    v5: ['MQTT-3.2.2-8', 'MQTT-3.2.2-7'],
    title: 'a refusal has a reason code that CONNACK may have',
    async run(t) {
      const payload = prefixed(t.clientId());
      const wrong = propertyBlock(5, bytes`21 00 00`); // Receive Maximum 0
      const connects = [
        connectBytes(5, { flags: 0x03, payload }),
        connectBytes(5, { payload: bytes`` }),
        connectBytes(5, { properties: wrong, payload }),
        connectBytes(5, { properties: propertyBlock(5, bytes`15 ${prefixed('X')}`), payload }),
        connectBytes(5, { flags: 0xc2, payload: bytes`${payload} ${prefixed(t.clientId())}` }),
      ];
      for (const connect of connects) {
        const client = await t.client();
        client.send(connect);
        // One of another reason does not decode.
        await client.expectRefused();
      }
    },
  },
  {
    v3: ['MQTT-3.2.2-6'],
    versions: [4],
    title: 'a CONNECT whose fault no return code names is closed without CONNACK',
    async run(t) {
      const payload = prefixed(t.clientId());
      for (const connect of [
        connectBytes(t.version, { flags: 0x03, payload }),
        connectBytes(t.version, { payload: bytes`${payload} 00` }),
        connectBytes(t.version, { payload: bytes`00 40 61` }),
      ]) {
        const client = await t.client();
        client.send(connect);
        await client.expectClosed();
      }
    },
  },
  {
    v5: ['MQTT-3.2.2-9'],
    title: 'messages of every QoS that CONNACK does not rule out are taken',
    async run(t) {
      const client = await t.client();
      const { properties } = await client.connect();
      const maximum = properties?.maximumQoS ?? 2;
      for (const qos of [0, 1, 2] as const) {
        if (qos <= maximum) await client.publish(t.topic('news'), 'hello', { qos });
      }
      await client.ping();
    },
  },
  {
    v5: ['MQTT-3.2.2-10'],
    title: 'a server with a Maximum QoS accepts subscriptions that ask for more',
    async run(t) {
      const client = await t.client();
      const { properties } = await client.connect();
      const maximum = properties?.maximumQoS;
      if (maximum === undefined) return t.notApplicable('it has no Maximum QoS');
      for (const qos of [0, 1, 2] as const) {
        const filter = t.topic(`news/${qos}`);
        const options = {
          qos,
          noLocal: false,
          retainAsPublished: false,
          retainHandling: 0,
        } as const;
        const packetId = client.packetId();
        client.send({
          type: PacketType.subscribe,
          packetId,
          subscriptions: [{ filter, ...options }],
        });
        const { reasonCodes } = await client.expect({ type: PacketType.suback, packetId });
        ok(reasonCodes[0] <= Math.min(qos, maximum), `QoS ${qos}: granted ${reasonCodes[0]}`);
        client.sendPublish(filter, 'hello', { qos: 0 });
        await client.receive({ topic: filter });
      }
    },
  },
  {
    v5: ['MQTT-3.2.2-12', 'MQTT-3.2.2-7'],
    title: 'a will of more than the Maximum QoS is refused',
    async run(t) {
      const { properties } = await (await t.client()).connect();
      const maximum = properties?.maximumQoS;
      if (maximum === undefined) return t.notApplicable('it has no Maximum QoS');
      for (const qos of [1, 2] as const) {
        if (qos <= maximum) continue;
        const client = await t.client();
        const payload = bytes`${'gone'}`;
        client.sendConnect({ will: { topic: t.topic('will'), payload, qos, retain: false } });
        await client.expectRefused(qosNotSupported);
      }
    },
  },
  {
    v5: ['MQTT-3.2.2-13', 'MQTT-3.2.2-7'],
    title: 'a will that is to be retained is refused where nothing is',
    async run(t) {
      const { properties } = await (await t.client()).connect();
      if (properties?.retainAvailable !== false) return t.notApplicable('it retains messages');
      const client = await t.client();
      const payload = bytes`${'gone'}`;
      client.sendConnect({ will: { topic: t.topic('will'), payload, qos: 0, retain: true } });
      await client.expectRefused(retainNotSupported);
    },
  },
  {
    v5: ['MQTT-3.2.2-19', 'MQTT-3.2.2-20'],
    title: "texts in CONNACK never make it larger than the client's Maximum Packet Size",
    async run(t) {
      const plain = await t.client();
      const accepted = sizeOf(await plain.connect());
      for (const maximumPacketSize of [5, 8, 12, accepted, accepted + 4, accepted + 16]) {
        for (const method of [{}, unknownMethod]) {
          const client = await t.client();
          client.sendConnect({ properties: { maximumPacketSize, ...method } });
          const connack = await client.nextBytes();
          const size = connack?.length ?? 0;
          ok(size <= maximumPacketSize, `a CONNACK of ${size} bytes, not ${maximumPacketSize}`);
        }
      }
      const exact = await t.client();
      await exact.connect({ properties: { maximumPacketSize: accepted } });
    },
  },
  {
    v5: ['MQTT-3.2.2-3', 'MQTT-3.2.2-2'],
    title: 'a session that DISCONNECT ends by an expiry of 0 is not present any more',
    async run(t) {
      const clientId = t.clientId();
      for (const fields of [{}, { properties: { sessionExpiryInterval: 0 } }]) {
        const client = await t.connect({ clientId, ...kept });
        await client.disconnect(fields);
        const again = await t.client();
        const { sessionPresent, reasonCode } = await again.connect({ clientId, ...kept });
        equal(reasonCode, success);
        equal(sessionPresent, !('properties' in fields));
        await again.disconnect();
      }
    },
  },
  {
    v5: ['MQTT-4.13.1-1'],
    title: "a packet over the server's Maximum Packet Size ends the connection with 0x95",
    async run(t) {
      const { properties } = await (await t.client()).connect();
      const maximum = properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
      if (maximum > packetBytesMax) return t.notApplicable('it takes packets of any size');
      const client = await t.connect();
      const publish = {
        type: PacketType.publish,
        topic: t.topic('news'),
        payload: new Uint8Array(maximum),
        qos: 0,
        retain: false,
        dup: false,
        packetId: 0,
      } as const;
      const payload = new Uint8Array(2 * maximum - sizeOf(publish));
      client.send({ ...publish, payload });
      await client.ping();
      client.send({ ...publish, payload: new Uint8Array(payload.length + 1) });
      await client.expectDisconnected(packetTooLarge);
      // It needs no more than the fixed header to know.
      const other = await t.connect();
      other.send(bytes`82 80 80 80 01`);
      await other.expectDisconnected(packetTooLarge);
    },
  },
];
