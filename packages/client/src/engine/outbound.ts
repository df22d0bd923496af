/**
 * The session's log of published messages, in order: those in flight, then those not sent yet. A
 * message gets its packet identifier when it is sent, and leaves when its exchange is over.
 */
import {
  type AcknowledgementPacket,
  OutboundState,
  type OutboundWindow,
  PacketType,
  ProtocolError,
  type ProtocolVersion,
  type PublishPacket,
  ReasonCode,
  type UserProperty,
} from '@godwit/protocol';
import { ErrorCode, type MqttError, PublishError, reasonName } from '../errors.ts';
import type { Connection } from './connection.ts';
import { publishObstacle, type ServerSettings } from './server-settings.ts';

export interface OutboundLimits {
  /** Messages in the log. */
  messagesMax: number;
  /** Bytes of their topics and payloads. */
  bytesMax: number;
  /** Messages of QoS 1 and 2 in flight, where the server allows more. */
  inflightMax: number;
}

export interface PublishResult {
  /** 0x00, or 0x10 when the server told that nobody subscribes. Always 0x00 for QoS 0 and 3.x. */
  readonly reasonCode: number;
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
}

/** One message of the log. */
export interface Publication {
  /** Its packet identifier is set when it is sent. */
  readonly packet: PublishPacket;
  state: 'queued' | 'sent' | 'settled';
  /** PUBREC of a QoS 2 message: the server's word on it, which PUBCOMP only confirms. */
  received?: AcknowledgementPacket;
  resolve(result: PublishResult): void;
  reject(error: unknown): void;
}

const success: PublishResult = { reasonCode: ReasonCode.success };

export class Outbound {
  readonly #version: ProtocolVersion;
  readonly #limits: OutboundLimits;
  readonly #window: OutboundWindow<Publication>;
  /** Those of QoS 0 that the transport has not taken over. */
  readonly #leaving: Set<Publication>;
  #queue: Publication[];
  #head: number;
  #queued: number;
  #bytes: number;
  #connection: Connection | null;
  #server: ServerSettings | null;
  #onIdle: (() => void) | null;

  constructor(
    version: ProtocolVersion,
    limits: OutboundLimits,
    window: OutboundWindow<Publication>,
  ) {
    this.#version = version;
    this.#limits = limits;
    this.#window = window;
    this.#leaving = new Set();
    this.#queue = [];
    this.#head = 0;
    this.#queued = 0;
    this.#bytes = 0;
    this.#connection = null;
    this.#server = null;
    this.#onIdle = null;
  }

  /** Messages not sent yet. */
  get queued(): number {
    return this.#queued;
  }

  /** Messages of QoS 1 and 2 sent and not acknowledged. */
  get inFlight(): number {
    return this.#window.size;
  }

