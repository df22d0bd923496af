/** Brokers that get chapters 3.4 to 3.7 and 4.3 to 4.9 wrong: exchanges, redelivery, order, flow. */
import { type AcknowledgementPacket, type Packet, PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { clientPackets, type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { connack, connect, disconnect, pingresp, publish, puback, pubrec, pubrel, pubcomp } =
  PacketType;

/** Sends acknowledgements of this type with a reason that is not among theirs. */
function wrongReason(type: AcknowledgementPacket['type'], reasonCode: number): () => Mutation {
  return serverPackets([type], ({ packetId }) => {
    const first = type === pubrel ? 0x62 : type << 4;
    return bytes`${first} 03 ${packetId >> 8} ${packetId & 0xff} ${reasonCode}`;
  });
}

const explanations = {
  reasonString: 'because '.repeat(100),
  userProperties: [['why', 'because '.repeat(100)]] as [string, string][],
} as const;

/** Explains acknowledgements of this type, by one property or the other. */
function explained(
  type: AcknowledgementPacket['type'],
  property: keyof typeof explanations,
): () => Mutation {
  const properties = { [property]: explanations[property] };
  return serverPackets([type], packet => ({ ...packet, properties }));
}

/** Changes what a broker sends on a connection that resumes a session, as long as it answers nothing. */
function resent(change: (packet: Packet) => ReturnType<NonNullable<Mutation['server']>>) {
  return (): Mutation => {
    let isResumed = false;
    return {
      client({ packet }) {
        if (packet?.type === pubrec) isResumed = false;
        return undefined;
      },
      server({ packet }) {
        if (packet?.type === connack) isResumed = packet.sessionPresent;
        return packet !== null && isResumed ? change(packet) : undefined;
      },
    };
  };
}

/** Takes a PUBLISH with an identifier that it has seen for a repeat, and passes it on to nobody. */
function remembersIdentifiers(qos: 1 | 2): () => Mutation {
  return () => {
    const seen = new Set<number>();
    return clientPackets([publish], packet => {
      if (packet.qos !== qos) return undefined;
      if (seen.has(packet.packetId)) return { ...packet, topic: 'repeats' };
      seen.add(packet.packetId);
      return undefined;
    })();
  };
}

export const acknowledgementMutants: readonly Mutant[] = [
  {
    name: 'sends PUBACK with a reason of another packet',
    breaks: { v5: ['MQTT-3.4.2-1'] },
    apply: wrongReason(puback, 0x92),
  },
  {
    name: 'sends PUBREC with a reason of another packet',
    breaks: { v5: ['MQTT-3.5.2-1'] },
    apply: wrongReason(pubrec, 0x92),
  },
  {
    name: 'sends PUBREL with a reason of another packet',
    breaks: { v5: ['MQTT-3.6.2-1'] },
    apply: wrongReason(pubrel, 0x10),
  },
  {
    name: 'sends PUBCOMP with a reason of another packet',
    breaks: { v5: ['MQTT-3.7.2-1'] },
    apply: wrongReason(pubcomp, 0x10),
  },
  {
    name: 'accepts what is not allowed',
    breaks: { v5: ['MQTT-3.4.2-1', 'MQTT-3.5.2-1'] },
    apply: serverPackets([puback, pubrec], packet => ({ ...packet, reasonCode: 0 })),
  },
  ...(
    [
      ['PUBACK', puback, ['MQTT-3.4.2-2', 'MQTT-3.4.2-3']],
      ['PUBREC', pubrec, ['MQTT-3.5.2-2', 'MQTT-3.5.2-3']],
      ['PUBREL', pubrel, ['MQTT-3.6.2-2', 'MQTT-3.6.2-3']],
      ['PUBCOMP', pubcomp, ['MQTT-3.7.2-2', 'MQTT-3.7.2-3']],
    ] as const
  ).flatMap(([name, type, [reason, user]]): Mutant[] => [
    {
      name: `gives ${name} a Reason String that the client cannot take`,
      breaks: { v5: [reason] },
      apply: explained(type, 'reasonString'),
    },
    {
      name: `gives ${name} User Properties that the client cannot take`,
      breaks: { v5: [user] },
      apply: explained(type, 'userProperties'),
    },
  ]),
  {
    name: 'does not mind the flags of PUBREL',
    breaks: { v5: ['MQTT-3.6.1-1'], v3: ['MQTT-3.6.1-1'] },
    apply: () => ({
      client: ({ bytes: sent }) => (sent[0] >> 4 === pubrel ? sent.with(0, 0x62) : undefined),
    }),
  },
];

export const qosMutants: readonly Mutant[] = [
  {
    name: 'remembers QoS 1 identifiers after PUBACK',
    breaks: { v5: ['MQTT-4.3.2-5'], v3: ['MQTT-4.3.2-2'] },
    apply: remembersIdentifiers(1),
  },
  {
    name: 'remembers QoS 2 identifiers after PUBCOMP',
    breaks: { v5: ['MQTT-4.3.3-9', 'MQTT-4.3.3-12'], v3: ['MQTT-4.3.3-2'] },
    apply: remembersIdentifiers(2),
  },
  {
    name: 'takes a QoS 2 message that is repeated for another',
    breaks: { v5: ['MQTT-4.3.3-10'], v3: ['MQTT-4.3.3-2'] },
    apply: clientPackets([publish], packet => {
      if (packet.qos !== 2 || !packet.dup) return undefined;
      return [{ ...packet, qos: 0, dup: false, packetId: 0 }, packet];
    }),
  },
  {
    name: 'takes a first PUBLISH with DUP for a repeat',
    breaks: { v5: ['MQTT-4.3.3-8'], v3: ['MQTT-4.3.3-2'] },
    apply: clientPackets([publish], packet =>
      packet.qos === 2 && packet.dup ? { ...packet, topic: 'repeats' } : undefined,
    ),
  },
  {
    name: 'sends no PUBREL',
    breaks: { v5: ['MQTT-4.3.3-4'], v3: ['MQTT-4.3.3-1'] },
    apply: serverPackets([pubrel], () => null),
  },
  {
    name: 'sends no PUBCOMP',
    breaks: { v5: ['MQTT-4.3.3-11'], v3: ['MQTT-4.3.3-2'] },
    apply: serverPackets([pubcomp], () => null),
  },
  {
    name: 'takes PUBREC that refuses for one that accepts',
    breaks: { v5: ['MQTT-4.3.3-4', 'MQTT-4.4.0-2'] },
    apply: clientPackets([pubrec], packet => ({ ...packet, reasonCode: 0 })),
  },
  {
    name: 'takes PUBACK that refuses for none',
    breaks: { v5: ['MQTT-4.4.0-2'] },
    apply: clientPackets([puback], ({ reasonCode }) => (reasonCode === 0 ? undefined : null)),
  },
  {
    name: 'ends QoS 2 exchanges of messages that expire',
    breaks: { v5: ['MQTT-4.3.3-13'] },
    apply() {
      const expiring = new Set<number>();
      return {
        client({ packet }) {
          if (packet?.type === publish && packet.properties?.messageExpiryInterval === 1) {
            expiring.add(packet.packetId);
          }
          const isOver = packet?.type === pubrel && expiring.has(packet.packetId);
          return isOver ? null : undefined;
        },
      };
    },
  },
];

export const redeliveryMutants: readonly Mutant[] = [
  {
    name: 'sends nothing again',
    breaks: {
      v5: ['MQTT-4.4.0-1', 'MQTT-4.3.2-3', 'MQTT-4.3.3-3', 'MQTT-4.3.3-7'],
      v3: ['MQTT-4.4.0-1', 'MQTT-4.3.2-1', 'MQTT-4.3.3-1'],
    },
    apply: resent(packet => (packet.type === publish && packet.dup ? null : undefined)),
  },
  {
    name: 'sends again without DUP',
    breaks: { v5: ['MQTT-3.3.1-1'], v3: ['MQTT-3.3.1-1'] },
    apply: serverPackets([publish], packet => ({ ...packet, dup: false })),
  },
  {
    name: 'sends again what was queued, with DUP',
    breaks: { v5: ['MQTT-3.3.1-3'], v3: ['MQTT-3.3.1-3'] },
    apply: resent(packet =>
      packet.type === publish && packet.qos > 0 ? { ...packet, dup: true } : undefined,
    ),
  },
  {
    name: 'forgets the PUBREL that it owes',
    breaks: { v5: ['MQTT-4.4.0-1', 'MQTT-4.3.3-5'], v3: ['MQTT-4.4.0-1', 'MQTT-4.3.3-1'] },
    apply: resent(packet => (packet.type === pubrel ? null : undefined)),
  },
  {
    name: 'sends PUBLISH again where it owes PUBREL',
    breaks: { v5: ['MQTT-4.3.3-6'], v3: ['MQTT-4.3.3-1'] },
    apply: resent(packet => {
      if (packet.type !== pubrel) return undefined;
      const fields = { topic: 'news', payload: bytes``, qos: 2, retain: false, dup: true } as const;
      return { type: publish, packetId: packet.packetId, ...fields };
    }),
  },
  {
    name: 'sends again on a live connection, at the next opportunity',
    breaks: { v5: ['MQTT-4.4.0-1'] },
    apply() {
      let last: Packet | null = null;
      return {
        server({ packet }) {
          if (packet?.type === publish && packet.qos > 0) last = { ...packet, dup: true };
          if (packet?.type !== publish || packet.qos > 0 || last === null) return undefined;
          return [last, packet];
        },
      };
    },
  },
  {
    name: 'collects nothing for those who are away',
    breaks: { v5: ['MQTT-4.5.0-1'], v3: ['MQTT-4.5.0-1'] },
    apply: clientPackets([connect], packet => ({ ...packet, cleanStart: true })),
  },
  {
    name: 'delivers in pairs, the later one first',
    breaks: { v5: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'], v3: ['MQTT-4.6.0-5', 'MQTT-4.6.0-6'] },
    apply() {
      let held: Packet | null = null;
      return serverPackets([publish], packet => {
        if (packet.topic.includes('/fence/')) return undefined;
        const pair = held === null ? null : [packet, held];
        held = pair === null ? packet : null;
        return pair;
      })();
    },
  },
];

export const flowMutants: readonly Mutant[] = [
  {
    name: "ignores the client's Receive Maximum",
    breaks: { v5: ['MQTT-3.3.4-9', 'MQTT-4.9.0-1', 'MQTT-4.9.0-2'] },
    apply: clientPackets([connect], packet => ({
      ...packet,
      properties: { ...packet.properties, receiveMaximum: undefined },
    })),
  },
  {
    name: 'does not mind how many messages a client has under way',
    breaks: { v5: ['MQTT-3.3.4-7'] },
    apply: () => ({
      staysOpen: true,
      server: ({ packet }) => (packet?.type === disconnect ? null : undefined),
    }),
  },
  {
    name: 'falls silent where no more may be sent',
    breaks: { v5: ['MQTT-3.3.4-10', 'MQTT-4.9.0-3'] },
    apply() {
      let underWay = 0;
      return {
        client({ packet }) {
          if (packet?.type === puback || packet?.type === pubcomp) underWay -= 1;
          return undefined;
        },
        server({ packet }) {
          if (underWay > 0 && (packet?.type === pingresp || packet?.type === pubrel)) return null;
          if (packet?.type === publish && packet.qos > 0) underWay += 1;
          return undefined;
        },
      };
    },
  },
  {
    name: 'holds back QoS 0 where no more may be sent',
    breaks: { v5: ['MQTT-3.3.4-10', 'MQTT-4.9.0-3'] },
    apply() {
      let underWay = 0;
      return {
        client({ packet }) {
          if (packet?.type === puback || packet?.type === pubcomp) underWay -= 1;
          return undefined;
        },
        server({ packet }) {
          if (packet?.type !== publish) return undefined;
          if (packet.qos === 0) return underWay > 0 ? null : undefined;
          underWay += 1;
          return undefined;
        },
      };
    },
  },
];
