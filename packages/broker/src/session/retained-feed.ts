/**
 * The retained messages that new subscriptions of one session still have to get. They are looked up
 * as the client takes them, so that neither many of them nor a slow client cost memory or get lost.
 */
import type { QoS } from '@godwit/protocol';
import type { Message } from '../routing/message.ts';
import type { Subscription } from '../routing/subscription.ts';
import type { Session } from './session.ts';

type Walk = Generator<Message, void, undefined>;

export class RetainedFeed {
  readonly #session: Session;
  /** In the order of subscribing; bounded, since each subscription has one at most. */
  readonly #walks: Map<Subscription, Walk>;

  constructor(session: Session) {
    this.#session = session;
    this.#walks = new Map();
  }

  /** Adds the messages of a subscription, all over again if it has some to come already. */
  add(subscription: Subscription, walk: Walk): void {
    this.#drop(subscription);
    this.#walks.set(subscription, walk);
  }

  /** Sends as many as the client takes now. */
  advance(): void {
    if (this.#walks.size === 0) return;
    const session = this.#session;
    for (const [subscription, walk] of this.#walks) {
      // [MQTT-3.10.4-2] none for a subscription that ended meanwhile
      if (session.subscriptions.get(subscription.filter) === subscription) {
        while (session.takesMore) {
          const next = walk.next();
          if (next.done) break;
          const message = next.value;
          const qos = Math.min(message.qos, subscription.qos) as QoS;
          session.offerAs(message, qos, true, subscription.identifiers);
        }
        if (!session.takesMore) return;
      }
      this.#drop(subscription);
    }
  }

  /** Gives up what has not been sent. */
  clear(): void {
    for (const subscription of this.#walks.keys()) this.#drop(subscription);
  }

  /** A walk that is not closed would hold on to the topic it rests on. */
  #drop(subscription: Subscription): void {
    this.#walks.get(subscription)?.return();
    this.#walks.delete(subscription);
  }
}