  /** Bytes of topics and payloads of all messages in the log. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a message into the log and sends it when it may be sent.
   * @throws PublishError when the log is full
   */
  add(publication: Publication): void {
    const size = sizeOf(publication);
    if (
      this.#size >= this.#limits.messagesMax ||
      (this.#bytes + size > this.#limits.bytesMax && this.#bytes > 0)
    ) {
      throw new PublishError(ErrorCode.queueFull, 'the queue of messages is full', 'no');
    }
    this.#bytes += size;
    this.#queued += 1;
    // QoS 0 takes no place in the server's window, so it does not wait for one
    if (publication.packet.qos === 0 && this.#connection !== null) this.#send(publication);
    else {
      this.#queue.push(publication);
      this.#pump();
    }
  }

  /** Takes a message out. @returns false when it is too late, because it was sent */
  withdraw(publication: Publication): boolean {
    if (publication.state !== 'queued') return false;
    this.#settle(publication);
    return true;
  }

  /** The connection stands: what is queued goes out, as far as the server's window allows. */
  up(connection: Connection, server: ServerSettings): void {
    this.#connection = connection;
    this.#server = server;
    this.#window.reset(Math.min(server.receiveMaximum, this.#limits.inflightMax));
    this.#pump();
  }

  /** No more is sent. Messages of QoS 0 on their way may still make it; the rest fails. */
  end(error: MqttError): void {
    this.#connection = null;
    const queue = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const publication of queue) this.#reject(publication, PublishError.from(error, 'no'));
    this.#window.inOrder((_id, _state, publication) => {
      this.#reject(publication!, PublishError.from(error, 'maybe'));
    });
  }

  /** The connection is gone, and all that was not acknowledged with it. */
  down(error: MqttError): void {
    this.end(error);
    for (const publication of this.#leaving) {
      this.#reject(publication, PublishError.from(error, 'maybe'));
    }
  }

  /** Calls once, when the log is empty. */
  whenIdle(call: () => void): void {
    this.#onIdle = call;
    this.#checkIdle();
  }

  onPuback(packet: AcknowledgementPacket): void {
    const { packetId } = packet;
    const publication = this.#window.messageOf(packetId);
    if (this.#window.acknowledge(packetId)) this.#complete(publication!, packet);
    else this.#requireFree(packetId, 'PUBACK');
  }

  onPubrec(packet: AcknowledgementPacket): void {
    const { packetId, reasonCode } = packet;
    const publication = this.#window.messageOf(packetId);
    const isKnown = this.#window.received(packetId, reasonCode);
    if (!isKnown) this.#requireFree(packetId, 'PUBREC');
    else if (reasonCode >= 0x80) {
      this.#complete(publication!, packet);
      return;
    } else publication!.received = packet;
    // [MQTT-4.3.3-4]
    this.#connection?.send({
      type: PacketType.pubrel,
      packetId,
      reasonCode:
        isKnown || this.#version < 5 ? ReasonCode.success : ReasonCode.packetIdentifierNotFound,
    });
  }

  onPubcomp(packet: AcknowledgementPacket): void {
    const { packetId } = packet;
    const publication = this.#window.messageOf(packetId);
    if (this.#window.complete(packetId)) this.#complete(publication!, publication!.received!);
    else this.#requireFree(packetId, 'PUBCOMP');
  }

  /** An acknowledgement that nothing waits for is let pass, unless the exchange is another one. */
  #requireFree(packetId: number, name: string): void {
    if (this.#window.stateOf(packetId) === OutboundState.free) return;
    throw new ProtocolError(
      ReasonCode.protocolError,
      `${name} that is not the next of its exchange`,
    );
  }

  get #size(): number {
    return this.#queued + this.#window.size + this.#leaving.size;
  }

  #pump(): void {
    while (this.#connection !== null && this.#head < this.#queue.length) {
      const publication = this.#queue[this.#head];
      this.#head += 1;
      if (publication.state === 'queued' && !this.#send(publication)) {
        this.#head -= 1;
        break;
      }
    }
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }

  /** @returns false when it has to wait for room in the server's window */
  #send(publication: Publication): boolean {
    const { packet } = publication;
    const server = this.#server!;
    const obstacle = publishObstacle(server, packet);
    if (obstacle !== undefined) {
      this.#reject(publication, PublishError.from(obstacle, 'no'));
      return true;
    }
    if (packet.qos !== 0) {
      // [MQTT-3.3.4-7] [MQTT-4.9.0-2]
      if (!this.#window.hasRoom) return false;
      packet.packetId = this.#window.send(packet.qos, publication);
    }
    if (!this.#write(publication)) return true;
    publication.state = 'sent';
    this.#queued -= 1;
    return true;
  }

  /** @returns false when it cannot be sent at all, and has been rejected */
  #write(publication: Publication): boolean {
    const { packet } = publication;
    let onTaken: ((taken: boolean) => void) | undefined;
    if (packet.qos === 0) {
      this.#leaving.add(publication);
      onTaken = taken => {
        if (taken) this.#resolve(publication, success);
      };
    }
    try {
      if (this.#connection!.send(packet, onTaken)) return true;
      const size = this.#server!.maximumPacketSize;
      const message = `the packet is larger than the server's maximum of ${size} bytes`;
      this.#reject(publication, new PublishError(ErrorCode.packetTooLarge, message, 'no'));
    } catch (error) {
      this.#reject(publication, error);
    }
    return false;
  }

  #complete(publication: Publication, packet: AcknowledgementPacket): void {
    const { reasonCode, properties } = packet;
    const { reasonString, userProperties } = properties ?? {};
    if (reasonCode >= 0x80) {
      const message = `the server refused the message: ${reasonName(reasonCode)}`;
      const init = { reasonCode, reasonString };
      this.#reject(publication, new PublishError(ErrorCode.publishRefused, message, 'no', init));
    } else this.#resolve(publication, { reasonCode, reasonString, userProperties });
    this.#pump();
  }

  #resolve(publication: Publication, result: PublishResult): void {
    if (this.#settle(publication)) publication.resolve(result);
    this.#checkIdle();
  }

  #reject(publication: Publication, error: unknown): void {
    if (this.#settle(publication)) publication.reject(error);
    this.#checkIdle();
  }

  /** Takes it out of the counts and sets. @returns false when it was out already */
  #settle(publication: Publication): boolean {
    const { packet, state } = publication;
    if (state === 'settled') return false;
    publication.state = 'settled';
    this.#bytes -= sizeOf(publication);
    if (state === 'queued') this.#queued -= 1;
    // free already when an acknowledgement ended it, and never taken when it was not sent
    if (packet.packetId > 0) this.#window.release(packet.packetId);
    this.#leaving.delete(publication);
    return true;
  }

  #checkIdle(): void {
    if (this.#onIdle === null || this.#size > 0) return;
    const call = this.#onIdle;
    this.#onIdle = null;
    call();
  }
}

function sizeOf({ packet }: Publication): number {
  return packet.topic.length + packet.payload.length;
}
