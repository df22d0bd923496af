/**
 * One connection as the broker sees it: what its client has asked, which of that was answered, and
 * that nothing is sent which MQTT forbids at that moment.
 */
import {
  type AcknowledgementPacket,
  type ConnackPacket,
  type ConnectPacket,
  type Packet,
  PacketType,
  type PublishPacket,
  type SubackPacket,
  type SubscribePacket,
  type UnsubackPacket,
  type UnsubscribePacket,
} from '@godwit/protocol';
import type { EdgeObserver } from '../world/edge-stream.ts';
import { type Ledger, nameOf } from './ledger.ts';
import { OutboundCheck } from './outbound-check.ts';
import { never, type Published, type RetainedWrite } from './published.ts';
import type { SessionModel } from './session-model.ts';
import { type Request, SubscriptionModel } from './subscription-model.ts';

/** By their numbers. */
const packetTypeNames = ['', ...Object.keys(PacketType)];

/** What happens to clients and sessions is for the whole model. */
export interface ConnectionEvents {
  /** CONNACK goes out. @returns the session that is the client's from now on */
  accepted(connection: ConnectionModel, connack: ConnackPacket): SessionModel;
  /** The broker has answered for a message. */
  acknowledged(message: Published, connection: ConnectionModel): void;
  /** The connection is over. */
  closed(connection: ConnectionModel): void;
}

interface Inbound {
  readonly message: Published | null;
  readonly write: RetainedWrite | null;
  /** A QoS 2 message that may have been taken before: then this copy does nothing. */
  readonly isAgain: boolean;
  readonly topic: string;
}

export class ConnectionModel implements EdgeObserver {
  readonly number: number;
  connect: ConnectPacket | null;
  /** CONNECT came as this event, at that time. */
  connectAt: number;
  connectMs: number;
  session: SessionModel | null;
  /** DISCONNECT of the client. */
  goodbye: { reasonCode: number; expirySeconds: number | undefined } | null;
  isClosed: boolean;
  /** Another connection of the same client has come: what comes here may not count. */
  isOutdated: boolean;
  readonly #ledger: Ledger;
  readonly #events: ConnectionEvents;
  #outbound: OutboundCheck | null;
  #hasEnded: boolean;
  readonly #publishes: Map<number, Inbound>;
  readonly #releases: Map<number, number>;
  readonly #subscribes: Map<number, [SubscriptionModel, Request][]>;
  readonly #unsubscribes: Map<number, (SubscriptionModel | undefined)[]>;
  /** Retained messages of QoS 0, which nobody answers for. */
  readonly #silent: RetainedWrite[];

  constructor(number: number, ledger: Ledger, events: ConnectionEvents) {
    this.number = number;
    this.connect = null;
    this.connectAt = 0;
    this.connectMs = 0;
    this.session = null;
    this.goodbye = null;
    this.isClosed = false;
    this.isOutdated = false;
    this.#ledger = ledger;
    this.#events = events;
    this.#outbound = null;
    this.#hasEnded = false;
    this.#publishes = new Map();
    this.#releases = new Map();
    this.#subscribes = new Map();
    this.#unsubscribes = new Map();
    this.#silent = [];
  }

