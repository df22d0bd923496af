/**
 * Which member of a shared subscription a message is offered to first. A strategy looks at ready
 * members only; what happens when none is, or the chosen one cannot take the message after all, is
 * for the group. One strategy object belongs to one group.
 */
import type { Message } from './message.ts';
import type { SharedGroup } from './shared-group.ts';
import type { Subscription } from './subscription.ts';

/** How the messages of a shared subscription are spread over its members. */
export const sharedStrategyNames = [
  /** Each member in turn. */
  'round-robin',
  /** Whoever has the fewest messages unacknowledged and waiting; in turn among equals. */
  'least-inflight',
  /** All messages of one publisher to one member, as long as that is connected. */
  'sticky-client',
  /** All messages of one topic to one member; of a member that leaves, only its topics move. */
  'sticky-topic',
] as const;
export type SharedStrategyName = (typeof sharedStrategyNames)[number];

export interface SharedStrategy {
  /**
   * Place of a ready member in `group`, or -1 when none is ready.
   * @param topicHash of the message's topic
   */
  choose(group: SharedGroup, message: Message, topicHash: number): number;
}

/**
 * A maker of strategies, one for each group.
 * @param publishersMax what one group remembers with 'sticky-client'
 * @throws RangeError for a name that is none
 */
export function sharedStrategy(
  name: SharedStrategyName,
  publishersMax: number,
): () => SharedStrategy {
  switch (name) {
    case 'round-robin':
      return () => new RoundRobin();
    case 'least-inflight':
      return () => new LeastInflight();
    case 'sticky-client':
      return () => new StickyClient(publishersMax);
    case 'sticky-topic':
      return () => new StickyTopic();
    default:
      throw new RangeError(`sharedStrategy: expected one of ${sharedStrategyNames.join(', ')}`);
  }
}

export class RoundRobin implements SharedStrategy {
  choose(group: SharedGroup): number {
    return nextReady(group);
  }
}

export class LeastInflight implements SharedStrategy {
  choose(group: SharedGroup): number {
    const { members } = group;
    const count = members.length;
    let at = group.turn;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let seen = 0; seen < count; seen += 1) {
      at = at + 1 < count ? at + 1 : 0;
      const { session } = members[at];
      const { load } = session;
      if (load >= least || !session.isReady) continue;
      if (load === 0) return at;
      best = at;
      least = load;
    }
    return best;
  }
}

export class StickyClient implements SharedStrategy {
  readonly #publishersMax: number;
  /** By the publisher's client identifier; the longest remembered is forgotten first. */
  readonly #members: Map<string, Subscription>;

  constructor(publishersMax: number) {
    this.#publishersMax = publishersMax;
    this.#members = new Map();
  }

  choose(group: SharedGroup, message: Message): number {
    const { publisher } = message;
    const member = this.#members.get(publisher);
    if (member !== undefined && member.position >= 0 && member.session.isConnected) {
      // One that is only busy keeps its publishers; another helps out meanwhile.
      return member.session.isReady ? member.position : nextReady(group);
    }
    const at = nextReady(group);
    if (at >= 0) this.#remember(publisher, group.members[at]);
    else this.#members.delete(publisher);
    return at;
  }

  #remember(publisher: string, member: Subscription): void {
    const members = this.#members;
    if (members.size >= this.#publishersMax && !members.has(publisher)) {
      members.delete(members.keys().next().value!);
    }
    members.set(publisher, member);
  }
}

/** From this many members on it pays to remember which is the heaviest for a topic. */
const rememberedFrom = 16;
const topicsRemembered = 256;
const topicMask = topicsRemembered - 1;

/** Rendezvous hashing: the member whose hash and the topic's together weigh most. */
export class StickyTopic implements SharedStrategy {
  /** The group's changes that what is remembered belongs to. */
  #changes: number;
  /** Heaviest members by topic hash, ready or not; null while the group is small. */
  #heaviest: (Subscription | null)[] | null;
  readonly #topics: number[];

  constructor() {
    this.#changes = 0;
    this.#heaviest = null;
    this.#topics = [];
  }

  choose(group: SharedGroup, _: Message, topicHash: number): number {
    if (group.members.length < rememberedFrom) return heaviest(group, topicHash, true);
    const { position, session } = this.#find(group, topicHash);
    return session.isReady ? position : heaviest(group, topicHash, true);
  }

  #find(group: SharedGroup, topicHash: number): Subscription {
    if (this.#heaviest === null || this.#changes !== group.changes) {
      this.#heaviest = new Array<Subscription | null>(topicsRemembered).fill(null);
      this.#changes = group.changes;
    }
    const slot = topicHash & topicMask;
    const found = this.#heaviest[slot];
    if (found !== null && this.#topics[slot] === topicHash) return found;
    const member = group.members[heaviest(group, topicHash, false)];
    this.#heaviest[slot] = member;
    this.#topics[slot] = topicHash;
    return member;
  }
}

function heaviest({ members, hashes }: SharedGroup, topicHash: number, isReady: boolean): number {
  let best = -1;
  let most = -1;
  for (let at = 0; at < members.length; at += 1) {
    const weight = weigh(topicHash, hashes[at]);
    if (weight <= most || (isReady && !members[at].session.isReady)) continue;
    best = at;
    most = weight;
  }
  return best;
}

function nextReady({ members, turn }: SharedGroup): number {
  const count = members.length;
  let at = turn;
  for (let seen = 0; seen < count; seen += 1) {
    at = at + 1 < count ? at + 1 : 0;
    if (members[at].session.isReady) return at;
  }
  return -1;
}

/** Mixes two hashes so that each bit of either changes about half of the result's 32. */
function weigh(topicHash: number, memberHash: number): number {
  let weight = Math.imul(topicHash ^ memberHash, 0x9e3779b1);
  weight = Math.imul(weight ^ (weight >>> 15), 0x85ebca6b);
  weight = Math.imul(weight ^ (weight >>> 13), 0xc2b2ae35);
  return (weight ^ (weight >>> 16)) >>> 0;
}
