/**
 * What the broker keeps for one client identifier: subscriptions, messages in flight and waiting,
 * the will. Outlives connections as long as its expiry says; decides what is sent when.
 */
import {
  InboundWindow,
  OutboundState,
  OutboundWindow,
  PacketType,
  type QoS,
  ReasonCode,
} from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';
import { publishHeader, writePublish } from '../connection/publish-writer.ts';
import type { Context } from '../context.ts';
import { type DurableSession, storedInflightMax } from '../durable/durable-session.ts';
import type { StoredDelivery } from '../durable/stored-delivery.ts';
import type { Message } from '../routing/message.ts';
import type { Subscription } from '../routing/subscription.ts';
import { Deadline } from '../timer-wheel.ts';
import { Delivery, DeliveryQueue } from './delivery.ts';
import { RetainedFeed } from './retained-feed.ts';
import type { PendingWill } from './will.ts';

/** Seconds: the session never expires. */
export const neverExpires = 0xffffffff;

/** What became of a message that was offered. */
const Outcome = {
  taken: 0,
  away: 1,
  slowClient: 2,
  tooLarge: 3,
  queueFull: 4,
  storageFull: 5,
  unauthorized: 6,
} as const;
type Outcome = (typeof Outcome)[keyof typeof Outcome];

export class Session extends Deadline {
  readonly clientId: string;
  readonly context: Context;
  /** Null while the client is away. */
  connection: Connection | null;
  /** Seconds that the session outlives its connection; {@link neverExpires}: for ever. */
  expirySeconds: number;
  readonly subscriptions: Map<string, Subscription>;
  /** How many of them have wildcards. */
  wildcards: number;
  readonly outbound: OutboundWindow<Delivery | StoredDelivery>;
  readonly inbound: InboundWindow;
  /** What waits, unless the session is durable. */
  readonly queue: DeliveryQueue;
  /** What makes the session survive the broker; null when nothing does. */
  durable: DurableSession | null;
  will: PendingWill | null;
  /** Whether the client may get messages of a topic; null: of all that it has subscribed to. */
  receives: ((topic: string) => boolean) | null;
  /** Null until a subscription brings retained messages. */
  #retained: RetainedFeed | null;
  /** Messages in flight on this connection at most. */
  #inflightMax: number;
  /** Above 0, nothing is sent that follows from what is not durable yet. */
  #holds: number;
  readonly #onExpired: (session: Session) => void;

  constructor(
    context: Context,
    clientId: string,
    expirySeconds: number,
    onExpired: (session: Session) => void,
  ) {
    super();
    this.clientId = clientId;
    this.context = context;
    this.connection = null;
    this.expirySeconds = expirySeconds;
    this.subscriptions = new Map();
    this.wildcards = 0;
    this.outbound = new OutboundWindow<Delivery | StoredDelivery>(context.limits.inflightMax);
    this.inbound = new InboundWindow(context.limits.receiveMaximum);
    this.queue = new DeliveryQueue(context.queued);
    this.durable = null;
    this.will = null;
    this.receives = null;
    this.#retained = null;
    this.#inflightMax = 0;
    this.#holds = 0;
    this.#onExpired = onExpired;
  }

  get isConnected(): boolean {
    return this.connection !== null;
  }

  /** Nothing waits, and a message of any QoS could be sent now. */
  get takesMore(): boolean {
    const { connection, outbound } = this;
    return (
      connection !== null &&
      this.#waiting.length === 0 &&
      outbound.hasRoom &&
      !connection.outbox.isFull
    );
  }

  /** A member of a shared subscription that keeps up: connected, with room for what may come. */
  get isReady(): boolean {
    const { connection } = this;
    if (connection === null || connection.outbox.isFull) return false;
    const { length } = this.#waiting;
    return length === 0 || length < this.context.limits.queueMessagesMax;
  }

  /** Messages of QoS 1 and 2 that the client has not acknowledged or not even been sent. */
  get load(): number {
    return this.outbound.size + this.#waiting.length;
  }

