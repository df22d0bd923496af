/** Brokers that get chapter 3.2 wrong: CONNACK. */
import {
  type ConnackPacket,
  type ConnackProperties,
  PacketType,
  ReasonCode,
} from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { connack, disconnect, pingresp, pubrec, suback } = PacketType;

/** Adds to the properties of CONNACK. */
function withProperties(
  added: ConnackProperties,
  isConcerned: (packet: ConnackPacket) => boolean = () => true,
): () => Mutation {
  return serverPackets([connack], packet =>
    isConcerned(packet) ? { ...packet, properties: { ...packet.properties, ...added } } : undefined,
  );
}

/** Changes one byte of every CONNACK that refuses. */
function refusalWith(at: number, byte: number): () => Mutation {
  return () => ({
    server: ({ bytes: sent, packet }) =>
      packet?.type === connack && packet.reasonCode >= 0x80 ? sent.with(at, byte) : undefined,
  });
}

const long = 'x'.repeat(64);

export const connackMutants: readonly Mutant[] = [
  {
    name: 'sends CONNACK twice',
    breaks: { v5: ['MQTT-3.2.0-2'] },
    apply: serverPackets([connack], packet => [packet, packet]),
  },
  {
    name: 'answers a second CONNECT like the first',
    breaks: { v5: ['MQTT-3.2.0-2'] },
    apply: serverPackets([disconnect], () => bytes`20 03 00 00 00`),
  },
  {
    name: 'speaks before it says that there is a session',
    breaks: { v5: ['MQTT-3.2.0-1'], v3: ['MQTT-3.2.0-1'] },
    apply: serverPackets([connack], packet =>
      packet.sessionPresent ? [{ type: pingresp }, packet] : undefined,
    ),
  },
  {
    name: 'sets all flags of CONNACK where there is a session',
    breaks: { v5: ['MQTT-3.2.2-1'] },
    apply: () => ({
      server: ({ bytes: sent, packet }) =>
        packet?.type === connack && packet.sessionPresent ? sent.with(2, 0xff) : undefined,
    }),
  },
  {
    name: 'announces a session to clients that it refuses',
    breaks: { v5: ['MQTT-3.2.2-6'] },
    apply: refusalWith(2, 0x01),
  },
  {
    name: 'refuses for a reason that CONNACK does not have',
    breaks: { v5: ['MQTT-3.2.2-8'] },
    apply: refusalWith(3, ReasonCode.packetIdentifierInUse),
  },
  {
    name: 'does not close what it refuses',
    breaks: {
      v5: ['MQTT-3.2.2-7', 'MQTT-4.13.2-1', 'MQTT-4.12.0-1', 'MQTT-4.12.0-4', 'MQTT-4.12.1-2'],
      v3: ['MQTT-3.2.2-6'],
    },
    apply: () => ({ staysOpen: true }),
  },
  {
    name: 'does without QoS 2, and does not say so',
    breaks: { v5: ['MQTT-3.2.2-9'] },
    apply: serverPackets([pubrec], () => ({
      type: disconnect,
      reasonCode: ReasonCode.qosNotSupported,
    })),
  },
  {
    name: 'refuses subscriptions because of its Maximum QoS',
    breaks: { v5: ['MQTT-3.2.2-10'] },
    apply: () => ({
      server({ packet }) {
        if (packet?.type === connack) {
          return { ...packet, properties: { ...packet.properties, maximumQoS: 1 } };
        }
        if (packet?.type !== suback) return undefined;
        const reasonCodes = packet.reasonCodes.map(code => (code > 1 ? 0x80 : code));
        return { ...packet, reasonCodes };
      },
    }),
  },
  {
    name: 'takes wills of more than its Maximum QoS',
    breaks: { v5: ['MQTT-3.2.2-12'] },
    apply: withProperties({ maximumQoS: 0 }),
  },
  {
    name: 'takes wills that are to be retained though it retains nothing',
    breaks: { v5: ['MQTT-3.2.2-13'] },
    apply: withProperties({ retainAvailable: false }),
  },
  {
    name: 'explains its refusals at any length',
    breaks: { v5: ['MQTT-3.2.2-19'] },
    apply: withProperties({ reasonString: long }, ({ reasonCode }) => reasonCode >= 0x80),
  },
  {
    name: 'says more in CONNACK than a client takes',
    breaks: { v5: ['MQTT-3.2.2-20'] },
    apply: withProperties({ userProperties: [['motto', long]] }),
  },
];
