/**
 * What the client and the server remember of each other beyond one connection: messages under way
 * in both directions, and requests. Gets the packets of the connection that it is tied to.
 */
import {
  OutboundWindow,
  type Packet,
  PacketType,
  ProtocolError,
  type ProtocolVersion,
  type PublishPacket,
  ReasonCode,
  type SubscribePacket,
  type UnsubscribePacket,
} from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import { ErrorCode, MqttError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { Inbound, type InboundLimits } from './inbound.ts';
import type { OpenStore } from './journal.ts';
import { Outbound, type OutboundInit } from './outbound.ts';
import type { OutboundLimits } from './outbound-log.ts';
import type { Publication } from './publication.ts';
import type { Receipt } from './receipts.ts';
import { type Answer, Requests } from './requests.ts';
import {
  receiveMaximumDefault,
  type ServerSettings,
  subscribeObstacle,
} from './server-settings.ts';

export interface SessionInit {
  version: ProtocolVersion;
  clock: Clock;
  inboundLimits: InboundLimits;
  outboundLimits: OutboundLimits;
  /** A new message; see {@link Inbound}. */
  deliver(packet: PublishPacket, receipt: Receipt | null): void;
  /** See {@link OutboundInit.onUndelivered}. */
  onUndelivered: OutboundInit['onUndelivered'];
}

export class Session {
  readonly inbound: Inbound;
  readonly outbound: Outbound;
  readonly #requests: Requests;
  #connection: Connection | null;
  #server: ServerSettings | null;

  constructor(init: SessionInit) {
    const { version, clock, inboundLimits, outboundLimits, deliver, onUndelivered } = init;
    // SUBSCRIBE and UNSUBSCRIBE share the identifiers of PUBLISH [MQTT-2.2.1-3]
    const window = new OutboundWindow<Publication>(receiveMaximumDefault);
    this.inbound = new Inbound(version, inboundLimits, {
      deliver,
      send: packet => void this.#connection?.send(packet),
    });
    this.outbound = new Outbound({ version, limits: outboundLimits, window, clock, onUndelivered });
    this.#requests = new Requests(window);
    this.#connection = null;
    this.#server = null;
  }

  /** Goes on with what an earlier process left, before the first connection. */
  restore({ session, journal }: OpenStore): void {
    this.inbound.restore(session.inbound, journal);
    this.outbound.restore(session.messages, journal);
  }

  /** From now on packets come and go over `connection`; `outbound` is told apart, and later. */
  up(connection: Connection, server: ServerSettings, isKept: boolean, isCertain: boolean): void {
    this.#connection = connection;
    this.#server = server;
    this.inbound.up(isKept, isCertain);
  }

  /** The connection is gone, and with it the answers to requests. */
  detach(error: MqttError): void {
    this.#connection = null;
    this.inbound.detach();
    this.outbound.detach(error);
    this.#requests.down(error);
  }

  /** Why the server would refuse this SUBSCRIBE, if it would. */
  obstacle(packet: SubscribePacket): MqttError | undefined {
    return this.#server === null ? undefined : subscribeObstacle(this.#server, packet);
  }

  /**
   * Sends SUBSCRIBE or UNSUBSCRIBE; exactly one of the answers is called, unless this throws.
   * @throws MqttError when there is no connection, or the server cannot take the request
   * @throws RangeError when it cannot be encoded
   */
  request(packet: SubscribePacket | UnsubscribePacket, answer: Answer): void {
    if (this.#connection === null || this.#server === null) {
      throw new MqttError(ErrorCode.closed, 'there is no connection');
    }
    const obstacle = packet.type === PacketType.subscribe ? this.obstacle(packet) : undefined;
    if (obstacle !== undefined) throw obstacle;
    this.#requests.send(this.#connection, packet, answer);
  }

  /** @throws ProtocolError when the server may not send this, or not now */
  onPacket(packet: Packet): void {
    switch (packet.type) {
      case PacketType.publish:
        this.inbound.onPublish(packet);
        break;
      case PacketType.puback:
        this.outbound.acknowledgements.onPuback(packet);
        break;
      case PacketType.pubrec:
        this.outbound.acknowledgements.onPubrec(packet);
        break;
      case PacketType.pubrel:
        this.inbound.onPubrel(packet);
        break;
      case PacketType.pubcomp:
        this.outbound.acknowledgements.onPubcomp(packet);
        break;
      case PacketType.suback:
      case PacketType.unsuback:
        this.#requests.onAnswer(packet);
        break;
      default:
        throw new ProtocolError(ReasonCode.protocolError, 'not a packet for a client, or not now');
    }
  }
}
