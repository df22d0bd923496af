/** Brokers that get chapters 1.5, 2.1 and 2.2 wrong: strings, lengths, flags, identifiers. */
import { PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { clientPackets, type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { publish, puback, pubrec, pubrel, pubcomp, suback, subscribe, unsuback } = PacketType;

/** Changes the bytes of every packet of some types that goes to the client. */
function serverBytes(
  types: readonly number[],
  change: (packet: Uint8Array) => Uint8Array,
): () => Mutation {
  return () => ({
    server: tapped => (types.includes(tapped.bytes[0] >> 4) ? change(tapped.bytes) : undefined),
  });
}

/** Without its Property Length, which is one byte. */
function withoutPropertyLength(packet: Uint8Array): Uint8Array {
  const at = packet[0] >> 4 === publish ? 4 + packet[3] : 4;
  return bytes`${packet[0]} ${packet[1] - 1} ${packet.subarray(2, at)} ${packet.subarray(at + 1)}`;
}

function withoutMark(text: string): string {
  return text.replaceAll('\ufeff', '');
}

export const formatMutants: readonly Mutant[] = [
  {
    name: 'overlooks packets that are malformed',
    breaks: {
      v5: [
        'MQTT-1.5.4-1',
        'MQTT-1.5.4-2',
        'MQTT-1.5.5-1',
        'MQTT-1.5.7-1',
        'MQTT-2.1.3-1',
        'MQTT-2.2.2-1',
        'MQTT-3.14.1-1',
        'MQTT-3.14.2-1',
        'MQTT-3.15.1-1',
        'MQTT-3.15.2-1',
        'MQTT-4.13.1-1',
      ],
      v3: [
        'MQTT-1.5.3-1',
        'MQTT-1.5.3-2',
        'MQTT-2.2.2-1',
        'MQTT-2.2.2-2',
        'MQTT-2.3.1-1',
        'MQTT-3.2.2-6',
        'MQTT-3.14.1-1',
        'MQTT-4.8.0-1',
      ],
    },
    apply: () => ({ client: ({ packet }) => (packet === null ? null : undefined) }),
  },
  {
    name: 'does not mind U+0000',
    breaks: { v5: ['MQTT-1.5.4-2', 'MQTT-1.5.7-1'], v3: ['MQTT-1.5.3-2'] },
    apply: () => ({
      client({ bytes: sent }) {
        // The cases write it between two letters.
        const at = sent.findIndex(
          (byte, index) => byte === 0 && sent[index - 1] === 0x61 && sent[index + 1] === 0x62,
        );
        return at < 0 ? undefined : sent.with(at, 0x20);
      },
    }),
  },
  {
    name: 'has no characters beyond U+FFFF',
    breaks: { v5: ['MQTT-1.5.4-1'], v3: ['MQTT-1.5.3-1'] },
    apply: serverPackets([publish], packet => ({
      ...packet,
      topic: packet.topic.replace(/[\u{10000}-\u{10ffff}]/gu, '?'),
    })),
  },
  {
    name: 'takes U+FEFF away before it publishes',
    breaks: { v5: ['MQTT-1.5.4-3'], v3: ['MQTT-1.5.3-3'] },
    apply: serverPackets([publish], packet => ({ ...packet, topic: withoutMark(packet.topic) })),
  },
  {
    name: 'takes U+FEFF away before it subscribes',
    breaks: { v5: ['MQTT-1.5.4-3'], v3: ['MQTT-1.5.3-3'] },
    apply: clientPackets([subscribe], packet => ({
      ...packet,
      subscriptions: packet.subscriptions.map(one => ({ ...one, filter: withoutMark(one.filter) })),
    })),
  },
  {
    name: 'forgets the values of user properties',
    breaks: { v5: ['MQTT-1.5.7-1'] },
    apply: serverPackets([publish], packet => {
      const userProperties = packet.properties?.userProperties?.map(
        ([name]) => [name, ''] as const,
      );
      return { ...packet, properties: { ...packet.properties, userProperties } };
    }),
  },
  {
    name: 'writes lengths with a byte too many',
    breaks: { v5: ['MQTT-1.5.5-1'] },
    apply: serverBytes([publish], packet => {
      const isShort = packet[1] < 0x80;
      const rest = packet.subarray(2);
      return isShort ? bytes`${packet[0]} ${packet[1] | 0x80} 00 ${rest}` : packet;
    }),
  },
  {
    name: 'sends PUBREL without its flag',
    breaks: { v5: ['MQTT-2.1.3-1', 'MQTT-3.6.1-1'], v3: ['MQTT-2.2.2-1', 'MQTT-3.6.1-1'] },
    apply: serverBytes([pubrel], packet => packet.with(0, pubrel << 4)),
  },
  {
    name: 'sends PINGRESP with a flag',
    breaks: { v5: ['MQTT-2.1.3-1'], v3: ['MQTT-2.2.2-1'] },
    apply: serverBytes([PacketType.pingresp], packet => packet.with(0, 0xd1)),
  },
  {
    name: 'gives messages of QoS 0 a packet identifier',
    breaks: { v5: ['MQTT-2.2.1-2'], v3: ['MQTT-2.3.1-5'] },
    apply: serverBytes([publish], packet => {
      if ((packet[0] & 0x06) !== 0) return packet;
      const at = 4 + packet[3];
      return bytes`
        ${packet[0]} ${packet[1] + 2} ${packet.subarray(2, at)} 00 01 ${packet.subarray(at)}
      `;
    }),
  },
  {
    name: 'gives all messages the same packet identifier',
    breaks: {
      v5: ['MQTT-2.2.1-4', 'MQTT-4.3.2-1', 'MQTT-4.3.3-1'],
      v3: ['MQTT-2.3.1-4', 'MQTT-4.3.2-1', 'MQTT-4.3.3-1'],
    },
    apply: serverPackets([publish], packet =>
      packet.qos === 0 ? undefined : { ...packet, packetId: 1 },
    ),
  },
  {
    name: 'acknowledges messages with half of their packet identifier',
    breaks: { v5: ['MQTT-2.2.1-5'], v3: ['MQTT-2.3.1-6'] },
    apply: serverPackets([puback, pubrec, pubrel, pubcomp], packet => ({
      ...packet,
      packetId: packet.packetId & 0xff || 1,
    })),
  },
  {
    name: 'answers requests with half of their packet identifier',
    breaks: { v5: ['MQTT-2.2.1-6'], v3: ['MQTT-2.3.1-7'] },
    apply: serverPackets([suback, unsuback], packet => ({
      ...packet,
      packetId: packet.packetId & 0xff || 1,
    })),
  },
  {
    name: 'writes no Property Length in PUBLISH where there are no properties',
    breaks: { v5: ['MQTT-2.2.2-1'] },
    apply: serverBytes([publish], withoutPropertyLength),
  },
  {
    name: 'writes no Property Length in SUBACK where there are no properties',
    breaks: { v5: ['MQTT-2.2.2-1'] },
    apply: serverBytes([suback, unsuback], withoutPropertyLength),
  },
];
