/** Brokers that get chapters 3.15 and 4.12 wrong: AUTH. */
import { type AuthProperties, PacketType, ReasonCode } from '@godwit/protocol';
import { clientPackets, type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { auth, connack, connect, disconnect } = PacketType;

const otherMethod = 'SCRAM-OTHER';
const long = 'x'.repeat(64);

/** Changes the properties of the server's AUTH. */
function withProperties(changed: AuthProperties): () => Mutation {
  return serverPackets([auth], packet => ({
    ...packet,
    properties: { ...packet.properties, ...changed },
  }));
}

export const authMutants: readonly Mutant[] = [
  {
    name: 'lets in whoever names a method, without looking',
    breaks: { v5: ['MQTT-4.12.0-1', 'MQTT-4.12.0-5'] },
    apply: clientPackets([connect], packet => ({
      ...packet,
      properties: {
        ...packet.properties,
        authenticationMethod: undefined,
        authenticationData: undefined,
      },
    })),
  },
  {
    name: 'names a method to clients that have named none',
    breaks: { v5: ['MQTT-4.12.0-6'] },
    apply: serverPackets([connack], packet => ({
      ...packet,
      properties: { ...packet.properties, authenticationMethod: otherMethod },
    })),
  },
  {
    name: 'sends AUTH to clients that have named no method',
    breaks: { v5: ['MQTT-4.12.0-6'] },
    apply: serverPackets([connack], packet => [
      packet,
      {
        type: auth,
        reasonCode: ReasonCode.continueAuthentication,
        properties: { authenticationMethod: otherMethod },
      },
    ]),
  },
  {
    name: 'challenges as a client that begins again does',
    breaks: { v5: ['MQTT-4.12.0-2'] },
    apply: serverPackets([auth], packet => ({
      ...packet,
      reasonCode: ReasonCode.reAuthenticate,
    })),
  },
  {
    name: 'challenges with another method than that of CONNECT',
    breaks: { v5: ['MQTT-4.12.0-5'] },
    apply: withProperties({ authenticationMethod: otherMethod }),
  },
  {
    name: 'does not repeat the method in CONNACK',
    breaks: { v5: ['MQTT-4.12.0-5'] },
    apply: serverPackets([connack], packet => ({
      ...packet,
      properties: {
        ...packet.properties,
        authenticationMethod: undefined,
        authenticationData: undefined,
      },
    })),
  },
  {
    name: 'overlooks AUTH of another method',
    breaks: { v5: ['MQTT-4.12.0-5'] },
    apply: clientPackets([auth], ({ properties }) =>
      properties?.authenticationMethod === 'CONFORMANCE-OTHER' ? null : undefined,
    ),
  },
  {
    name: 'lets in clients whose proof is wrong',
    breaks: { v5: ['MQTT-4.12.0-4'] },
    apply: serverPackets([connack], packet => ({ ...packet, reasonCode: ReasonCode.success })),
  },
  {
    name: 'overlooks that a client fails to prove itself again',
    breaks: { v5: ['MQTT-4.12.1-2'] },
    apply: () => ({
      staysOpen: true,
      server: ({ packet }) => (packet?.type === disconnect ? null : undefined),
    }),
  },
  {
    name: 'explains its challenges at any length',
    breaks: { v5: ['MQTT-3.15.2-2', 'MQTT-3.1.2-29'] },
    apply: withProperties({ reasonString: long }),
  },
  {
    name: 'says more in AUTH than a client takes',
    breaks: { v5: ['MQTT-3.15.2-3', 'MQTT-3.1.2-29'] },
    apply: withProperties({ userProperties: [['motto', long]] }),
  },
  {
    name: 'takes AUTH with any reason for the one that is due',
    breaks: { v5: ['MQTT-3.15.2-1'] },
    apply: clientPackets([auth], packet => ({
      ...packet,
      reasonCode: ReasonCode.continueAuthentication,
    })),
  },
];
