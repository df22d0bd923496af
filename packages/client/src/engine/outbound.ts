/**
 * The session's log of published messages, in order: those in flight, then those not sent yet. A
 * message gets its packet identifier when it is sent, and leaves when its exchange is over; a
 * connection that breaks is no reason to leave.
 */
import {
  type AcknowledgementPacket,
  OutboundState,
  type OutboundWindow,
  ProtocolError,
  type ProtocolVersion,
  ReasonCode,
} from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import { ErrorCode, type MqttError, PublishError, reasonName } from '../errors.ts';
import type { Connection } from './connection.ts';
import { Expiry } from './expiry.ts';
import { OutboundQueue } from './outbound-queue.ts';
import { type Publication, type PublishResult, sizeOf } from './publication.ts';
import { PublishWriter } from './publish-writer.ts';
import { publishObstacle, type ServerSettings } from './server-settings.ts';

export interface OutboundLimits {
  /** Messages in the log. */
  messagesMax: number;
  /** Bytes of their topics and payloads. */
  bytesMax: number;
  whenFull: 'wait' | 'reject' | 'drop-oldest';
  /** Messages that wait for room in it. */
  waitingMax: number;
  qos0Offline: 'reject' | 'drop' | 'queue';
  /** Messages of QoS 1 and 2 in flight, where the server allows more. */
  inflightMax: number;
  /** Topics with an alias, where the server allows more. */
  topicAliasesMax: number;
}

const success: PublishResult = { reasonCode: ReasonCode.success };

export class Outbound {
  /** Messages of QoS 0 that were published offline, and not sent for that. */
  dropped: number;
  readonly #version: ProtocolVersion;
  readonly #limits: OutboundLimits;
  readonly #window: OutboundWindow<Publication>;
  readonly #expiry: Expiry;
  /** The log's unsent end. */
  readonly #queue: OutboundQueue;
  /** Those that wait for room in the log. */
  readonly #waiting: OutboundQueue;
  /** Those of QoS 0 that the transport has not taken over. */
  readonly #leaving: Set<Publication>;
  #bytes: number;
  #writer: PublishWriter | null;
  #isAdmitting: boolean;
  #onIdle: (() => void) | null;

  constructor(
    version: ProtocolVersion,
    limits: OutboundLimits,
    window: OutboundWindow<Publication>,
    clock: Clock,
  ) {
    this.dropped = 0;
    this.#version = version;
    this.#limits = limits;
    this.#window = window;
    this.#expiry = new Expiry(clock, now => this.#rejectExpired(now));
    this.#queue = new OutboundQueue('queued');
    this.#waiting = new OutboundQueue('waiting');
    this.#leaving = new Set();
    this.#bytes = 0;
    this.#writer = null;
    this.#isAdmitting = false;
    this.#onIdle = null;
  }

