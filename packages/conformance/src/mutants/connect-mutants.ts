/** Brokers that get chapters 3.1 and 3.12 wrong: CONNECT and PINGREQ. */
import { type ConnectPacket, PacketType, type Will } from '@godwit/protocol';
import { clientPackets, type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { connect, connack, puback, pubrec, pubcomp, publish, suback, unsuback } = PacketType;

/** What the broker gets to see of CONNECT. */
function seenConnect(change: (packet: ConnectPacket) => Partial<ConnectPacket>): () => Mutation {
  return clientPackets([connect], packet => ({ ...packet, ...change(packet) }));
}

/** What the broker gets to see of a will. */
function seenWill(change: (will: Will) => Partial<Will>): () => Mutation {
  return seenConnect(({ will }) =>
    will === undefined ? {} : { will: { ...will, ...change(will) } },
  );
}

export const connectMutants: readonly Mutant[] = [
  {
    name: 'answers no PINGREQ',
    breaks: { v5: ['MQTT-3.12.4-1'], v3: ['MQTT-3.12.4-1'] },
    apply: serverPackets([PacketType.pingresp], () => null),
  },
  {
    name: 'answers PINGREQ twice',
    breaks: { v5: ['MQTT-3.12.4-1'], v3: ['MQTT-3.12.4-1'] },
    apply: serverPackets([PacketType.pingresp], packet => [packet, packet]),
  },
  {
    name: 'does not mind a second CONNECT',
    breaks: { v5: ['MQTT-3.1.0-2'], v3: ['MQTT-3.1.0-2'] },
    apply() {
      let count = 0;
      return clientPackets([connect], () => {
        count += 1;
        return count > 1 ? null : undefined;
      })();
    },
  },
  {
    name: 'does not mind the reserved flag of CONNECT',
    breaks: { v5: ['MQTT-3.1.2-3'], v3: ['MQTT-3.1.2-3'] },
    apply: () => ({
      client({ bytes, packet }) {
        if (packet !== null || bytes[0] !== connect << 4) return undefined;
        const flagsAt = 9;
        return bytes.with(flagsAt, bytes[flagsAt] & 0xfe);
      },
    }),
  },
  {
    name: 'closes no connection',
    breaks: {
      v5: ['MQTT-3.1.0-2', 'MQTT-3.1.2-1', 'MQTT-3.1.4-1', 'MQTT-3.1.4-2', 'MQTT-3.1.4-3'],
      v3: ['MQTT-3.1.0-2', 'MQTT-3.1.2-1', 'MQTT-3.1.2-2', 'MQTT-3.1.4-1', 'MQTT-3.1.4-2'],
    },
    apply: () => ({ staysOpen: true }),
  },
  {
    name: 'answers any protocol version as if it were right',
    breaks: { v3: ['MQTT-3.1.2-2'] },
    apply: serverPackets([connack], packet => ({ ...packet, reasonCode: 0 })),
  },
  {
    name: 'begins a new session every time',
    breaks: {
      v5: ['MQTT-3.1.2-5', 'MQTT-3.1.2-23', 'MQTT-4.4.0-1', 'MQTT-4.8.2-4'],
      v3: ['MQTT-3.1.2-4', 'MQTT-3.1.2-5', 'MQTT-4.4.0-1'],
    },
    apply: seenConnect(() => ({ cleanStart: true })),
  },
  {
    name: 'resumes a session in spite of Clean Start',
    breaks: { v5: ['MQTT-3.1.2-4', 'MQTT-3.1.4-4'], v3: ['MQTT-3.1.2-6', 'MQTT-3.1.4-3'] },
    apply: seenConnect(() => ({ cleanStart: false })),
  },
  {
    name: 'keeps every session',
    breaks: { v5: ['MQTT-4.1.0-2'] },
    apply: seenConnect(({ properties }) => ({
      properties: { ...properties, sessionExpiryInterval: 60 },
    })),
  },
  {
    name: 'denies the sessions that it has',
    breaks: { v5: ['MQTT-3.2.2-3'], v3: ['MQTT-3.2.2-2'] },
    apply: serverPackets([connack], packet => ({ ...packet, sessionPresent: false })),
  },
  {
    name: 'takes two client identifiers for one',
    breaks: { v5: ['MQTT-3.1.3-2'], v3: ['MQTT-3.1.3-2'] },
    apply: seenConnect(({ clientId }) => ({ clientId: clientId.replace(/x\d+$/, '') })),
  },
  {
    name: 'assigns the same client identifier to everyone',
    breaks: { v5: ['MQTT-3.1.3-6', 'MQTT-3.1.3-7', 'MQTT-3.2.2-16'] },
    apply: serverPackets([connack], packet => {
      if (packet.properties?.assignedClientIdentifier === undefined) return undefined;
      return { ...packet, properties: { assignedClientIdentifier: 'everyone' } };
    }),
  },
  {
    name: 'lets unknown users in',
    breaks: { v5: ['MQTT-3.1.4-2', 'MQTT-3.1.4-6'], v3: ['MQTT-3.1.4-5', 'MQTT-3.2.2-5'] },
    apply: seenConnect(() => ({ username: undefined, password: undefined })),
  },
  {
    name: 'forgets wills',
    breaks: { v5: ['MQTT-3.1.2-7', 'MQTT-3.1.2-8'], v3: ['MQTT-3.1.2-8'] },
    apply: seenConnect(() => ({ will: undefined })),
  },
  {
    name: 'takes DISCONNECT for a broken connection',
    breaks: { v5: ['MQTT-3.1.2-10', 'MQTT-3.14.4-3'], v3: ['MQTT-3.1.2-10', 'MQTT-3.14.4-3'] },
    apply: clientPackets([PacketType.disconnect], () => null),
  },
  {
    name: 'retains no will',
    breaks: { v5: ['MQTT-3.1.2-15'], v3: ['MQTT-3.1.2-17'] },
    apply: seenWill(() => ({ retain: false })),
  },
  {
    name: 'retains every will',
    breaks: { v5: ['MQTT-3.1.2-14'], v3: ['MQTT-3.1.2-16'] },
    apply: seenWill(() => ({ retain: true })),
  },
  {
    name: 'delays no will',
    breaks: { v5: ['MQTT-3.1.2-8', 'MQTT-3.1.3-9'] },
    apply: seenWill(() => ({ properties: {} })),
  },
  {
    name: 'sorts user properties',
    breaks: { v5: ['MQTT-3.1.3-10'] },
    apply: serverPackets([publish], packet => {
      const { userProperties = [] } = packet.properties ?? {};
      return { ...packet, properties: { userProperties: userProperties.toSorted() } };
    }),
  },
  {
    name: 'ignores the keep-alive',
    breaks: { v5: ['MQTT-3.1.2-22'], v3: ['MQTT-3.1.2-24'] },
    apply: seenConnect(() => ({ keepAlive: 0 })),
  },
  {
    name: 'ignores what the client says of itself',
    breaks: { v5: ['MQTT-3.1.2-24'] },
    apply: seenConnect(() => ({ properties: {} })),
  },
  {
    name: 'uses topic aliases that nobody allowed',
    breaks: { v5: ['MQTT-3.1.2-26', 'MQTT-3.1.2-27', 'MQTT-3.3.2-11'] },
    apply: serverPackets([publish], packet => ({ ...packet, properties: { topicAlias: 3 } })),
  },
  {
    name: 'gives reasons to clients that want none',
    breaks: { v5: ['MQTT-3.1.2-29'] },
    apply: serverPackets([puback, pubrec, pubcomp, suback, unsuback], packet => ({
      ...packet,
      properties: { reasonString: 'because' },
    })),
  },
  {
    name: 'sends Response Information unasked',
    breaks: { v5: ['MQTT-3.1.2-28'] },
    apply: serverPackets([connack], packet => ({
      ...packet,
      properties: { ...packet.properties, responseInformation: 'answers/' },
    })),
  },
];
