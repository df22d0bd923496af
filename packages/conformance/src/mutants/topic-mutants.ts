/** Brokers that get chapters 4.7 and 4.8 wrong: topics, and shared subscriptions. */
import { PacketType, type PublishPacket } from '@godwit/protocol';
import { clientPackets, type Mutant, type Mutation, serverPackets } from './mutant.ts';

const { puback, publish, pubrec, suback, subscribe, unsubscribe } = PacketType;

/** What the broker gets to see of the filters in SUBSCRIBE and UNSUBSCRIBE. */
function seenFilters(change: (filter: string) => string): () => Mutation {
  return () => ({
    client({ packet }) {
      if (packet?.type === unsubscribe) return { ...packet, filters: packet.filters.map(change) };
      if (packet?.type !== subscribe) return undefined;
      const subscriptions = packet.subscriptions.map(request => ({
        ...request,
        filter: change(request.filter),
      }));
      return { ...packet, subscriptions };
    },
  });
}

/** What the broker gets to see of the topic in PUBLISH. */
function seenTopic(change: (topic: string) => string): () => Mutation {
  return clientPackets([publish], packet => ({ ...packet, topic: change(packet.topic) }));
}

/** Topics and filters are changed alike, and subscribers do not see it. */
function alike(change: (text: string) => string): () => Mutation {
  return () => {
    const filters = seenFilters(change)();
    const topic = seenTopic(change)();
    return { client: tapped => filters.client?.(tapped) ?? topic.client?.(tapped) };
  };
}

/** Who joins a group gets what others of it were sent, whatever became of it. */
function redispatching(): () => Mutation {
  const sent = new Map<string, PublishPacket>();
  return () => {
    let joined = '';
    return {
      client({ packet }) {
        if (packet?.type !== subscribe) return undefined;
        joined = /^\$share\/[^/]+\/(.*)/.exec(packet.subscriptions[0].filter)?.[1] ?? '';
        return undefined;
      },
      server({ packet }) {
        if (packet?.type === publish) sent.set(packet.topic, packet);
        const message = sent.get(joined);
        if (packet?.type !== suback || message === undefined) return undefined;
        return [packet, { ...message, packetId: 9 }];
      },
    };
  };
}

export const topicMutants: readonly Mutant[] = [
  {
    name: 'takes topics with wildcards',
    breaks: { v5: ['MQTT-4.7.0-1', 'MQTT-3.3.2-2'], v3: ['MQTT-4.7.1-1', 'MQTT-3.3.2-2'] },
    apply: () => ({
      client({ bytes }) {
        if (bytes[0] >> 4 !== publish) return undefined;
        return bytes.map(byte => (byte === 0x23 || byte === 0x2b ? 0x78 : byte));
      },
    }),
  },
  {
    name: "takes '#' anywhere",
    breaks: { v5: ['MQTT-4.7.1-1'], v3: ['MQTT-4.7.1-2'] },
    apply: seenFilters(filter => filter.replaceAll('#', 'x')),
  },
  {
    name: "takes '+' in a level with more",
    breaks: { v5: ['MQTT-4.7.1-2'], v3: ['MQTT-4.7.1-3'] },
    apply: seenFilters(filter => filter.replaceAll('+', 'x')),
  },
  {
    name: "has '#' not match the level above",
    breaks: { v5: ['MQTT-4.7.1-1', 'MQTT-4.5.0-1'], v3: ['MQTT-4.7.1-2', 'MQTT-4.5.0-1'] },
    apply: seenFilters(filter => filter.replace(/#$/, '+/#')),
  },
  {
    name: "shows topics with '$' to everyone",
    breaks: { v5: ['MQTT-4.7.2-1'], v3: ['MQTT-4.7.2-1'] },
    apply: seenTopic(topic => topic.replace(/^\$/, '')),
  },
  {
    name: 'takes empty topics and filters',
    breaks: { v5: ['MQTT-4.7.3-1'], v3: ['MQTT-4.7.3-1'] },
    apply: alike(text => (text === '' ? 'empty' : text)),
  },
  {
    name: 'reads U+0000 as a letter',
    breaks: { v5: ['MQTT-4.7.3-2'], v3: ['MQTT-4.7.3-2'] },
    apply: () => ({
      client({ bytes, packet }) {
        if (packet !== null || bytes[0] >> 4 !== subscribe) return undefined;
        // Behind the lengths, packet identifier and properties, and before the options.
        const isText = (at: number): boolean => at > 8 && at < bytes.length - 1;
        return bytes.map((byte, at) => (byte === 0 && isText(at) ? 0x78 : byte));
      },
    }),
  },
  {
    name: 'cuts long topics',
    breaks: {
      v5: ['MQTT-4.7.3-3', 'MQTT-4.7.3-4'],
      v3: ['MQTT-4.7.3-3', 'MQTT-4.7.3-4'],
    },
    apply: serverPackets([publish], packet => ({ ...packet, topic: packet.topic.slice(0, 4_096) })),
  },
  {
    name: 'delivers messages under a topic that was not subscribed to',
    breaks: { v5: ['MQTT-4.7.3-4'], v3: ['MQTT-4.7.3-4', 'MQTT-3.3.2-3'] },
    apply: serverPackets([publish], packet => ({ ...packet, topic: `${packet.topic}/x` })),
  },
  {
    name: 'takes upper case for lower case',
    breaks: { v5: ['MQTT-4.7.3-4'], v3: ['MQTT-4.7.3-4'] },
    apply: alike(text => text.toLowerCase()),
  },
  {
    name: 'composes letters',
    breaks: { v5: ['MQTT-4.7.3-4'], v3: ['MQTT-4.7.3-4'] },
    apply: alike(text => text.normalize('NFC')),
  },
  {
    name: 'drops levels that are empty',
    breaks: { v5: ['MQTT-4.7.3-4'], v3: ['MQTT-4.7.3-4'] },
    apply: alike(text => text.replace(/\/+$/, '')),
  },
  {
    name: 'takes shared subscriptions for plain ones',
    breaks: { v5: ['MQTT-4.5.0-1'] },
    apply: seenFilters(filter => filter.replace(/^\$share\/[^/]+\//, '')),
  },
  {
    name: 'takes any share name',
    breaks: { v5: ['MQTT-4.8.2-1', 'MQTT-4.8.2-2'] },
    apply: seenFilters(filter => filter.replace(/^\$share\/.*?(\/|$)/, '$share/team/x')),
  },
  {
    name: 'hands to new members what another has not completed',
    breaks: { v5: ['MQTT-4.8.2-4', 'MQTT-4.8.2-5', 'MQTT-4.8.2-6'] },
    apply: redispatching(),
  },
  {
    name: 'sends again what was refused',
    breaks: { v5: ['MQTT-4.8.2-6', 'MQTT-4.4.0-2'] },
    apply: () => ({
      client({ packet }) {
        const isAnswer = packet?.type === puback || packet?.type === pubrec;
        return isAnswer && packet.reasonCode >= 0x80 ? null : undefined;
      },
    }),
  },
];
