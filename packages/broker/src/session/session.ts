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
} from '@godwit/protocol';
import type { Connection } from '../connection/connection.ts';
import { publishHeader, writePublish } from '../connection/publish-writer.ts';
import type { Context } from '../context.ts';
import type { Message } from '../routing/message.ts';
import type { Subscription } from '../routing/subscription.ts';
import { Deadline } from '../timer-wheel.ts';
import { Delivery, DeliveryQueue } from './delivery.ts';
import { RetainedFeed } from './retained-feed.ts';
import type { PendingWill } from './will.ts';

/** Seconds: the session never expires. */
export const neverExpires = 0xffffffff;

/** What became of a message that was offered. */
const Outcome = { taken: 0, away: 1, slowClient: 2, tooLarge: 3, queueFull: 4 } as const;
type Outcome = (typeof Outcome)[keyof typeof Outcome];

export class Session extends Deadline {
  readonly clientId: string;
  readonly context: Context;
  /** Null while the client is away. */
  connection: Connection | null;
  /** Seconds that the session outlives its connection; {@link neverExpires}: for ever. */
  expirySeconds: number;
  readonly subscriptions: Map<string, Subscription>;
  readonly outbound: OutboundWindow<Delivery>;
  readonly inbound: InboundWindow;
  readonly queue: DeliveryQueue;
  will: PendingWill | null;
  /** Null until a subscription brings retained messages. */
  #retained: RetainedFeed | null;
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
    this.outbound = new OutboundWindow<Delivery>(context.limits.inflightMax);
    this.inbound = new InboundWindow(context.limits.receiveMaximum);
    this.queue = new DeliveryQueue();
    this.will = null;
    this.#retained = null;
    this.#onExpired = onExpired;
  }

  get isConnected(): boolean {
    return this.connection !== null;
  }

  /** Nothing waits, and a message of any QoS could be sent now. */
  get takesMore(): boolean {
    const { connection, outbound, queue } = this;
    return (
      connection !== null && queue.length === 0 && outbound.hasRoom && !connection.outbox.isFull
    );
  }

  /** A member of a shared subscription that keeps up: connected, with room for what may come. */
  get isReady(): boolean {
    const { connection, queue } = this;
    if (connection === null || connection.outbox.isFull) return false;
    return queue.length === 0 || queue.length < this.context.limits.queueMessagesMax;
  }

  /** Messages of QoS 1 and 2 that the client has not acknowledged or not even been sent. */
  get load(): number {
    return this.outbound.size + this.queue.length;
  }

  /** The session's expiry interval has passed since its connection ended. */
  onDeadline(): void {
    this.#onExpired(this);
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
    if (qos === 0) {
      if (connection === null) return Outcome.away;
      if (connection.outbox.isFull) return Outcome.slowClient;
      return this.#sent(connection, message, 0, publishHeader(0, retain, false), identifiers)
        ? Outcome.taken
        : Outcome.tooLarge;
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
    const { queue } = this;
    const { queueMessagesMax, queueBytesMax } = this.context.limits;
    if (queue.length >= queueMessagesMax || queue.bytes + message.size > queueBytesMax) {
      return Outcome.queueFull;
    }
    queue.push(new Delivery(message, qos, retain, identifiers, share));
    return Outcome.taken;
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
    const { connection } = this;
    if (connection === null) return;
    if (this.queue.length > 0) this.#sendQueued(connection);
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
      const packetId = outbound.send(
        qos,
        this.#mustKeep(qos, delivery.share) ? delivery : undefined,
      );
      const header = publishHeader(qos, retain, false);
      if (!this.#sent(connection, message, packetId, header, identifiers)) {
        this.#tooLarge(delivery, false);
      }
    }
  }

  /**
   * The client is on `connection` from now on: sends again what it had not acknowledged, in order
   * and within its Receive Maximum, then what waited. [MQTT-4.4.0-1]
   */
  attach(connection: Connection, receiveMaximum: number): void {
    const { limits } = this.context;
    this.connection = connection;
    this.outbound.reset(Math.min(receiveMaximum, limits.inflightMax));
    this.inbound.reset(limits.receiveMaximum);
    this.advance();
  }

  /** An acknowledgement made room, or a connection is new: sends what can be sent now. */
  advance(): void {
    const { connection, outbound } = this;
    if (connection === null) return;
    for (let id = outbound.nextOwed(); id !== 0; id = outbound.nextOwed()) {
      if (outbound.stateOf(id) === OutboundState.awaitingPubcomp) {
        connection.acknowledge(PacketType.pubrel, id, 0);
        continue;
      }
      const delivery = outbound.messageOf(id);
      if (delivery === undefined) continue;
      const { message, qos, retain, identifiers } = delivery;
      const header = publishHeader(qos, retain, true);
      if (!this.#sent(connection, message, id, header, identifiers)) this.#tooLarge(delivery, true);
    }
    this.pump();
  }

  /**
   * What came by shared subscriptions and another member may still get, oldest first: sent with
   * QoS 1 and not acknowledged, or not sent yet. Nothing waits here any more after this.
   */
  takeShared(): Delivery[] {
    const shared: Delivery[] = [];
    this.outbound.inOrder((_, state, delivery) => {
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
  #tooLarge(delivery: Delivery, wasSent: boolean): void {
    const isBegun = wasSent && delivery.qos === 2;
    if (delivery.share === null || isBegun) this.#countDrop(Outcome.tooLarge);
    else this.context.router.redeliver(delivery, this);
  }

  #countDrop(outcome: Outcome): void {
    const { metrics } = this.context;
    if (outcome === Outcome.slowClient) metrics.messagesDroppedSlowClient += 1;
    else if (outcome === Outcome.tooLarge) metrics.messagesDroppedTooLarge += 1;
    else if (outcome === Outcome.queueFull) metrics.messagesDroppedQueueFull += 1;
  }
}
