/** PUBLISH from a client: checked, allowed, retained, delivered, acknowledged. */
import { isUtf8 } from 'node:buffer';
import {
  InboundAliases,
  PacketType,
  ProtocolError,
  PublishView,
  type QoS,
  ReasonCode,
} from '@godwit/protocol';
import { type Connection, Phase } from '../connection/connection.ts';
import type { FastLane } from '../connection/fast-lane.ts';
import { publishHeader } from '../connection/publish-writer.ts';
import type { Context } from '../context.ts';
import type { AckLevel } from '../durable/ack-level.ts';
import type { Durability } from '../durable/durability.ts';
import type { PublishAnswer, Refusal } from '../hooks.ts';
import { distribute, exceedsQueue, needsStorage } from '../routing/distribute.ts';
import { Message } from '../routing/message.ts';
import type { Route } from '../routing/route.ts';
import { isPending, refusalOf, withinTime } from './answers.ts';

/** Of the hook that was asked. */
const noAnswer: Refusal = { reasonCode: ReasonCode.implementationSpecificError };

/** First byte of a PUBLISH with QoS 0, no DUP and no RETAIN. */
const plainHeader = publishHeader(0, false, false);
/** First byte of a PUBLISH without DUP: what a permission depends on besides the topic. */
const permittedBits = 0xf7;

export class PublishHandler {
  readonly #context: Context;
  readonly #lane: FastLane;
  /** Walks from a packet to its receivers; one is enough, since that is synchronous. */
  readonly #live: Message;
  /** Reads every PUBLISH; it too is done with before the next one. */
  readonly #view: PublishView;

  constructor(context: Context, lane: FastLane) {
    this.#context = context;
    this.#lane = lane;
    this.#live = new Message(true);
    this.#view = new PublishView();
  }

  /** The connection's reader stands on a PUBLISH. */
  onPublish(connection: Connection): void | Promise<void> {
    const { reader } = connection;
    const view = this.#view;
    view.read(reader.bytes, reader.header, reader.bodyStart, reader.end, connection.version);
    const route = this.#route(connection, view);
    if (
      reader.header === plainHeader &&
      view.topicAlias === 0 &&
      !view.hasSubscriptionIdentifier &&
      route.isPlain &&
      !this.#mustCheckPayload(view) &&
      this.#isAllowed(connection, route) &&
      this.#context.hooks.onPublish === undefined
    ) {
      this.#lane.add(connection, route);
      return undefined;
    }
    this.#lane.flush();
    return this.#general(connection, view, route);
  }

  /** The connection's reader stands on a PUBLISH that is one too many for its client's rate. */
  onRefused(connection: Connection): void {
    const { reader, withProperties, session } = connection;
    const { metrics } = this.#context;
    this.#lane.flush();
    const view = this.#view;
    view.read(reader.bytes, reader.header, reader.bodyStart, reader.end, connection.version);
    const { qos, packetId } = view;
    metrics.publishesRefusedRate += 1;
    // 0x96 stands in DISCONNECT only; without it nothing else can tell a publisher.
    if (qos === 0 || !withProperties) {
      connection.disconnect(ReasonCode.messageRateTooHigh);
      return;
    }
    // What the topic alias stands for is true for the messages that follow.
    const route = this.#route(connection, view);
    if (!session!.inbound.received(qos, packetId)) this.#answerAgain(connection, packetId);
    else {
      const message = this.#message(connection, view, route);
      this.#acknowledge(connection, message, packetId, ReasonCode.quotaExceeded);
    }
  }

  #general(connection: Connection, view: PublishView, route: Route): void | Promise<void> {
    const { limits, features, hooks } = this.#context;
    // [MQTT-3.3.4-6]
    if (view.hasSubscriptionIdentifier) {
      throw new ProtocolError(
        ReasonCode.protocolError,
        'PUBLISH of a client has a Subscription Identifier',
      );
    }
    if (view.qos > limits.maximumQoS) {
      throw new ProtocolError(ReasonCode.qosNotSupported, `PUBLISH has QoS ${view.qos}`);
    }
    // [MQTT-3.2.2-14]
    if (view.retain && !features.retain) {
      throw new ProtocolError(ReasonCode.retainNotSupported, 'PUBLISH has RETAIN');
    }
    const { packetId, qos } = view;
    if (qos !== 0 && !connection.session!.inbound.received(qos, packetId)) {
      // [MQTT-4.3.3-10] sent again: answered again, not passed on again
      this.#answerAgain(connection, packetId);
      return undefined;
    }
    const message = this.#message(connection, view, route);
    if (this.#mustCheckPayload(view) && !hasTextPayload(view)) {
      this.#refusePayload(connection, message, packetId);
      return undefined;
    }
    if (hooks.authorizePublish === undefined || this.#isAllowed(connection, route)) {
      return this.#accept(connection, message, route, packetId);
    }
    const answer = withinTime(
      this.#context,
      hooks.authorizePublish(connection.client, message),
      noAnswer,
    );
    if (!isPending(answer)) return this.#decided(connection, message, route, packetId, answer);
    const kept = message.kept();
    return answer.then(answer => {
      if (answer === true && kept.isExpired(this.#context.clock.wallMs())) {
        // [MQTT-3.3.2-5]
        this.#context.metrics.messagesDroppedExpired += 1;
        this.#acknowledge(connection, kept, packetId, ReasonCode.success);
        return undefined;
      }
      return this.#decided(connection, kept, route, packetId, answer);
    });
  }