  /** Messages not sent yet. */
  get queued(): number {
    return this.#queue.size + this.#waiting.size;
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
   * @throws PublishError when the log is full, or it is of QoS 0 and there is no connection
   */
  add(publication: Publication): void {
    const { whenFull, waitingMax, qos0Offline } = this.#limits;
    if (publication.packet.qos === 0 && this.#writer === null && qos0Offline !== 'queue') {
      if (qos0Offline === 'reject') {
        throw new PublishError(ErrorCode.offline, 'there is no connection', 'no');
      }
      this.dropped += 1;
      publication.resolve(success);
      return;
    }
    if (whenFull === 'drop-oldest') this.#makeRoom(publication);
    if (this.#waiting.size === 0 && this.#hasRoom(publication)) this.#take(publication);
    else if (whenFull === 'wait' && this.#waiting.size < waitingMax) {
      this.#waiting.push(publication);
      this.#expiry.watch(publication.expiresAt);
    } else throw new PublishError(ErrorCode.queueFull, 'the queue of messages is full', 'no');
  }

  /** Takes a message out. @returns false when it is too late, because it was sent */
  withdraw(publication: Publication): boolean {
    publication.isAbandoned = true;
    if (publication.state === 'sent' || publication.state === 'settled') return false;
    this.#settle(publication);
    this.#admit();
    this.#checkIdle();
    return !publication.wasSent;
  }

  /**
   * The connection stands: what was in flight goes out again, then what is queued, as far as the
   * server's window allows.
   * @param isKept whether the server still knows what was in flight
   */
  up(connection: Connection, server: ServerSettings, isKept: boolean): void {
    if (!isKept) this.#startAnew();
    const { inflightMax, topicAliasesMax } = this.#limits;
    this.#window.reset(Math.min(server.receiveMaximum, inflightMax));
    this.#writer = new PublishWriter(connection, server, this.#expiry, topicAliasesMax);
    this.#pump();
  }

  /** The connection is gone; messages of QoS 0 that were on their way perhaps with it. */
  detach(error: MqttError): void {
    this.#writer = null;
    for (const publication of this.#leaving) {
      this.#reject(publication, PublishError.from(error, 'maybe'));
    }
  }

  /** No more is sent. Messages of QoS 0 on their way may still make it; the rest fails. */
  end(error: MqttError): void {
    this.#writer = null;
    this.#expiry.stop();
    for (const publication of [...this.#waiting.all(), ...this.#queue.all()]) {
      this.#fail(publication, error);
    }
    this.#window.inOrder((_id, _state, publication) => this.#fail(publication!, error));
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
    // [MQTT-4.3.3-4] a refusal ends the exchange
    if (reasonCode >= 0x80) {
      if (isKnown) this.#complete(publication!, packet);
      return;
    }
    if (isKnown) publication!.received = packet;
    this.#writer?.release(
      packetId,
      isKnown || this.#version < 5 ? ReasonCode.success : ReasonCode.packetIdentifierNotFound,
    );
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
    return this.#queue.size + this.#window.size + this.#leaving.size;
  }

  #hasRoom(publication: Publication): boolean {
    const { messagesMax, bytesMax } = this.#limits;
    if (this.#size >= messagesMax) return false;
    return this.#bytes === 0 || this.#bytes + sizeOf(publication) <= bytesMax;
  }

  /** Gives up the oldest messages not sent yet, as many as it takes. */
  #makeRoom(publication: Publication): void {
    while (!this.#hasRoom(publication)) {
      const oldest = this.#queue.peek();
      if (oldest === undefined) return;
      const delivered = oldest.wasSent ? 'maybe' : 'no';
      const message = 'a newer message took its place in the queue';
      this.#reject(oldest, new PublishError(ErrorCode.dropped, message, delivered));
    }
  }

  #take(publication: Publication): void {
    this.#bytes += sizeOf(publication);
    // QoS 0 takes no place in the server's window, so it waits only for those of its kind
    if (publication.packet.qos === 0 && this.#writer !== null && !this.#queue.hasQoS0) {
      this.#send(publication);
      return;
    }
    this.#queue.push(publication);
    this.#pump();
    if (publication.state === 'queued') this.#expiry.watch(publication.expiresAt);
  }

