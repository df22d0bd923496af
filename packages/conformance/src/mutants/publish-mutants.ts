/** Brokers that get chapter 3.3 wrong: PUBLISH, its properties, aliases and retained messages. */
import {
  encodePacket,
  PacketType,
  type PublishPacket,
  type SubscriptionRequest,
} from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { clientPackets, type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { connect, publish, puback, pubrec, suback, subscribe } = PacketType;

/** What the broker gets to see of PUBLISH. */
function seenPublish(change: (packet: PublishPacket) => Partial<PublishPacket>): () => Mutation {
  return clientPackets([publish], packet => ({ ...packet, ...change(packet) }));
}

/** What the broker gets to see of the filters of SUBSCRIBE. */
function seenFilters(
  change: (request: SubscriptionRequest) => Partial<SubscriptionRequest>,
): () => Mutation {
  return clientPackets([subscribe], packet => ({
    ...packet,
    subscriptions: packet.subscriptions.map(request => ({ ...request, ...change(request) })),
  }));
}

/** What the client gets to see of PUBLISH. */
function sentPublish(change: (packet: PublishPacket) => Partial<PublishPacket>): () => Mutation {
  return serverPackets([publish], packet => ({ ...packet, ...change(packet) }));
}

/** The bytes of `wanted` in the place of those of `found`, which have the same length. */
function replaced(sent: Uint8Array, found: Uint8Array, wanted: Uint8Array): Uint8Array {
  const changed = sent.slice();
  const at = sent.findIndex((_, start) => found.every((byte, i) => sent[start + i] === byte));
  if (at >= 0) changed.set(wanted, at);
  return changed;
}

/** The same topic under a name that nothing is known against. */
function allowed(topic: string): string {
  return topic.replace(/forbidden$/, 'for-all');
}

export const publishMutants: readonly Mutant[] = [
  {
    name: 'sends QoS 0 with DUP',
    breaks: { v5: ['MQTT-3.3.1-2', 'MQTT-4.3.1-1'], v3: ['MQTT-3.3.1-2', 'MQTT-4.3.1-1'] },
    apply: () => ({
      server: ({ bytes: sent, packet }) =>
        packet?.type === publish && packet.qos === 0 ? sent.with(0, sent[0] | 0x08) : undefined,
    }),
  },
  {
    name: 'sends everything with DUP',
    breaks: {
      v5: ['MQTT-3.3.1-3', 'MQTT-4.3.2-2', 'MQTT-4.3.3-2'],
      v3: ['MQTT-3.3.1-3', 'MQTT-4.3.2-1'],
    },
    apply: sentPublish(({ qos }) => ({ dup: qos > 0 })),
  },
  {
    name: 'does not mind a PUBLISH that it cannot read',
    breaks: {
      v5: ['MQTT-3.3.1-4', 'MQTT-3.3.2-1', 'MQTT-3.3.2-2', 'MQTT-3.3.2-8', 'MQTT-3.3.2-13'],
      v3: ['MQTT-3.3.1-4', 'MQTT-3.3.2-1', 'MQTT-3.3.2-2'],
    },
    apply: () => ({
      client: ({ bytes: sent, packet }) =>
        packet === null && sent[0] >> 4 === publish ? null : undefined,
    }),
  },
  {
    name: 'does not mind a Content Type that it cannot read',
    breaks: { v5: ['MQTT-3.3.2-19'] },
    apply: () => ({
      client: ({ bytes: sent, packet }) =>
        packet === null && new TextDecoder().decode(sent).includes('Content Type')
          ? null
          : undefined,
    }),
  },
  {
    name: 'passes on a Response Topic with wildcards',
    breaks: { v5: ['MQTT-3.3.2-14'] },
    apply: () => ({
      client({ bytes: sent, packet }) {
        if (packet !== null || sent[0] >> 4 !== publish) return undefined;
        return replaced(sent, bytes`${'#'}`, bytes`${'~'}`);
      },
      server({ bytes: sent, packet }) {
        if (packet?.type !== publish) return undefined;
        return replaced(sent, bytes`${'~'}`, bytes`${'#'}`);
      },
    }),
  },
  {
    name: 'delivers under another topic',
    breaks: { v5: ['MQTT-3.3.2-1', 'MQTT-3.3.2-3'], v3: ['MQTT-3.3.2-1', 'MQTT-3.3.2-3'] },
    apply: sentPublish(({ topic }) => ({ topic: `${topic}/x` })),
  },
  {
    name: 'drops the properties of messages',
    breaks: {
      v5: [
        'MQTT-3.3.2-4',
        'MQTT-3.3.2-6',
        'MQTT-3.3.2-15',
        'MQTT-3.3.2-16',
        'MQTT-3.3.2-17',
        'MQTT-3.3.2-20',
        'MQTT-3.3.4-3',
      ],
    },
    apply: sentPublish(() => ({ properties: {} })),
  },
  {
    name: 'forwards user properties in reverse',
    breaks: { v5: ['MQTT-3.3.2-18'] },
    apply: sentPublish(({ properties = {} }) => {
      const userProperties = properties.userProperties?.toReversed();
      return { properties: { ...properties, userProperties } };
    }),
  },
  {
    name: 'ignores the Message Expiry Interval',
    breaks: { v5: ['MQTT-3.3.2-5', 'MQTT-3.3.2-6'] },
    apply: seenPublish(({ properties }) => ({
      properties: { ...properties, messageExpiryInterval: undefined },
    })),
  },
  {
    name: 'forwards the Message Expiry Interval as it came',
    breaks: { v5: ['MQTT-3.3.2-6'] },
    apply: sentPublish(({ properties = {} }) => {
      if (properties.messageExpiryInterval === undefined) return {};
      return { properties: { ...properties, messageExpiryInterval: 60 } };
    }),
  },
  {
    name: 'does not mind a topic alias that it does not know',
    breaks: { v5: ['MQTT-3.3.2-7'] },
    apply() {
      const known = new Set<number>();
      return clientPackets([publish], ({ topic, properties }) => {
        const alias = properties?.topicAlias;
        if (alias === undefined || known.has(alias)) return undefined;
        if (topic !== '') known.add(alias);
        return topic === '' ? null : undefined;
      })();
    },
  },
  {
    name: 'does not mind a topic alias above its maximum',
    breaks: { v5: ['MQTT-3.3.2-9'] },
    apply: seenPublish(({ properties }) => ({
      properties: { ...properties, topicAlias: undefined },
    })),
  },
  {
    name: 'knows only one topic alias',
    breaks: { v5: ['MQTT-3.3.2-12'] },
    apply: seenPublish(({ properties = {} }) => ({
      properties: { ...properties, topicAlias: properties.topicAlias && 1 },
    })),
  },
  {
    name: 'takes topic aliases of earlier connections to be known',
    breaks: { v5: ['MQTT-3.3.2-7'] },
    apply() {
      let isAllowed = false;
      return {
        client({ packet }) {
          if (packet?.type !== connect) return undefined;
          isAllowed = (packet.properties?.topicAliasMaximum ?? 0) > 0;
          return undefined;
        },
        server({ packet }) {
          if (packet?.type !== publish || !isAllowed) return undefined;
          return { ...packet, topic: '', properties: { topicAlias: 1 } };
        },
      };
    },
  },
  {
    name: 'sends topic alias 0',
    breaks: { v5: ['MQTT-3.3.2-8'] },
    apply() {
      let isAllowed = false;
      return {
        client({ packet }) {
          if (packet?.type !== connect) return undefined;
          isAllowed = (packet.properties?.topicAliasMaximum ?? 0) > 0;
          return undefined;
        },
        server({ packet }) {
          if (packet?.type !== publish || !isAllowed) return undefined;
          const sent = encodePacket({ ...packet, properties: { topicAlias: 0x7e7e } }, 5);
          return replaced(sent ?? bytes``, bytes`23 7e 7e`, bytes`23 00 00`);
        },
      };
    },
  },
  {
    name: 'acknowledges no PUBLISH',
    breaks: {
      v5: ['MQTT-3.3.4-1', 'MQTT-4.3.2-4', 'MQTT-4.3.3-8'],
      v3: ['MQTT-3.3.4-1', 'MQTT-3.3.5-2', 'MQTT-4.3.2-2', 'MQTT-4.3.3-2'],
    },
    apply: serverPackets([puback, pubrec], () => null),
  },
  {
    name: 'acknowledges QoS 0',
    breaks: { v5: ['MQTT-3.3.4-1'], v3: ['MQTT-3.3.4-1'] },
    apply: seenPublish(({ qos }) => (qos === 0 ? { qos: 1, packetId: 0xfff0 } : {})),
  },
  {
    name: 'delivers what is not allowed',
    breaks: { v3: ['MQTT-3.3.5-2'] },
    apply: () => ({
      client({ packet }) {
        if (packet?.type === publish) return { ...packet, topic: allowed(packet.topic) };
        if (packet?.type !== subscribe) return undefined;
        const { subscriptions } = packet;
        const renamed = subscriptions.map(one => ({ ...one, filter: allowed(one.filter) }));
        return { ...packet, subscriptions: renamed };
      },
      server({ packet }) {
        if (packet?.type !== publish || !packet.topic.endsWith('/for-all')) return undefined;
        return { ...packet, topic: packet.topic.replace(/for-all$/, 'forbidden') };
      },
    }),
  },
  {
    name: 'sends QoS 2 as QoS 1 where subscriptions overlap',
    breaks: { v5: ['MQTT-3.3.4-2'], v3: ['MQTT-3.3.5-1'] },
    apply: sentPublish(({ qos }) => (qos === 2 ? { qos: 1 } : {})),
  },
  {
    name: 'sends one Subscription Identifier of several',
    breaks: { v5: ['MQTT-3.3.4-4'] },
    apply: sentPublish(({ properties = {} }) => {
      const subscriptionIdentifiers = properties.subscriptionIdentifiers?.slice(0, 1);
      return { properties: { ...properties, subscriptionIdentifiers } };
    }),
  },
  {
    name: 'sends a copy for each subscription, with the identifiers of all',
    breaks: { v5: ['MQTT-3.3.4-5'] },
    apply: serverPackets([publish], packet => (packet.qos === 0 ? [packet, packet] : undefined)),
  },
  {
    name: "does not mind a client's Subscription Identifier",
    breaks: { v5: ['MQTT-3.3.4-6'] },
    apply: seenPublish(({ properties }) => ({
      properties: { ...properties, subscriptionIdentifiers: undefined },
    })),
  },
];

export const retainMutants: readonly Mutant[] = [
  {
    name: 'retains nothing',
    breaks: {
      v5: ['MQTT-3.3.1-5', 'MQTT-3.3.1-9'],
      v3: ['MQTT-3.3.1-5', 'MQTT-3.3.1-6'],
    },
    apply: seenPublish(() => ({ retain: false })),
  },
  {
    name: 'retains everything',
    breaks: { v5: ['MQTT-3.3.1-8'], v3: ['MQTT-3.3.1-12'] },
    apply: seenPublish(() => ({ retain: true })),
  },
  {
    name: 'retains with QoS 0',
    breaks: { v5: ['MQTT-3.3.1-5'], v3: ['MQTT-3.3.1-5'] },
    apply: sentPublish(({ retain }) => (retain ? { qos: 0, packetId: 0 } : {})),
  },
  {
    name: 'retains no QoS 0 message in the place of another',
    breaks: { v5: ['MQTT-3.3.1-5'], v3: ['MQTT-3.3.1-7'] },
    apply: seenPublish(({ qos, retain }) => ({ retain: retain && qos > 0 })),
  },
  {
    name: 'removes no retained message',
    breaks: { v5: ['MQTT-3.3.1-6'], v3: ['MQTT-3.3.1-10'] },
    apply: seenPublish(({ payload, retain }) => ({ retain: retain && payload.length > 0 })),
  },
  {
    name: 'delivers no empty message',
    breaks: { v5: ['MQTT-3.3.1-6'], v3: ['MQTT-3.3.1-10'] },
    apply: serverPackets([publish], ({ payload }) => (payload.length === 0 ? null : undefined)),
  },
  {
    name: 'has an empty retained message for every topic',
    breaks: { v5: ['MQTT-3.3.1-7', 'MQTT-3.3.1-11'], v3: ['MQTT-3.3.1-11'] },
    apply() {
      let topic = '';
      return {
        client({ packet }) {
          if (packet?.type === subscribe) topic = packet.subscriptions[0].filter;
          return undefined;
        },
        server({ packet }) {
          if (packet?.type !== suback || /[+#]/.test(topic)) return undefined;
          const fields = { qos: 0, retain: true, dup: false, packetId: 0 } as const;
          return [packet, { type: publish, topic, payload: bytes``, ...fields }];
        },
      };
    },
  },
  {
    name: 'sends what is retained without RETAIN',
    breaks: { v5: ['MQTT-3.3.1-9', 'MQTT-3.3.1-13'], v3: ['MQTT-3.3.1-8'] },
    apply: sentPublish(() => ({ retain: false })),
  },
  {
    name: 'sends everything with RETAIN',
    breaks: { v5: ['MQTT-3.3.1-12', 'MQTT-3.3.1-13'], v3: ['MQTT-3.3.1-9'] },
    apply: sentPublish(() => ({ retain: true })),
  },
  {
    name: 'does not know Retain As Published',
    breaks: { v5: ['MQTT-3.3.1-13'] },
    apply: seenFilters(() => ({ retainAsPublished: false })),
  },
  {
    name: 'does not know Retain Handling',
    breaks: { v5: ['MQTT-3.3.1-10', 'MQTT-3.3.1-11'] },
    apply: seenFilters(() => ({ retainHandling: 0 })),
  },
  {
    name: 'takes Retain Handling 1 for 2',
    breaks: { v5: ['MQTT-3.3.1-10'] },
    apply: seenFilters(({ retainHandling }) => (retainHandling === 1 ? { retainHandling: 2 } : {})),
  },
  {
    name: 'takes Retain Handling 0 for 1',
    breaks: { v5: ['MQTT-3.3.1-9'] },
    apply: seenFilters(({ retainHandling }) => (retainHandling === 0 ? { retainHandling: 1 } : {})),
  },
];