  /** The payload says that it is UTF-8, and the owner wants to know. (Section 3.3.2.3.2) */
  #mustCheckPayload({ payloadFormatAt, bytes }: PublishView): boolean {
    return this.#context.checkPayloadFormat && payloadFormatAt >= 0 && bytes[payloadFormatAt] === 1;
  }

  /** QoS 0 has no other answer than the end of the connection. */
  #refusePayload(connection: Connection, message: Message, packetId: number): void {
    this.#context.metrics.payloadsInvalid += 1;
    if (message.qos === 0) {
      throw new ProtocolError(ReasonCode.payloadFormatInvalid, 'payload is not UTF-8');
    }
    this.#acknowledge(connection, message, packetId, ReasonCode.payloadFormatInvalid);
  }

  /** Whether the client need not be asked about: no hook, or it was asked for the same just now. */
  #isAllowed(connection: Connection, route: Route): boolean {
    if (this.#context.hooks.authorizePublish === undefined) return true;
    const { allowedRoute, allowedHeader, reader } = connection;
    return allowedRoute === route && allowedHeader === (reader.header & permittedBits);
  }

  #decided(
    connection: Connection,
    message: Message,
    route: Route,
    packetId: number,
    answer: PublishAnswer,
  ): void | Promise<void> {
    const refusal = refusalOf(answer, PacketType.puback);
    if (refusal === null) {
      connection.allowedRoute = route;
      connection.allowedHeader = publishHeader(message.qos, message.retain, false);
      this.#context.router.refresh(route);
      return this.#accept(connection, message, route, packetId);
    }
    if (answer === noAnswer && message.qos > 0 && !connection.withProperties) {
      // An acknowledgement would say that the message was taken.
      connection.disconnect(refusal.reasonCode);
      return undefined;
    }
    this.#context.metrics.publishesUnauthorized += 1;
    this.#acknowledge(connection, message, packetId, refusal.reasonCode, refusal);
    return undefined;
  }

  /** A promise holds the connection until there is room for the message. */
  #accept(
    connection: Connection,
    message: Message,
    route: Route,
    packetId: number,
  ): void | Promise<void> {
    const { metrics, hooks, durability, load } = this.#context;
    if (durability?.isFull && needsStorage(message, route)) {
      // Before 5.0 a publisher cannot be told: it has to wait.
      if (!connection.withProperties && message.qos > 0) {
        // Should the client go meanwhile, it sends this again, and that must not pass for taken.
        if (message.qos === 2) connection.session!.inbound.release(packetId);
        return this.#wait(durability, connection, message.kept(), route, packetId);
      }
      metrics.messagesDroppedStorageFull += 1;
      this.#acknowledge(connection, message, packetId, ReasonCode.quotaExceeded);
      return undefined;
    }
    if (this.#isRejected(connection, message, route)) {
      metrics.messagesDroppedQueueFull += 1;
      this.#acknowledge(connection, message, packetId, ReasonCode.quotaExceeded);
      return undefined;
    }
    metrics.messagesReceived += 1;
    if (message.qos === 0 && load.isOverloaded) {
      metrics.messagesDroppedOverload += 1;
      return undefined;
    }
    if (hooks.onPublish !== undefined) {
      const { topic, qos, retain, bytes, payloadStart, payloadEnd } = message;
      const payload = bytes.subarray(payloadStart, payloadEnd);
      hooks.onPublish(connection.client, { topic, qos, retain, payload });
    }
    const publisher = message.qos === 2 ? connection.session!.durable : null;
    const distributed = distribute(this.#context, message, route, publisher, packetId);
    const { reasonCode, isStored } = distributed;
    if (isStored && ackLevel(connection, route) === 'disk') {
      this.#answer(connection, message.qos, packetId, reasonCode);
    } else this.#acknowledge(connection, message, packetId, reasonCode);
    return undefined;
  }

  async #wait(
    durability: Durability,
    connection: Connection,
    message: Message,
    route: Route,
    packetId: number,
  ): Promise<void> {
    await durability.room();
    if (connection.phase !== Phase.open) return;
    if (message.qos === 2) connection.session!.inbound.received(2, packetId);
    this.#context.router.refresh(route);
    await this.#accept(connection, message, route, packetId);
  }

  /** Someone's queue is full, and that is the publisher's to hear. */
  #isRejected(connection: Connection, message: Message, route: Route): boolean {
    if (this.#context.queueFullPolicy !== 'reject' || !connection.withProperties) return false;
    return exceedsQueue(message, route);
  }

  /** What was taken before may not be durable yet. */
  #answerAgain(connection: Connection, packetId: number): void {
    const { durability } = this.#context;
    if (durability === null) connection.acknowledge(PacketType.pubrec, packetId, 0);
    else durability.acceptor.acknowledge(connection, PacketType.pubrec, packetId, 0);
  }

  /** Acknowledges what is in the log, once it is durable. */
  #answer(connection: Connection, qos: QoS, packetId: number, reasonCode: number): void {
    if (qos === 0) return;
    const type = qos === 1 ? PacketType.puback : PacketType.pubrec;
    this.#context.durability!.acceptor.acknowledge(connection, type, packetId, reasonCode);
  }

  #acknowledge(
    connection: Connection,
    message: Message,
    packetId: number,
    reasonCode: number,
    refusal: Refusal | null = null,
  ): void {
    const session = connection.session!;
    // The client may have gone while its permission was asked for.
    const isHere = session.connection === connection;
    if (message.qos === 1 && isHere) {
      session.inbound.acknowledge();
      if (refusal !== null) connection.refusePublish(PacketType.puback, packetId, refusal);
      else connection.acknowledge(PacketType.puback, packetId, reasonCode);
    } else if (message.qos === 2) {
      // [MQTT-4.3.3-9]
      if (reasonCode >= 0x80 && connection.withProperties) session.inbound.release(packetId);
      if (!isHere) return;
      if (refusal !== null) connection.refusePublish(PacketType.pubrec, packetId, refusal);
      else connection.acknowledge(PacketType.pubrec, packetId, reasonCode);
    }
  }

  /** The route of the packet's topic or alias, checked and up to date. */
  #route(connection: Connection, view: PublishView): Route {
    const { router } = this.#context;
    const { bytes, topicStart, topicEnd, topicAlias } = view;
    let route = connection.route;
    if (route === null || !route.isOf(bytes, topicStart, topicEnd)) {
      route =
        topicAlias !== 0 && topicStart === topicEnd
          ? this.#aliases(connection).get(topicAlias)
          : this.#checked(bytes, topicStart, topicEnd);
      if (route !== connection.route) {
        connection.route = route;
        connection.allowedRoute = null;
      }
    }
    if (topicAlias !== 0 && topicStart < topicEnd) this.#aliases(connection).set(topicAlias, route);
    if (route.generation !== router.generation) router.refresh(route);
    return route;
  }

  #checked(bytes: Uint8Array, start: number, end: number): Route {
    const { topicBytesMax, topicLevelsMax } = this.#context.limits;
    // Section 3.3.2.3.4: only an alias may stand for the topic
    if (start === end) throw new ProtocolError(ReasonCode.protocolError, 'PUBLISH has no topic');
    if (end - start > topicBytesMax) {
      throw new ProtocolError(ReasonCode.topicNameInvalid, 'topic is too long');
    }
    const route = this.#context.router.route(bytes, start, end);
    if (route.levels > topicLevelsMax) {
      throw new ProtocolError(ReasonCode.topicNameInvalid, 'topic has too many levels');
    }
    return route;
  }

  #aliases(connection: Connection): InboundAliases<Route> {
    connection.aliases ??= new InboundAliases(this.#context.limits.topicAliasMaximum);
    return connection.aliases;
  }

  #message(connection: Connection, view: PublishView, route: Route): Message {
    const message = this.#live;
    if (view.topicAlias === 0) {
      const { reader, client, withProperties } = connection;
      message.setView(view, route.topic, client.clientId, reader.start, withProperties);
    } else {
      message.setWithoutAlias(view, route.topic, route.topicBytes, connection.client.clientId);
    }
    if (view.messageExpiryAt >= 0) message.startExpiry(this.#context.clock.wallMs());
    return message;
  }
}

/** U+0000 is fine here, unlike in MQTT's own strings. */
function hasTextPayload({ bytes, payloadStart, payloadEnd }: PublishView): boolean {
  return isUtf8(bytes.subarray(payloadStart, payloadEnd));
}

/** Whether a PUBLISH is acknowledged before it is on the disk. */
function ackLevel(connection: Connection, route: Route): AckLevel {
  return route.ackLevel ?? connection.ackLevel;
}
