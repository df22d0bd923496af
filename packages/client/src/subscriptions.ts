/** A client's subscriptions: makes and ends them, and gives each message to those that want it. */
import type {
  ProtocolVersion,
  PublishPacket,
  QoS,
  SubscribePacket,
  UnsubscribePacket,
} from '@godwit/protocol';
import type { LostSubscription } from './client.ts';
import type { Receipt } from './engine/receipts.ts';
import type { Answer } from './engine/requests.ts';
import { type MqttError, SubscribeError } from './errors.ts';
import { Inbox } from './inbox.ts';
import { limits } from './limits.ts';
import { Message } from './message.ts';
import type { CallOptions, SubscribeInit } from './options.ts';
import { type Renewable, Renewals } from './renewals.ts';
import { Router } from './router.ts';
import { subscribePacket, unsubscribePacket, wireFilters } from './subscribe-packet.ts';
import { Subscription } from './subscription.ts';

/** The server's answer to a request. */
export interface Answered {
  /** One for each filter. */
  reasonCodes: readonly number[];
  reasonString: string | undefined;
}

export interface SubscriptionsInit {
  version: ProtocolVersion;
  /** Sends a request once the connection stands; `onLate` hears of an answer after its end. */
  request(
    packet: SubscribePacket | UnsubscribePacket,
    options: CallOptions,
    onLate?: () => void,
  ): Promise<Answered>;
  /** Sends a request on this connection. @throws MqttError when that is not possible */
  renew(packet: SubscribePacket, answer: Answer): void;
  /** Why the server would refuse this, if it would. */
  obstacle(packet: SubscribePacket): MqttError | undefined;
  /** Settled as long as there is no connection. */
  offline(): Promise<void>;
  onLost(lost: LostSubscription): void;
  onUnhandled(message: Message): void;
}

type Filters = ReadonlySet<string>;

/** A subscription that the server granted. */
interface Live extends Renewable {
  readonly inbox: Inbox;
  readonly subscription: Subscription;
}

export class Subscriptions {
  /** Messages of QoS 0 that an inbox had no room for. */
  dropped: number;
  /** Messages of lost sessions that were not read in time. */
  droppedUnread: number;
  readonly #init: SubscriptionsInit;
  readonly #router: Router;
  readonly #renewals: Renewals<Live>;

  constructor(init: SubscriptionsInit) {
    this.dropped = 0;
    this.droppedUnread = 0;
    this.#init = init;
    this.#router = new Router();
    this.#renewals = new Renewals({
      send: init.renew,
      obstacle: init.obstacle,
      onLost: (live, filter, error) => this.#onLost(live, filter, error),
    });
  }

  async subscribe(
    filter: string | readonly string[],
    options: SubscribeInit & CallOptions,
  ): Promise<Subscription> {
    const filters = wireFilters(filter, options.share);
    const wire = new Set(filters.values());
    const packet = subscribePacket(this.#init.version, wire, options);
    const inbox = new Inbox({
      messagesMax: options.qos0MessagesMax ?? limits.qos0MessagesMax,
      bytesMax: options.qos0BytesMax ?? limits.qos0BytesMax,
    });
    // messages may come before SUBACK, and those of a resumed session before SUBSCRIBE
    for (const full of wire) this.#router.add(full, inbox);
    let answered: Answered;
    try {
      answered = await this.#init.request(packet, options, () => this.#undo(wire, inbox));
    } catch (error) {
      this.#release(wire, inbox);
      throw error;
    }
    const codes = new Map([...wire].map((full, at) => [full, answered.reasonCodes[at]]));
    const granted = new Map<string, QoS>();
    const refused = new Map<string, number>();
    for (const [name, full] of filters) {
      const code = codes.get(full)!;
      if (code < 0x80) granted.set(name, code as QoS);
      else {
        refused.set(name, code);
        this.#router.remove(full, inbox);
      }
    }
    if (granted.size === 0) {
      this.#release(wire, inbox);
      throw new SubscribeError(refused, answered.reasonString);
    }
    let left: Promise<void> | undefined;
    const subscription = new Subscription({
      granted,
      refused,
      manual: options.ack === 'manual',
      inbox,
      unsubscribe: limits => {
        left ??= this.#leave(live, limits);
        return left;
      },
      offline: this.#init.offline,
    });
    const live: Live = { filters, packet, granted, refused, isOwed: false, inbox, subscription };
    this.#renewals.add(live);
    return subscription;
  }

  async unsubscribe(
    filter: string | readonly string[],
    options: CallOptions,
  ): Promise<ReadonlyMap<string, number>> {
    const filters = [...wireFilters(filter).values()];
    const { reasonCodes } = await this.#init.request(unsubscribePacket(filters), options);
    return new Map(filters.map((name, at) => [name, reasonCodes[at]]));
  }

  /** Gives a message to every subscription that wants it; each has to answer its receipt. */
  deliver(packet: PublishPacket, receipt: Receipt | null): void {
    const inboxes = this.#router.match(packet.topic);
    for (const inbox of inboxes) {
      const isTaken = inbox.push(new Message(packet, receipt?.share() ?? null));
      if (!isTaken) this.dropped += 1;
    }
    if (inboxes.size > 0) return;
    const message = new Message(packet, receipt?.share() ?? null);
    this.#init.onUnhandled(message);
    message.ack();
  }

  /** The server has lost the session: what it sends now comes on top of what nobody has read. */
  lost(receiveMaximum: number): void {
    for (const inbox of this.#router.inboxes) this.droppedUnread += inbox.trim(receiveMaximum);
  }

  /** A connection stands: what the server may not know any more is subscribed to again. */
  up(isKnown: boolean): void {
    this.#renewals.up(isKnown);
  }

  /** No connection follows: after an error, which every reader gets, or as the user wished. */
  over(error: MqttError | undefined): void {
    for (const inbox of this.#router.inboxes) {
      if (error === undefined) inbox.release();
      else inbox.end(error);
    }
  }

  async #leave(live: Live, options: CallOptions): Promise<void> {
    const { inbox, filters, granted } = live;
    const wire = new Set([...granted.keys()].map(name => filters.get(name)!));
    this.#renewals.delete(live);
    // what is still under way is refused silently, until the server knows
    inbox.release();
    const orphans = this.#orphans(wire, inbox);
    try {
      if (orphans.length > 0) await this.#init.request(unsubscribePacket(orphans), options);
    } finally {
      this.#release(wire, inbox);
    }
  }

  /** The server, which had lost the session, refuses to renew a filter. */
  #onLost(live: Live, filter: string, error: MqttError): void {
    const { subscription, inbox, granted, filters } = live;
    this.#router.remove(filters.get(filter)!, inbox);
    if (granted.size === 0) inbox.end(error);
    this.#init.onLost({ subscription, filter, error });
  }

  /** A SUBSCRIBE that nobody waited for any longer was answered. */
  #undo(filters: Filters, inbox: Inbox): void {
    const orphans = this.#orphans(filters, inbox);
    // when this fails too, its messages raise 'unhandled'
    if (orphans.length > 0) this.#init.request(unsubscribePacket(orphans), {}).catch(() => {});
  }

  /** The filters that no other subscription needs. */
  #orphans(filters: Filters, inbox: Inbox): string[] {
    return [...filters].filter(filter => !this.#router.isHeldBeside(filter, inbox));
  }

  /** Ends what `inbox` holds, here; messages that nobody read are given back. */
  #release(filters: Filters, inbox: Inbox): void {
    for (const filter of filters) this.#router.remove(filter, inbox);
    inbox.release();
  }
}
