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
    const { connection, outbound } = this;
    if (qos === 0) {
      if (connection !== null) this.#sendQoS0(connection, message, retain, identifiers);
    } else if (connection !== null && this.takesMore) {
      // Only a session that outlives its connection ever sends a message again.
      const kept =
        this.expirySeconds === 0 ? undefined : new Delivery(message, qos, retain, identifiers);
      const packetId = outbound.send(qos, kept);
      this.#sent(connection, message, packetId, publishHeader(qos, retain, false), identifiers);
    } else this.#enqueue(new Delivery(message, qos, retain, identifiers));
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
      const packetId = outbound.send(qos, this.expirySeconds === 0 ? undefined : delivery);
      this.#sent(connection, message, packetId, publishHeader(qos, retain, false), identifiers);
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
      this.#sent(connection, message, id, publishHeader(qos, retain, true), identifiers);
    }
    this.pump();
  }

  /** The session has ended: forgets all that was sent or waits. */
  clear(): void {
    this.#retained?.clear();
    this.subscriptions.clear();
    this.queue.clear();
    this.outbound.clear();
    this.inbound.clear();
  }

  #sendQoS0(
    connection: Connection,
    message: Message,
    retain: boolean,
    identifiers: Uint8Array | null,
  ): void {
    const { metrics } = this.context;
    if (connection.outbox.isFull) metrics.messagesDroppedSlowClient += 1;
    else if (writePublish(connection, message, publishHeader(0, retain, false), 0, identifiers)) {
      metrics.messagesSent += 1;
    } else metrics.messagesDroppedTooLarge += 1;
  }

  #sent(
    connection: Connection,
    message: Message,
    packetId: number,
    header: number,
    identifiers: Uint8Array | null,
  ): void {
    const { metrics } = this.context;
    if (writePublish(connection, message, header, packetId, identifiers)) {
      metrics.messagesSent += 1;
    } else {
      // [MQTT-3.1.2-25] too large for this client: as if it had been delivered
      metrics.messagesDroppedTooLarge += 1;
      this.outbound.release(packetId);
    }
  }

  #enqueue(delivery: Delivery): void {
    const { limits, metrics } = this.context;
    const { queue } = this;
    if (
      queue.length >= limits.queueMessagesMax ||
      queue.bytes + delivery.message.size > limits.queueBytesMax
    ) {
      metrics.messagesDroppedQueueFull += 1;
    } else queue.push(delivery);
  }
}
