/** Brokers that get chapters 3.14, 4.1 and 4.2 wrong: DISCONNECT, sessions, the transport. */
import { type DisconnectProperties, PacketType, ReasonCode } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { clientPackets, type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { connack, disconnect, pingresp, publish } = PacketType;

const goodbye = bytes`e0 00`;
const long = 'x'.repeat(64);

/** Adds to the properties of the server's DISCONNECT. */
function withProperties(properties: DisconnectProperties): () => Mutation {
  return serverPackets([disconnect], packet => ({ ...packet, properties }));
}

export const disconnectMutants: readonly Mutant[] = [
  {
    name: 'says DISCONNECT to clients that it refuses',
    breaks: { v5: ['MQTT-3.14.0-1'] },
    apply: serverPackets([connack], ({ reasonCode }) =>
      reasonCode < 0x80 ? undefined : { type: disconnect, reasonCode: ReasonCode.notAuthorized },
    ),
  },
  {
    name: 'does not mind the reserved flags of DISCONNECT',
    breaks: { v5: ['MQTT-3.14.1-1'], v3: ['MQTT-3.14.1-1'] },
    apply: () => ({
      client: ({ bytes: sent }) =>
        sent[0] >> 4 === disconnect && sent[0] !== goodbye[0] ? goodbye : undefined,
    }),
  },
  {
    name: 'takes any malformed DISCONNECT for a goodbye',
    breaks: { v5: ['MQTT-3.14.2-1', 'MQTT-1.5.4-1'] },
    apply: () => ({
      client: ({ bytes: sent, packet }) =>
        sent[0] === goodbye[0] && packet === null ? goodbye : undefined,
    }),
  },
  {
    name: 'disconnects for a reason that DISCONNECT does not have',
    breaks: { v5: ['MQTT-3.14.2-1'] },
    apply: () => ({
      server: ({ packet }) =>
        packet?.type === disconnect ? bytes`e0 01 ${ReasonCode.badUserNameOrPassword}` : undefined,
    }),
  },
  {
    name: 'sends a Session Expiry Interval in DISCONNECT',
    breaks: { v5: ['MQTT-3.14.2-2'] },
    apply: withProperties({ sessionExpiryInterval: 60 }),
  },
  {
    name: 'explains DISCONNECT at any length',
    breaks: { v5: ['MQTT-3.14.2-3'] },
    apply: withProperties({ reasonString: long }),
  },
  {
    name: 'says more in DISCONNECT than a client takes',
    breaks: { v5: ['MQTT-3.14.2-4'] },
    apply: withProperties({ userProperties: [['motto', long]] }),
  },
  {
    name: 'speaks on after its DISCONNECT',
    breaks: { v5: ['MQTT-3.14.4-1'] },
    apply: serverPackets([disconnect], packet => [packet, { type: pingresp }]),
  },
  {
    name: 'stays after its DISCONNECT',
    breaks: { v5: ['MQTT-3.14.4-2', 'MQTT-4.13.2-1'] },
    apply: () => ({ staysOpen: true }),
  },
  {
    name: 'takes every reason of DISCONNECT for 0x00',
    breaks: { v5: ['MQTT-3.14.4-3'] },
    apply: clientPackets([disconnect], packet => ({ ...packet, reasonCode: 0 })),
  },
  {
    name: 'takes DISCONNECT with 0x00 for a broken connection where it spells it out',
    breaks: { v5: ['MQTT-3.14.4-3'] },
    apply: () => ({
      client: ({ bytes: sent, packet }) =>
        packet?.type === disconnect && sent.length > 2 ? bytes`e0 01 04` : undefined,
    }),
  },
  {
    name: 'overlooks the Session Expiry Interval in DISCONNECT',
    breaks: { v5: ['MQTT-3.2.2-3', 'MQTT-4.1.0-2', 'MQTT-4.13.1-1'] },
    apply: clientPackets([disconnect], packet => ({ ...packet, properties: undefined })),
  },
  {
    name: 'forgets the subscriptions of a client that is silent for a while',
    breaks: { v5: ['MQTT-4.1.0-1'], v3: ['MQTT-4.1.0-2'] },
    apply() {
      let isForgotten = false;
      return {
        server({ packet }) {
          isForgotten ||= packet?.type === pingresp;
          return isForgotten && packet?.type === publish ? null : undefined;
        },
      };
    },
  },
  {
    name: 'loses every fourth packet',
    breaks: { v5: ['MQTT-4.2-1'], v3: ['MQTT-7.1.1-1'] },
    apply() {
      let count = 0;
      return {
        client() {
          count += 1;
          return count % 4 === 0 ? null : undefined;
        },
      };
    },
  },
];
