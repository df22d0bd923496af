/** What a session has subscribed to, as far as its client and the broker have said so. */
import { parseTopicFilter, type QoS, topicMatchesFilter } from '@godwit/protocol';
import { never, type Published } from './published.ts';

/** One SUBSCRIBE for a filter. */
export interface Request {
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  /** 0 for none. */
  readonly identifier: number;
  /** The broker was given it. */
  readonly from: number;
  /** SUBACK has granted it. */
  grantedAt: number;
}

/** From a first SUBSCRIBE to the end of the subscription. */
export class SubscriptionModel {
  readonly filter: string;
  readonly isShared: boolean;
  readonly requests: Request[];
  /** UNSUBSCRIBE has come, or a renewal was refused: it may be over. */
  leavingAt: number;
  /** UNSUBACK has gone. */
  goneAt: number;
  readonly #filter: string;

  constructor(filter: string, request: Request) {
    const parsed = parseTopicFilter(filter)!;
    this.filter = filter;
    this.isShared = parsed.share !== null;
    this.requests = [request];
    this.leavingAt = never;
    this.goneAt = never;
    this.#filter = parsed.filter;
  }

  get from(): number {
    return this.requests[0].from;
  }

  matches(topic: string): boolean {
    return topicMatchesFilter(topic, this.#filter);
  }

  /** The requests that may have been in force between two events. */
  during(from: number, to: number): Request[] {
    if (this.goneAt < from) return [];
    return this.requests.filter((request, i) => {
      const next = this.requests.slice(i + 1);
      return request.from <= to && !next.some(({ grantedAt }) => grantedAt < from);
    });
  }

  /** Whether one of {@link during} was in force all the time. */
  isSure(from: number): boolean {
    return this.leavingAt === never && this.requests.some(({ grantedAt }) => grantedAt < from);
  }
}

/** What a message may, and has to, come to a session with. */
export interface Entitlement {
  /** Subscriptions that may bring it, not counting shared ones: 1 or 0. */
  readonly isWanted: boolean;
  /** Shared subscriptions that may bring it. */
  readonly shares: number;
  readonly qosMin: number;
  readonly qosMax: number;
  /** Null where that is not certain. */
  readonly identifiers: readonly number[] | null;
  /** It has to come: a subscription of its own was there all the time. */
  readonly isSure: boolean;
}

/** @param clientId of the session */
export function entitlement(
  subscriptions: readonly SubscriptionModel[],
  message: Published,
  clientId: string,
): Entitlement {
  const { topic, publisher, qos, firstIn, lastIn, doneAt } = message;
  const identifiers: number[] = [];
  let isCertain = true;
  let shares = 0;
  let isWanted = false;
  let isSure = false;
  let qosMin = 0;
  let qosMax = 0;
  for (const subscription of subscriptions) {
    if (!subscription.matches(topic)) continue;
    const requests = subscription
      // What another member cannot take may come to this one at any time.
      .during(firstIn, subscription.isShared ? never : doneAt)
      .filter(({ noLocal }) => !noLocal || publisher !== clientId);
    if (requests.length === 0) continue;
    const levels = requests.map(request => Math.min(qos, request.qos));
    qosMax = Math.max(qosMax, ...levels);
    if (subscription.isShared) {
      shares += 1;
      continue;
    }
    isWanted = true;
    const isAlways = subscription.isSure(firstIn) && subscription.isSure(lastIn);
    const [{ identifier }] = requests;
    if (requests.length > 1 || !isAlways) isCertain = false;
    else if (identifier !== 0) identifiers.push(identifier);
    if (!isAlways || subscription.requests.some(({ noLocal }) => noLocal)) continue;
    isSure = true;
    qosMin = Math.max(qosMin, Math.min(...levels));
  }
  return {
    isWanted,
    shares,
    qosMin: shares === 0 ? qosMin : 0,
    qosMax,
    identifiers: isCertain && shares === 0 ? identifiers.sort((a, b) => a - b) : null,
    isSure,
  };
}
