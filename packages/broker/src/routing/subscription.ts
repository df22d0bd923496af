/**
 * One filter of one session, or several of one session that match the same topic merged into one.
 */
import type { QoS } from '@godwit/protocol';
import type { Session } from '../session/session.ts';
import { encodeIdentifiers } from './subscription-identifiers.ts';

/** What a client may say about a subscription. */
export interface SubscriptionOptions {
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** Subscription Identifier; 0 when there is none. */
  readonly identifier: number;
}

export class Subscription {
  readonly session: Session;
  /** As subscribed, with `$share/name/` where it is shared. */
  readonly filter: string;
  qos: QoS;
  noLocal: boolean;
  retainAsPublished: boolean;
  /** Subscription Identifier; 0 when there is none, and in a merged one. */
  identifier: number;
  /** Encoded Subscription Identifier properties that go with each message, or null. */
  identifiers: Uint8Array | null;
  /** The subscriptions this one was merged from, or null. */
  readonly parts: readonly Subscription[] | null;
  /** Place among the members of its filter or shared group; -1 while in none. */
  position: number;

  constructor(
    session: Session,
    filter: string,
    options: SubscriptionOptions,
    parts: readonly Subscription[] | null,
  ) {
    this.session = session;
    this.filter = filter;
    this.qos = options.qos;
    this.noLocal = options.noLocal;
    this.retainAsPublished = options.retainAsPublished;
    this.identifier = options.identifier;
    this.identifiers = encodeIdentifier(options.identifier);
    this.parts = parts;
    this.position = -1;
  }

  /** Its messages are not just as they came: they bear identifiers, or are kept from their sender. */
  get isSpecial(): boolean {
    return this.identifiers !== null || this.noLocal;
  }

  /** Only the router may call this: it knows who has to hear of it. */
  replace(options: SubscriptionOptions): void {
    this.qos = options.qos;
    this.noLocal = options.noLocal;
    this.retainAsPublished = options.retainAsPublished;
    this.identifier = options.identifier;
    this.identifiers = encodeIdentifier(options.identifier);
  }
}

/**
 * Subscriptions of one session that overlap, as one: a single copy with the highest QoS and all
 * identifiers. [MQTT-3.3.4-2] [MQTT-3.3.4-4]
 */
export function mergeSubscriptions(parts: readonly Subscription[]): Subscription {
  let qos: QoS = 0;
  let noLocal = false;
  let retainAsPublished = false;
  let identifierBytes = 0;
  for (const part of parts) {
    if (part.qos > qos) qos = part.qos;
    noLocal ||= part.noLocal;
    retainAsPublished ||= part.retainAsPublished;
    identifierBytes += part.identifiers?.length ?? 0;
  }
  const { session, filter } = parts[0];
  const merged = new Subscription(
    session,
    filter,
    { qos, noLocal, retainAsPublished, identifier: 0 },
    parts,
  );
  if (identifierBytes > 0) {
    const identifiers = new Uint8Array(identifierBytes);
    let at = 0;
    for (const part of parts) {
      if (part.identifiers === null) continue;
      identifiers.set(part.identifiers, at);
      at += part.identifiers.length;
    }
    merged.identifiers = identifiers;
  }
  return merged;
}

/**
 * What `subscription` is for a message of its own client: null when No Local keeps it away.
 * [MQTT-3.8.3-3]
 */
export function withoutNoLocal(subscription: Subscription): Subscription | null {
  if (subscription.parts === null) return subscription.noLocal ? null : subscription;
  const others = subscription.parts.filter(part => !part.noLocal);
  if (others.length === 0) return null;
  return others.length === 1 ? others[0] : mergeSubscriptions(others);
}

function encodeIdentifier(identifier: number): Uint8Array | null {
  return identifier === 0 ? null : encodeIdentifiers([identifier]);
}