  /** Whether a message of this size with QoS 1 or 2 could be sent or wait. */
  hasRoomFor(size: number): boolean {
    const { length, bytes } = this.#waiting;
    const { limits, queued } = this.context;
    const { queueMessagesMax, queueBytesMax } = limits;
    const { durable } = this;
    const fits = length < queueMessagesMax && bytes + size <= queueBytesMax;
    if (durable === null) return (fits && queued.hasRoomFor(size)) || this.takesMore;
    if (fits) return true;
    // What is on its way to the disk and can be sent at once then does not count as waiting.
    const isFlowing = this.connection !== null && durable.queue.waiting.length === 0;
    const sendable = isFlowing ? this.#inflightMax - this.outbound.size : 0;
    if (length < sendable) return true;
    return sendable > 0 && length - sendable < queueMessagesMax && bytes + size <= queueBytesMax;
  }

  get #waiting(): { readonly length: number; readonly bytes: number; dropOldest(): boolean } {
    return this.durable === null ? this.queue : this.durable.queue;
  }

  /** Adds a subscription, which is not there yet. */
  subscribed(subscription: Subscription): void {
    this.subscriptions.set(subscription.filter, subscription);
    if (hasWildcard(subscription)) this.wildcards += 1;
  }

  unsubscribed(subscription: Subscription): void {
    this.subscriptions.delete(subscription.filter);
    if (hasWildcard(subscription)) this.wildcards -= 1;
  }

  /** The session's expiry interval has passed since its connection ended. */
  onDeadline(): void {
    this.#onExpired(this);
  }

  /** Whether the client may get this message, as far as its topic goes. */
  mayReceive(message: Message): boolean {
    return this.receives === null || this.receives(message.topic);
  }

  /** Sends `message` now, or keeps it until it can be sent, or drops it at a bound. */
  offer(message: Message, subscription: Subscription): void {
    const qos = message.qos < subscription.qos ? message.qos : subscription.qos;
    const retain = subscription.retainAsPublished && message.retain;
    this.offerAs(message, qos, retain, subscription.identifiers);
  }

  /** As {@link offer}, with the receiver's QoS, RETAIN flag and Subscription Identifiers given. */
  offerAs(message: Message, qos: QoS, retain: boolean, identifiers: Uint8Array | null): void {
    const outcome = this.#take(message, qos, retain, identifiers, null);
    if (outcome !== Outcome.taken) this.#countDrop(outcome);
  }

  /**
   * As {@link offer}, to a member of a shared subscription.
   * @returns false, with nothing counted, when the message is not sent or kept: another may get it
   */
  take(message: Message, member: Subscription): boolean {
    const qos = message.qos < member.qos ? message.qos : member.qos;
    const retain = member.retainAsPublished && message.retain;
    return this.#take(message, qos, retain, member.identifiers, member.filter) === Outcome.taken;
  }

  #take(
    message: Message,
    qos: QoS,
    retain: boolean,
    identifiers: Uint8Array | null,
    share: string | null,
  ): Outcome {
    const { connection } = this;
    if (!this.mayReceive(message)) return Outcome.unauthorized;
    if (qos === 0) {
      if (connection === null) return Outcome.away;
      if (connection.outbox.isFull) return Outcome.slowClient;
      return this.#sent(connection, message, 0, publishHeader(0, retain, false), identifiers)
        ? Outcome.taken
        : Outcome.tooLarge;
    }
    if (this.durable !== null) {
      return this.#store(this.durable, message, qos, retain, identifiers, share);
    }
    if (connection !== null && this.takesMore) {
      const kept = this.#mustKeep(qos, share)
        ? new Delivery(message, qos, retain, identifiers, share)
        : undefined;
      const packetId = this.outbound.send(qos, kept);
      const header = publishHeader(qos, retain, false);
      return this.#sent(connection, message, packetId, header, identifiers)
        ? Outcome.taken
        : Outcome.tooLarge;
    }
    if (!this.#makeRoom(message.size)) return Outcome.queueFull;
    this.queue.push(new Delivery(message, qos, retain, identifiers, share));
    return Outcome.taken;
  }

  /** Has the log take a message for this session. */
  #store(
    durable: DurableSession,
    message: Message,
    qos: 1 | 2,
    retain: boolean,
    identifiers: Uint8Array | null,
    share: string | null,
  ): Outcome {
    if (!this.#makeRoom(message.size)) return Outcome.queueFull;
    const { acceptor } = this.context.durability!;
    const isTaken = acceptor.add(durable, message, qos, retain, identifiers, share);
    return isTaken ? Outcome.taken : Outcome.storageFull;
  }

  /** Makes room for one more message by the policy, dropping others if that is it. */
  #makeRoom(size: number): boolean {
    const { queueFullPolicy, metrics, queued } = this.context;
    // What all have together is no reason to drop what this one has: it may make no room.
    if (this.durable === null && !queued.hasRoomFor(size) && !this.takesMore) return false;
    while (!this.hasRoomFor(size)) {
      if (queueFullPolicy !== 'drop-oldest' || !this.#waiting.dropOldest()) return false;
      metrics.messagesDroppedQueueFull += 1;
    }
    return true;
  }

  /** Whether what is sent may have to be sent again: on a later connection, or to another member. */
  #mustKeep(qos: 1 | 2, share: string | null): boolean {
    return this.expirySeconds !== 0 || (share !== null && qos === 1);
  }

  /** Sends the retained messages in `walk` because of a new `subscription`, now or by and by. */
  feed(subscription: Subscription, walk: Generator<Message, void, undefined>): void {
    this.#retained ??= new RetainedFeed(this);
    this.#retained.add(subscription, walk);
    this.#retained.advance();
  }

  /** Sends what waits, as far as the window and the connection's budget allow. */
  pump(): void {
    const { connection, durable } = this;
    if (connection === null || this.#holds > 0) return;
    if (durable !== null) durable.queue.pump(connection);
    else if (this.queue.length > 0) this.#sendQueued(connection);
    this.#retained?.advance();
  }

  #sendQueued(connection: Connection): void {
    const { queue, outbound, context } = this;
    const wallMs = context.clock.wallMs();
    while (queue.length > 0 && outbound.hasRoom && !connection.outbox.isFull) {
      const delivery = queue.shift()!;
      const { message, qos, retain, identifiers } = delivery;
      if (message.isExpired(wallMs)) {
        context.metrics.messagesDroppedExpired += 1;
        continue;
      }
      if (!this.mayReceive(message)) {
        this.#lost(delivery, Outcome.unauthorized);
        continue;
      }
      const packetId = outbound.send(
        qos,
        this.#mustKeep(qos, delivery.share) ? delivery : undefined,
      );
      const header = publishHeader(qos, retain, false);
      if (!this.#sent(connection, message, packetId, header, identifiers)) {
        this.#lost(delivery, Outcome.tooLarge);
      }
    }
  }

  /**
   * The client is on `connection` from now on: sends again what it had not acknowledged, in order
   * and within its Receive Maximum, then what waited. [MQTT-4.4.0-1]
   */
  attach(connection: Connection, receiveMaximum: number): void {
    const { limits } = this.context;
    const { durable } = this;
    const ours = durable === null ? limits.inflightMax : storedInflightMax;
    this.#inflightMax = Math.min(receiveMaximum, limits.inflightMax, ours);
    this.connection = connection;
    this.outbound.reset(this.#inflightMax);
    this.inbound.reset(limits.receiveMaximum);
    if (durable !== null) {
      durable.queue.restart();
      if (!durable.isSettled) this.#holdUntilSettled(durable);
    }
    this.advance();
  }

  /** An acknowledgement made room, or a connection is new: sends what can be sent now. */
  advance(): void {
    const { connection, outbound, durable } = this;
    if (connection === null || this.#holds > 0) return;
    if (durable !== null) {
      if (durable.queue.resend(connection)) this.pump();
      return;
    }
    for (let id = outbound.nextOwed(); id !== 0; id = outbound.nextOwed()) {
      if (outbound.stateOf(id) === OutboundState.awaitingPubcomp) {
        connection.acknowledge(PacketType.pubrel, id, 0);
        continue;
      }
      const delivery = outbound.messageOf(id) as Delivery | undefined;
      if (delivery === undefined) continue;
      const { message, qos, retain, identifiers } = delivery;
      const isBegun = qos === 2;
      if (!this.mayReceive(message)) {
        outbound.release(id);
        this.#lost(delivery, Outcome.unauthorized, isBegun);
        continue;
      }
      const header = publishHeader(qos, retain, true);
      if (!this.#sent(connection, message, id, header, identifiers)) {
        this.#lost(delivery, Outcome.tooLarge, isBegun);
      }
    }
    this.pump();
  }

  /** What an earlier connection said may be answered on this one only when it is durable. */
  #holdUntilSettled(durable: DurableSession): void {
    this.#holds += 1;
    durable.afterSettled(() => {
      this.#holds -= 1;
      this.advance();
    });
  }

  /** PUBACK has come. */
  acknowledged(packetId: number): void {
    const { outbound, durable } = this;
    const delivery = outbound.messageOf(packetId);
    if (!outbound.acknowledge(packetId)) return;
    durable?.done(delivery as StoredDelivery);
    this.advance();
  }

  /** PUBREC has come: PUBREL follows, or with 0x80 and above the end of the message. */
  received(packetId: number, reasonCode: number): void {
    const { outbound, durable, connection } = this;
    const delivery = outbound.messageOf(packetId);
    const isNew = outbound.stateOf(packetId) === OutboundState.awaitingPubrec;
    if (!outbound.received(packetId, reasonCode)) {
      if (reasonCode < 0x80) {
        const notFound = ReasonCode.packetIdentifierNotFound;
        connection!.acknowledge(PacketType.pubrel, packetId, notFound);
      }
      return;
    }
    // [MQTT-4.4.0-2]
    if (reasonCode >= 0x80) {
      durable?.done(delivery as StoredDelivery);
      this.advance();
      return;
    }
    // [MQTT-4.3.3-4]
    const release = (): void => connection!.acknowledge(PacketType.pubrel, packetId, 0);
    if (durable === null || (!isNew && durable.isSettled)) release();
    else {
      durable.received(delivery as StoredDelivery, () => {
        if (this.connection === connection) release();
      });
    }
  }

  /** PUBCOMP has come. */
  completed(packetId: number): void {
    const { outbound, durable } = this;
    const delivery = outbound.messageOf(packetId);
    if (!outbound.complete(packetId)) return;
    durable?.done(delivery as StoredDelivery);
    this.advance();
  }

  /**
   * What came by shared subscriptions and another member may still get, oldest first: sent with
   * QoS 1 and not acknowledged, or not sent yet. Nothing waits here any more after this.
   */
  takeShared(): Delivery[] {
    const shared: Delivery[] = [];
    if (this.durable !== null) return shared;
    this.outbound.inOrder((_, state, kept) => {
      const delivery = kept as Delivery | undefined;
      // [MQTT-4.8.2-5] what was begun with QoS 2 is for this client only
      if (state !== OutboundState.awaitingPuback) return;
      if (delivery !== undefined && delivery.share !== null) shared.push(delivery);
    });
    for (let one = this.queue.shift(); one !== undefined; one = this.queue.shift()) {
      if (one.share !== null) shared.push(one);
    }
    return shared;
  }

  /** The session has ended: forgets all that was sent or waits. */
  clear(): void {
    this.#retained?.clear();
    this.subscriptions.clear();
    this.queue.clear();
    this.outbound.clear();
    this.inbound.clear();
  }

  /** @returns false when the message is too large for the client: it is as if acknowledged */
  #sent(
    connection: Connection,
    message: Message,
    packetId: number,
    header: number,
    identifiers: Uint8Array | null,
  ): boolean {
    if (writePublish(connection, message, header, packetId, identifiers)) {
      this.context.metrics.messagesSent += 1;
      return true;
    }
    if (packetId !== 0) this.outbound.release(packetId);
    return false;
  }

  /** [MQTT-3.1.2-25] as if it had been delivered; but another member may get what was not begun */
  #lost({ message, share }: Delivery, outcome: Outcome, isBegun = false): void {
    const { router, clock } = this.context;
    if (share === null || isBegun) this.#countDrop(outcome);
    else router.redeliver(message, share, this, clock.wallMs());
  }

  #countDrop(outcome: Outcome): void {
    const { metrics } = this.context;
    if (outcome === Outcome.slowClient) metrics.messagesDroppedSlowClient += 1;
    else if (outcome === Outcome.tooLarge) metrics.messagesDroppedTooLarge += 1;
    else if (outcome === Outcome.queueFull) metrics.messagesDroppedQueueFull += 1;
    else if (outcome === Outcome.storageFull) metrics.messagesDroppedStorageFull += 1;
    else if (outcome === Outcome.unauthorized) metrics.messagesDroppedUnauthorized += 1;
  }
}

/** Valid filters have these characters as wildcards only; ShareNames have none of them. */
function hasWildcard({ filter }: Subscription): boolean {
  return filter.includes('+') || filter.includes('#');
}