  /** There may be room now for those that wait for it. */
  #admit(): void {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    let publication = this.#waiting.peek();
    while (publication !== undefined && this.#hasRoom(publication)) {
      this.#waiting.remove(publication);
      this.#take(publication);
      publication = this.#waiting.peek();
    }
    this.#isAdmitting = false;
  }

  /** The server has forgotten all: what it did not acknowledge are new messages, the first to go. */
  #startAnew(): void {
    const again: Publication[] = [];
    this.#window.inOrder((packetId, state, publication) => {
      const { received, isAbandoned, packet } = publication!;
      // it said that it has the message; only the rest of the exchange is lost
      if (state === OutboundState.awaitingPubcomp) this.#complete(publication!, received!);
      else if (isAbandoned) this.#settle(publication!);
      else {
        this.#window.release(packetId);
        packet.packetId = 0;
        packet.dup = false;
        again.push(publication!);
      }
    });
    this.#queue.prepend(again);
    for (const { expiresAt } of again) this.#expiry.watch(expiresAt);
  }

  #pump(): void {
    if (this.#writer === null) return;
    this.#resend();
    let publication = this.#queue.peek();
    while (publication !== undefined) {
      // [MQTT-3.3.4-7] [MQTT-4.9.0-2]
      if (publication.packet.qos !== 0 && !this.#window.hasRoom) return;
      this.#queue.remove(publication);
      this.#send(publication);
      publication = this.#queue.peek();
    }
    if (this.#waiting.size === 0) this.#expiry.stop();
  }

  /** [MQTT-4.4.0-1] what was in flight on an earlier connection goes first */
  #resend(): void {
    for (let id = this.#window.nextOwed(); id !== 0; id = this.#window.nextOwed()) {
      const publication = this.#window.messageOf(id)!;
      if (this.#window.stateOf(id) === OutboundState.awaitingPubcomp) {
        this.#writer?.release(id, ReasonCode.success);
      } else {
        // [MQTT-3.3.1-1]
        publication.packet.dup = true;
        this.#write(publication);
      }
    }
  }

  /** Sends what is in no place, and for which there is room in the server's window. */
  #send(publication: Publication): void {
    const { packet } = publication;
    if (this.#expiry.isOver(publication.expiresAt)) {
      this.#reject(publication, expired(publication));
      return;
    }
    if (packet.qos !== 0) packet.packetId = this.#window.send(packet.qos, publication);
    this.#write(publication);
  }

  /** Sends it, or rejects it when it cannot be sent at all. */
  #write(publication: Publication): void {
    const { packet, wasSent } = publication;
    const writer = this.#writer!;
    let onTaken: ((taken: boolean) => void) | undefined;
    publication.state = 'sent';
    publication.wasSent = true;
    if (packet.qos === 0) {
      this.#leaving.add(publication);
      onTaken = taken => {
        if (taken) this.#resolve(publication, success);
      };
    }
    try {
      const obstacle = publishObstacle(writer.server, packet) ?? writer.write(publication, onTaken);
      if (obstacle === undefined) return;
      this.#reject(publication, PublishError.from(obstacle, wasSent ? 'maybe' : 'no'));
    } catch (error) {
      this.#reject(publication, error);
    }
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

  #rejectExpired(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const publication of [...this.#queue.all(), ...this.#waiting.all()]) {
      if (publication.expiresAt < now) this.#reject(publication, expired(publication));
      else next = Math.min(next, publication.expiresAt);
    }
    return next;
  }

  /** Fails because no more is sent. */
  #fail(publication: Publication, error: MqttError): void {
    this.#reject(publication, PublishError.from(error, publication.wasSent ? 'maybe' : 'no'));
  }

  #resolve(publication: Publication, result: PublishResult): void {
    if (this.#settle(publication)) publication.resolve(result);
    this.#admit();
    this.#checkIdle();
  }

  #reject(publication: Publication, error: unknown): void {
    if (this.#settle(publication)) publication.reject(error);
    this.#admit();
    this.#checkIdle();
  }

  /** Takes it out of the counts and sets. @returns false when it was out already */
  #settle(publication: Publication): boolean {
    const { packet, state } = publication;
    if (state === 'settled') return false;
    if (state === 'waiting') this.#waiting.remove(publication);
    else {
      this.#bytes -= sizeOf(publication);
      if (state === 'queued') this.#queue.remove(publication);
    }
    // free already when an acknowledgement ended it, and never taken when it was not sent
    if (packet.packetId > 0) this.#window.release(packet.packetId);
    this.#leaving.delete(publication);
    publication.state = 'settled';
    return true;
  }

  #checkIdle(): void {
    if (this.#onIdle === null || this.#size + this.#waiting.size > 0) return;
    const call = this.#onIdle;
    this.#onIdle = null;
    call();
  }
}

function expired({ wasSent }: Publication): PublishError {
  const message = 'the message expired before it could be sent';
  return new PublishError(ErrorCode.expired, message, wasSent ? 'maybe' : 'no');
}
