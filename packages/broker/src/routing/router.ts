/**
 * Who gets a message: subscriptions by filter, routes by topic. Matching is done once per topic
 * and subscription change; a message only walks its route's list.
 */
import { decodeUtf8, FilterTree, parseTopicFilter, validateTopicName } from '@godwit/protocol';
import type { AckLevel } from '../durable/ack-level.ts';
import { Metrics } from '../metrics.ts';
import type { Session } from '../session/session.ts';
import { Interest } from './interest.ts';
import type { Message } from './message.ts';
import { Route } from './route.ts';
import { hashBytes, RouteCache } from './route-cache.ts';
import type { SharedStrategy } from './shared-strategy.ts';
import {
  mergeSubscriptions,
  type Subscription,
  type SubscriptionOptions,
  withoutNoLocal,
} from './subscription.ts';

export class Router {
  /** Moves on with every change that can alter a route. */
  generation: number;
  readonly #filters: FilterTree<Interest>;
  readonly #routes: RouteCache;
  /** Reused by {@link resolve}. */
  readonly #found: Interest[];
  readonly #metrics: Metrics;
  readonly #newStrategy: (() => SharedStrategy) | undefined;
  readonly #ackLevelOf: (topic: string) => AckLevel | null;

  /**
   * @param hashSeed random, so that no client can choose topics that collide
   * @param newStrategy asked once for each shared group; round robin by default
   * @param ackLevelOf asked once for each route
   */
  constructor(
    routeCacheEntries: number,
    hashSeed: number,
    metrics: Metrics = new Metrics(),
    newStrategy?: () => SharedStrategy,
    ackLevelOf: (topic: string) => AckLevel | null = () => null,
  ) {
    this.generation = 0;
    this.#filters = new FilterTree<Interest>(hashSeed);
    this.#routes = new RouteCache(routeCacheEntries);
    this.#found = [];
    this.#metrics = metrics;
    this.#newStrategy = newStrategy;
    this.#ackLevelOf = ackLevelOf;
  }

  /** Enters a subscription whose filter is valid. */
  add(subscription: Subscription): void {
    const { filter, share } = parseTopicFilter(subscription.filter)!;
    let interest = this.#filters.get(filter);
    if (interest === undefined) {
      interest = new Interest();
      this.#filters.set(filter, interest);
    }
    interest.add(subscription, share, this.#newStrategy);
    this.generation += 1;
  }

  /** Takes out a subscription that {@link add} entered. */
  remove(subscription: Subscription): void {
    const { filter, share } = parseTopicFilter(subscription.filter)!;
    const interest = this.#filters.get(filter);
    if (interest === undefined) return;
    interest.remove(subscription, share);
    if (interest.isEmpty) this.#filters.delete(filter);
    this.generation += 1;
  }

  /** Gives a subscription that was entered other options, with no gap. [MQTT-3.8.4-3] */
  replace(subscription: Subscription, options: SubscriptionOptions): void {
    const { filter, share } = parseTopicFilter(subscription.filter)!;
    // A group asks its members for their options each time; the others are counted by theirs.
    const interest = share === null ? this.#filters.get(filter) : undefined;
    interest?.remove(subscription, null);
    subscription.replace(options);
    interest?.add(subscription, null);
    this.generation += 1;
  }

  /**
   * The route of the topic at `bytes[start..end)`, up to date.
   * @throws ProtocolError when the bytes are no topic name
   */
  route(bytes: Uint8Array, start: number, end: number): Route {
    const hash = hashBytes(bytes, start, end);
    let route = this.#routes.find(bytes, start, end, hash);
    if (route === undefined) {
      validateTopicName(bytes, start, end);
      const topic = decodeUtf8(bytes, start, end);
      route = new Route(
        topic,
        new Uint8Array(bytes.subarray(start, end)),
        hash,
        this.#ackLevelOf(topic),
      );
      this.#routes.add(route);
    }
    if (route.generation !== this.generation) this.#resolve(route);
    return route;
  }

  /** Brings a route that is held on to up to date. */
  refresh(route: Route): void {
    if (route.generation !== this.generation) this.#resolve(route);
  }

  /**
   * Offers `message` to every session on `route` that wants it.
   * @returns false when there was none
   */
  deliver(message: Message, route: Route): boolean {
    const subscriptions = route.subscriptions;
    let delivered = false;
    for (let i = 0; i < subscriptions.length; i += 1) {
      const subscription = subscriptions[i];
      if (subscription.noLocal && subscription.session.clientId === message.publisher) {
        const rest = withoutNoLocal(subscription);
        if (rest === null) continue;
        rest.session.offer(message, rest);
      } else subscription.session.offer(message, subscription);
      delivered = true;
    }
    if (route.groups.length > 0) {
      for (const group of route.groups) {
        if (!group.deliver(message, route.hash, null)) {
          this.#metrics.messagesDroppedNoMember += 1;
        }
      }
      delivered = true;
    }
    return delivered;
  }

  /**
   * Gives what `from` (null: a session that is gone) cannot deliver any more to another member of its
   * shared subscription, if one takes it; else it is dropped. Each is asked once. (Section 4.8.2)
   */
  redeliver(message: Message, share: string, from: Session | null, wallMs: number): void {
    const metrics = this.#metrics;
    if (message.isExpired(wallMs)) {
      metrics.messagesDroppedExpired += 1;
      return;
    }
    const { filter, share: name } = parseTopicFilter(share)!;
    const group = this.#filters.get(filter)?.groups?.get(name!);
    const { bytes, topicStart, topicEnd } = message;
    const topicHash = hashBytes(bytes, topicStart, topicEnd);
    if (group?.deliver(message, topicHash, from)) metrics.messagesReassigned += 1;
    else metrics.messagesDroppedNoMember += 1;
  }

  #resolve(route: Route): void {
    const found = this.#found;
    this.#filters.match(route.topic, found);
    route.isPlain = found.every(interest => interest.isPlain);
    route.groups = found.flatMap(({ groups }) => (groups === null ? [] : [...groups.values()]));
    // One filter never has two subscriptions of one session; only several can overlap.
    route.subscriptions =
      found.length === 1
        ? found[0].members
        : mergeBySession(found.flatMap(({ members }) => members));
    route.generation = this.generation;
    found.length = 0;
  }
}

function mergeBySession(subscriptions: Subscription[]): Subscription[] {
  const bySession = new Map<unknown, Subscription | Subscription[]>();
  for (const subscription of subscriptions) {
    const others = bySession.get(subscription.session);
    if (others === undefined) bySession.set(subscription.session, subscription);
    else if (Array.isArray(others)) others.push(subscription);
    else bySession.set(subscription.session, [others, subscription]);
  }
  if (bySession.size === subscriptions.length) return subscriptions;
  return [...bySession.values()].map(one => (Array.isArray(one) ? mergeSubscriptions(one) : one));
}