  /** Packet identifiers of PUBLISHes and requests that were not answered. */
  get unanswered(): number[] {
    return [this.#publishes, this.#subscribes, this.#unsubscribes].flatMap(asked => [
      ...asked.keys(),
    ]);
  }

  received(packet: Packet): void {
    this.#ledger.now += 1;
    this.#note('>', packet);
    if (packet.type === PacketType.connect) {
      this.connect = packet;
      this.connectAt = this.#ledger.now;
      this.connectMs = this.#ledger.wallMs();
      return;
    }
    if (this.session === null) return;
    if (packet.type === PacketType.publish) this.#publish(packet);
    else if (packet.type === PacketType.subscribe) this.#subscribe(packet);
    else if (packet.type === PacketType.unsubscribe) this.#unsubscribe(packet);
    else if (packet.type === PacketType.pubrel) {
      this.#releases.set(packet.packetId, (this.#releases.get(packet.packetId) ?? 0) + 1);
    } else if (packet.type === PacketType.disconnect) {
      const { reasonCode, properties } = packet;
      this.goodbye = { reasonCode, expirySeconds: properties?.sessionExpiryInterval };
    } else if (packet.type === PacketType.puback)
      this.#outbound!.answered('puback', packet, this.#mayBeHeld);
    else if (packet.type === PacketType.pubrec)
      this.#outbound!.answered('pubrec', packet, this.#mayBeHeld);
    else if (packet.type === PacketType.pubcomp)
      this.#outbound!.answered('pubcomp', packet, this.#mayBeHeld);
  }

  sent(packet: Packet, size: number, heldMs: number): void {
    this.#ledger.now += 1;
    this.#note('<', packet);
    const name = this.connect?.clientId ?? 'a stranger';
    if (this.#hasEnded) this.#ledger.fail(`${name}: packet type ${packet.type} after the last`);
    if (size > (this.connect?.properties?.maximumPacketSize ?? never)) {
      this.#ledger.fail(`${name}: ${size} bytes are above Maximum Packet Size`);
    }
    if (packet.type === PacketType.connack) this.#connack(packet);
    else if (this.#outbound === null) {
      this.#ledger.fail(`${name}: packet type ${packet.type} before CONNACK`);
    } else this.#sent(packet, this.#outbound, heldMs);
  }

  garbled(isSent: boolean, reason: string): void {
    if (isSent) this.#ledger.fail(`${this.connect?.clientId}: what went out is no MQTT: ${reason}`);
  }

  closed(): void {
    this.#ledger.now += 1;
    this.isClosed = true;
    this.#ledger.note(`  ${this.connect?.clientId} ${this.number} closed`);
    for (const write of this.#silent) write.overAt = Math.min(write.overAt, this.#ledger.now);
    for (const { write } of this.#publishes.values()) {
      if (write !== null) write.overAt = Math.min(write.overAt, this.#ledger.now);
    }
    this.#events.closed(this);
  }

  #note(way: string, packet: Packet): void {
    const id = 'packetId' in packet ? packet.packetId : '';
    const name = 'payload' in packet ? nameOf(packet.payload) : '';
    const who = `${this.connect?.clientId} ${this.number}`;
    this.#ledger.note(`  ${who} ${way} ${packetTypeNames[packet.type]} ${id} ${name}`);
  }

  /** What comes now may have to wait until the broker has answered something else. */
  get #mayBeHeld(): boolean {
    if (this.#subscribes.size > 0 || this.#unsubscribes.size > 0) return true;
    return this.connect!.protocolVersion < 5 && this.#publishes.size > 0;
  }

  #sent(packet: Packet, outbound: OutboundCheck, heldMs: number): void {
    switch (packet.type) {
      case PacketType.publish:
        outbound.published(packet, heldMs);
        break;
      case PacketType.pubrel:
        outbound.released(packet);
        break;
      case PacketType.puback:
      case PacketType.pubrec:
        this.#answered(packet);
        break;
      case PacketType.pubcomp:
        this.#completed(packet.packetId);
        break;
      case PacketType.suback:
        this.#granted(packet);
        break;
      case PacketType.unsuback:
        this.#left(packet);
        break;
      case PacketType.disconnect:
        this.#hasEnded = true;
    }
  }

  #connack(packet: ConnackPacket): void {
    const { connect } = this;
    if (connect === null || this.#outbound !== null) {
      this.#ledger.fail('CONNACK out of place');
      return;
    }
    if (packet.reasonCode !== 0) {
      this.#hasEnded = true;
      return;
    }
    this.session = this.#events.accepted(this, packet);
    this.#outbound = new OutboundCheck(this.#ledger, this.session, {
      connection: this.number,
      version: connect.protocolVersion,
      receiveMaximum: connect.properties?.receiveMaximum ?? 65_535,
      openedAt: this.#ledger.now,
      isResumed: this.session.startedAt !== this.#ledger.now,
    });
  }

  #publish(packet: PublishPacket): void {
    const { clientId } = this.connect!;
    const ledger = this.#ledger;
    const { topic, qos, retain, packetId, properties } = packet;
    let message: Published | null = null;
    if (packet.payload.length > 0) {
      message = ledger.enter(packet, clientId, properties?.messageExpiryInterval, false);
      message.origins.add(this.session!);
    }
    const write = retain ? ledger.retained.add(topic, message, ledger.now) : null;
    if (qos > 0) {
      this.#publishes.set(packetId, { message, write, isAgain: qos === 2 && packet.dup, topic });
    } else if (write !== null) this.#silent.push(write);
  }

  #answered({ packetId, reasonCode }: AcknowledgementPacket): void {
    const inbound = this.#publishes.get(packetId);
    if (inbound === undefined) {
      this.#ledger.fail(`${this.connect!.clientId}: PUBLISH ${packetId} answered twice or unasked`);
      return;
    }
    this.#publishes.delete(packetId);
    const { message, write, isAgain, topic } = inbound;
    const { now, retained } = this.#ledger;
    if (reasonCode >= 0x80) {
      if (write !== null) retained.remove(topic, write);
      return;
    }
    if (write !== null) {
      write.overAt = now;
      if (!isAgain) write.sureAt = now;
      else if (message !== null) retained.confirm(message, now);
    }
    if (message === null) return;
    message.doneAt = now;
    this.#events.acknowledged(message, this);
  }

  #completed(packetId: number): void {
    const asked = this.#releases.get(packetId) ?? 0;
    if (asked === 0) this.#ledger.fail(`${this.connect!.clientId}: PUBCOMP ${packetId} unasked`);
    this.#releases.set(packetId, asked - 1);
  }

  #subscribe({ packetId, subscriptions, properties }: SubscribePacket): void {
    const session = this.session!;
    const identifier = properties?.subscriptionIdentifiers?.[0] ?? 0;
    const asked = subscriptions.map(({ filter, ...options }): [SubscriptionModel, Request] => {
      const from = this.#ledger.now;
      const request: Request = { ...options, identifier, from, grantedAt: never };
      let subscription = session.current(filter);
      if (subscription === undefined) {
        subscription = new SubscriptionModel(filter, request);
        session.subscriptions.push(subscription);
      } else subscription.requests.push(request);
      return [subscription, request];
    });
    this.#subscribes.set(packetId, asked);
  }

  #granted({ packetId, reasonCodes }: SubackPacket): void {
    const asked = this.#subscribes.get(packetId);
    if (asked?.length !== reasonCodes.length) {
      this.#ledger.fail(`${this.connect!.clientId}: SUBACK ${packetId} unasked`);
      return;
    }
    this.#subscribes.delete(packetId);
    for (const [i, [subscription, request]] of asked.entries()) {
      if (reasonCodes[i] < 0x80) request.grantedAt = this.#ledger.now;
      else subscription.leavingAt = Math.min(subscription.leavingAt, this.#ledger.now);
    }
  }

  #unsubscribe({ packetId, filters }: UnsubscribePacket): void {
    const left = filters.map(filter => {
      const subscription = this.session!.current(filter);
      if (subscription?.isShared) this.#ledger.reassignments += 1;
      if (subscription !== undefined) subscription.leavingAt = this.#ledger.now;
      return subscription;
    });
    this.#unsubscribes.set(packetId, left);
  }

  #left({ packetId }: UnsubackPacket): void {
    const left = this.#unsubscribes.get(packetId);
    if (left === undefined) this.#ledger.fail(`${this.connect!.clientId}: UNSUBACK unasked`);
    this.#unsubscribes.delete(packetId);
    for (const subscription of left ?? []) {
      if (subscription !== undefined) subscription.goneAt = this.#ledger.now;
    }
  }
}
