/** Brokers that get chapters 3.8 to 3.11 wrong: SUBSCRIBE, UNSUBSCRIBE and their answers. */
import {
  type Packet,
  PacketType,
  type QoS,
  type SubscribePacket,
  type SubscriptionRequest,
  topicMatchesFilter,
} from '@godwit/protocol';
import { clientPackets, type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { publish, pubrec, suback, subscribe, unsuback, unsubscribe } = PacketType;

/** What the broker gets to see of each request in SUBSCRIBE. */
function seenRequest(
  change: (request: SubscriptionRequest) => Partial<SubscriptionRequest>,
): () => Mutation {
  return clientPackets([subscribe], packet => ({
    ...packet,
    subscriptions: packet.subscriptions.map(request => ({ ...request, ...change(request) })),
  }));
}

/** The broker sees another SUBSCRIBE, and the client what it has asked for. */
function secretly(change: (packet: SubscribePacket) => SubscriptionRequest[]): Mutation {
  const asked = new Map<number, readonly SubscriptionRequest[]>();
  return {
    client({ packet }) {
      if (packet?.type !== subscribe) return undefined;
      asked.set(packet.packetId, packet.subscriptions);
      return { ...packet, subscriptions: change(packet) };
    },
    server({ packet }) {
      if (packet?.type !== suback) return undefined;
      return { ...packet, reasonCodes: asked.get(packet.packetId)!.map(({ qos }) => qos) };
    },
  };
}

/** The broker sees other filters in UNSUBSCRIBE, and the client one success for each of its own. */
function unsubscribing(change: (filters: readonly string[]) => string[]): Mutation {
  let count = 0;
  return {
    client({ packet }) {
      if (packet?.type !== unsubscribe) return undefined;
      count = packet.filters.length;
      return { ...packet, filters: change(packet.filters) };
    },
    server({ packet }) {
      if (packet?.type !== unsuback) return undefined;
      return { ...packet, reasonCodes: Array.from({ length: count }, () => 0) };
    },
  };
}

/** The last byte of every packet of this type is another. */
function lastByte(type: Packet['type'], value: number): () => Mutation {
  return () => ({
    server: ({ bytes }) => (bytes[0] >> 4 === type ? bytes.with(-1, value) : undefined),
  });
}

const subscribeMutants: readonly Mutant[] = [
  {
    name: 'does not mind the flags of SUBSCRIBE and UNSUBSCRIBE',
    breaks: {
      v5: ['MQTT-3.8.1-1', 'MQTT-3.10.1-1'],
      v3: ['MQTT-3.8.1-1', 'MQTT-3.10.1-1'],
    },
    apply: () => ({
      client({ bytes }) {
        const type = bytes[0] >> 4;
        if (type !== subscribe && type !== unsubscribe) return undefined;
        return bytes.with(0, (type << 4) | 2);
      },
    }),
  },
  {
    name: 'passes over requests without a filter',
    breaks: {
      v5: ['MQTT-3.8.3-2', 'MQTT-3.10.3-2'],
      v3: ['MQTT-3.8.3-3', 'MQTT-3.10.3-2'],
    },
    apply: () => ({
      client({ bytes, packet }) {
        const isRequest = bytes[0] === 0x82 || bytes[0] === 0xa2;
        return packet === null && isRequest && bytes.length <= 5 ? null : undefined;
      },
    }),
  },
  {
    name: 'does not mind options that are wrong',
    breaks: { v5: ['MQTT-3.8.3-4', 'MQTT-3.8.3-5'], v3: ['MQTT-3.8.3-4'] },
    apply: () => ({
      client({ bytes, packet }) {
        if (packet !== null || bytes[0] !== 0x82) return undefined;
        return bytes.with(-1, bytes[bytes.length - 1] & 1);
      },
    }),
  },
  {
    name: 'grants what it refuses',
    breaks: { v5: ['MQTT-3.8.4-7'], v3: ['MQTT-3.8.4-5'] },
    apply: serverPackets([suback], packet => ({
      ...packet,
      reasonCodes: packet.reasonCodes.map(code => code & 3),
    })),
  },
  {
    name: 'says why it refuses to clients that know one failure only',
    breaks: { v3: ['MQTT-3.9.3-2'] },
    apply: () => ({
      server: ({ bytes }) =>
        bytes[0] === 0x90 ? bytes.map(byte => (byte === 0x80 ? 0x87 : byte)) : undefined,
    }),
  },
  {
    name: 'answers no SUBSCRIBE',
    breaks: { v5: ['MQTT-3.8.4-1'], v3: ['MQTT-3.8.4-1'] },
    apply: serverPackets([suback], () => null),
  },
  {
    name: 'numbers its SUBACKs and UNSUBACKs itself',
    breaks: {
      v5: ['MQTT-3.8.4-2', 'MQTT-3.10.4-5', 'MQTT-2.2.1-6'],
      v3: ['MQTT-3.8.4-2', 'MQTT-3.10.4-4', 'MQTT-2.3.1-7'],
    },
    apply() {
      let packetId = 0;
      return serverPackets([suback, unsuback], packet => {
        packetId += 1;
        return { ...packet, packetId };
      })();
    },
  },
  {
    name: 'answers backwards',
    breaks: { v5: ['MQTT-3.9.3-1', 'MQTT-3.11.3-1'], v3: ['MQTT-3.9.3-1'] },
    apply: serverPackets([suback, unsuback], packet => ({
      ...packet,
      reasonCodes: packet.reasonCodes.toReversed(),
    })),
  },
  {
    name: 'has one reason for all filters',
    breaks: { v5: ['MQTT-3.8.4-6', 'MQTT-3.10.4-6'], v3: ['MQTT-3.8.4-5'] },
    apply: serverPackets([suback, unsuback], packet => ({
      ...packet,
      reasonCodes: packet.reasonCodes.slice(0, 1),
    })),
  },
  {
    name: 'says of every filter that it has QoS 0',
    breaks: { v5: ['MQTT-3.8.4-7'], v3: ['MQTT-3.8.4-5'] },
    apply: serverPackets([suback], packet => ({
      ...packet,
      reasonCodes: packet.reasonCodes.map(() => 0),
    })),
  },
  {
    name: 'has reasons of its own in SUBACK',
    breaks: { v5: ['MQTT-3.9.3-2'], v3: ['MQTT-3.9.3-2'] },
    apply: lastByte(suback, 3),
  },
  {
    name: 'subscribes to the last filter only',
    breaks: { v5: ['MQTT-3.8.4-5'], v3: ['MQTT-3.8.4-4'] },
    apply: () => secretly(({ subscriptions }) => subscriptions.slice(-1)),
  },
  {
    name: 'keeps to what a filter was first subscribed with',
    breaks: { v5: ['MQTT-3.8.4-3'], v3: ['MQTT-3.8.4-3'] },
    apply() {
      const first = new Map<string, SubscriptionRequest>();
      return secretly(({ subscriptions }) =>
        subscriptions.map(request => {
          if (!first.has(request.filter)) first.set(request.filter, request);
          return first.get(request.filter)!;
        }),
      );
    },
  },
  {
    name: 'brings no retained messages',
    breaks: { v5: ['MQTT-3.8.4-4', 'MQTT-3.3.1-9'], v3: ['MQTT-3.8.4-3'] },
    apply: serverPackets([publish], ({ retain }) => (retain ? null : undefined)),
  },
  {
    name: 'drops a message when a subscription is replaced',
    breaks: { v5: ['MQTT-3.8.4-4'], v3: ['MQTT-3.8.4-3'] },
    apply() {
      let count = 0;
      let isLossy = false;
      return {
        client({ packet }) {
          if (packet?.type === subscribe) count += 1;
          isLossy ||= packet?.type === subscribe && count === 2;
          return undefined;
        },
        server({ packet }) {
          if (!isLossy || packet?.type !== publish) return undefined;
          isLossy = false;
          return null;
        },
      };
    },
  },
  {
    name: 'delivers with the QoS published, whatever it granted',
    breaks: { v5: ['MQTT-3.8.4-8', 'MQTT-4.8.2-3'], v3: ['MQTT-3.8.4-6'] },
    apply: () =>
      secretly(({ subscriptions }) => subscriptions.map(one => ({ ...one, qos: 2 as QoS }))),
  },
  {
    name: 'delivers with QoS 0, whatever it granted',
    breaks: { v5: ['MQTT-3.8.4-8', 'MQTT-4.8.2-3'], v3: ['MQTT-3.8.4-6'] },
    apply: () =>
      secretly(({ subscriptions }) => subscriptions.map(one => ({ ...one, qos: 0 as QoS }))),
  },
  {
    name: 'ignores No Local',
    breaks: { v5: ['MQTT-3.8.3-3'] },
    apply: seenRequest(() => ({ noLocal: false })),
  },
  {
    name: 'sends no client its own messages',
    breaks: { v5: ['MQTT-3.8.3-3'] },
    apply: seenRequest(({ filter }) => ({ noLocal: !filter.startsWith('$share/') })),
  },
  {
    name: 'takes every subscription although it says that it does not',
    breaks: { v5: ['MQTT-3.9.3-2'], v3: ['MQTT-3.8.3-2'] },
    apply: serverPackets([PacketType.connack], packet => ({
      ...packet,
      properties: {
        ...packet.properties,
        wildcardSubscriptionAvailable: false,
        sharedSubscriptionAvailable: false,
        subscriptionIdentifierAvailable: false,
      },
    })),
  },
  {
    name: 'gives reasons in SUBACK and UNSUBACK at any length',
    breaks: { v5: ['MQTT-3.9.2-1', 'MQTT-3.11.2-1'] },
    apply: serverPackets([suback, unsuback], packet => ({
      ...packet,
      properties: { reasonString: 'because' },
    })),
  },
  {
    name: 'gives user properties in SUBACK and UNSUBACK at any length',
    breaks: { v5: ['MQTT-3.9.2-2', 'MQTT-3.11.2-2'] },
    apply: serverPackets([suback, unsuback], packet => ({
      ...packet,
      properties: { userProperties: [['server', 'mutant']] },
    })),
  },
];

const unsubscribeMutants: readonly Mutant[] = [
  {
    name: 'answers no UNSUBSCRIBE',
    breaks: {
      v5: ['MQTT-3.10.4-4', 'MQTT-3.10.4-5'],
      v3: ['MQTT-3.10.4-4', 'MQTT-3.10.4-5'],
    },
    apply: serverPackets([unsuback], () => null),
  },
  {
    name: 'answers UNSUBSCRIBE only where it deleted something',
    breaks: { v5: ['MQTT-3.10.4-5'] },
    apply: serverPackets([unsuback], ({ reasonCodes }) =>
      reasonCodes.every(code => code === 0x11) ? null : undefined,
    ),
  },
  {
    name: 'deletes nothing',
    breaks: {
      v5: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
      v3: ['MQTT-3.10.4-1', 'MQTT-3.10.4-2'],
    },
    apply: () => unsubscribing(filters => filters.map(filter => `${filter}/nothing`)),
  },
  {
    name: 'deletes every subscription whose filter matches',
    breaks: { v5: ['MQTT-3.10.4-1'], v3: ['MQTT-3.10.4-1'] },
    apply() {
      const known: string[] = [];
      const { client, server } = unsubscribing(filters => [
        ...filters,
        ...known.filter(one => filters.some(filter => topicMatchesFilter(filter, one))),
      ]);
      return {
        client(tapped) {
          if (tapped.packet?.type === subscribe) {
            known.push(...tapped.packet.subscriptions.map(({ filter }) => filter));
          }
          return client?.(tapped);
        },
        server,
      };
    },
  },
  {
    name: 'deletes the first filter only',
    breaks: { v5: ['MQTT-3.10.4-6'], v3: ['MQTT-3.10.4-6'] },
    apply: () => unsubscribing(filters => filters.slice(0, 1)),
  },
  {
    name: 'drops what is in flight upon UNSUBSCRIBE',
    breaks: { v5: ['MQTT-3.10.4-3'], v3: ['MQTT-3.10.4-3'] },
    apply() {
      let isOver = false;
      return {
        client({ packet }) {
          isOver ||= packet?.type === unsubscribe;
          return isOver && packet?.type === pubrec ? null : undefined;
        },
      };
    },
  },
  {
    name: 'has reasons of its own in UNSUBACK',
    breaks: { v5: ['MQTT-3.11.3-2'] },
    apply: lastByte(unsuback, 1),
  },
];

export const subscriptionMutants: readonly Mutant[] = [...subscribeMutants, ...unsubscribeMutants];
