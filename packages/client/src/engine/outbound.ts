/**
 * The session's log of published messages, in order: those in flight, then those not sent yet. A
 * message gets its packet identifier when it is sent, and leaves when its exchange is over; a
 * connection that breaks is no reason to leave.
 */
import {
  type AcknowledgementPacket,
  OutboundState,
  type OutboundWindow,
  type ProtocolVersion,
  ReasonCode,
} from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import { ErrorCode, MqttError, PublishError, reasonName } from '../errors.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { Connection } from './connection.ts';
import { Expiry } from './expiry.ts';
import type { Journal, StoredMessage } from './journal.ts';
import { type OutboundLimits, OutboundLog } from './outbound-log.ts';
import type { Publication, PublishResult } from './publication.ts';
import { PublishWriter } from './publish-writer.ts';
import { restoredPublication } from './restored-publication.ts';
import { publishObstacle, type ServerSettings } from './server-settings.ts';

export interface OutboundInit {
  version: ProtocolVersion;
  limits: OutboundLimits;
  window: OutboundWindow<Publication>;
  clock: Clock;
  /** A message failed whose `publish` had resolved, or was made before the process started. */
  onUndelivered(publication: Publication, error: PublishError): void;
}

const success: PublishResult = { reasonCode: ReasonCode.success };

export class Outbound {
  /** Messages of QoS 0 that were published offline, and not sent for that. */
  dropped: number;
  readonly acknowledgements: Acknowledgements;
  readonly #init: OutboundInit;
  readonly #window: OutboundWindow<Publication>;
  readonly #expiry: Expiry;
  readonly #log: OutboundLog;
  /** Those of QoS 0 that the transport has not taken over. */
  readonly #leaving: Set<Publication>;
  #writer: PublishWriter | null;
  #journal: Journal | null;
  #onIdle: (() => void) | null;

  constructor(init: OutboundInit) {
    const { limits, window, clock } = init;
    this.dropped = 0;
    this.#init = init;
    this.#window = window;
    this.#expiry = new Expiry(clock, now => this.#rejectExpired(now));
    this.#leaving = new Set();
    this.#log = new OutboundLog(limits, {
      sent: () => window.size + this.#leaving.size,
      take: publication => this.#take(publication),
      drop: publication => {
        const message = 'a newer message took its place in the queue';
        this.#fail(publication, new MqttError(ErrorCode.dropped, message));
      },
    });
    this.acknowledgements = new Acknowledgements(window, {
      onReceived: (publication, packet) => {
        publication.received = packet;
        if (publication.sequence !== 0) this.#journal?.received(publication);
      },
      release: (packetId, isKnown) => this.#writer?.release(packetId, isKnown),
      onComplete: (publication, packet) => this.#complete(publication, packet),
    });
    this.#writer = null;
    this.#journal = null;
    this.#onIdle = null;
  }

  /** Messages not sent yet. */
  get queued(): number {
    return this.#log.queue.size + this.#log.waiting.size;
  }

  /** Messages of QoS 1 and 2 sent and not acknowledged. */
  get inFlight(): number {
    return this.#window.size;
  }

  /** Bytes of topics and payloads of all messages in the log. */
  get bytes(): number {
    return this.#log.bytes;
  }

  /**
   * Takes a message into the log and sends it when it may be sent.
   * @throws PublishError when the log is full, or it is of QoS 0 and there is no connection
   */
  add(publication: Publication): void {
    const { qos0Offline } = this.#init.limits;
    if (publication.packet.qos === 0 && this.#writer === null && qos0Offline !== 'queue') {
      if (qos0Offline === 'reject') {
        throw new PublishError(ErrorCode.offline, 'there is no connection', 'no');
      }
      this.dropped += 1;
      publication.resolve(success);
      return;
    }
    if (this.#log.enter(publication)) this.#take(publication);
    else this.#expiry.watch(publication.expiresAt);
  }

  /**
   * What an earlier process left comes before all that was published meanwhile; from now on the
   * journal is told what happens.
   */
  restore(messages: readonly StoredMessage[], journal: Journal): void {
    const { queue } = this.#log;
    const recent = queue.all();
    const unsent: Publication[] = [];
    for (const message of messages) {
      const publication = restoredPublication(message);
      this.#log.restore(publication);
      if (message.state === undefined) unsent.push(publication);
      else this.#window.restore(message.packet.packetId, message.state, publication);
    }
    queue.prepend(unsent);
    for (const { expiresAt } of unsent) this.#expiry.watch(expiresAt);
    this.#journal = journal;
    for (const publication of recent) this.#store(publication);
  }

  /** Takes a message out. @returns false when it is too late, because it was sent */
  withdraw(publication: Publication): boolean {
    publication.isAbandoned = true;
    if (publication.state === 'sent' || publication.state === 'settled') return false;
    this.#settle(publication);
    this.#log.admit();
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
    const { version, limits } = this.#init;
    const { inflightMax, topicAliasesMax } = limits;
    this.#window.reset(Math.min(server.receiveMaximum, inflightMax));
    this.#writer = new PublishWriter(version, connection, server, this.#expiry, topicAliasesMax);
    this.#pump();
  }

  /** The connection is gone; messages of QoS 0 that were on their way perhaps with it. */
  detach(error: MqttError): void {
    this.#writer = null;
    for (const publication of this.#leaving) {
      this.#reject(publication, PublishError.from(error, 'maybe'));
    }
  }

  /**
   * No more is sent. Messages of QoS 0 on their way may still make it; the rest fails here, and
   * what the store has stays there for the next start.
   */
  end(error: MqttError): void {
    this.#writer = null;
    this.#journal = null;
    this.#expiry.stop();
    const { queue, waiting } = this.#log;
    for (const publication of [...waiting.all(), ...queue.all()]) this.#fail(publication, error);
    this.#window.inOrder((_id, _state, publication) => this.#fail(publication!, error));
  }

  /** Calls once, when the log is empty. */
  whenIdle(call: () => void): void {
    this.#onIdle = call;
    this.#checkIdle();
  }

  /** Sends a message that has its place in the log now, or queues it. */
  #take(publication: Publication): void {
    const { packet, expiresAt } = publication;
    const { queue } = this.#log;
    // QoS 0 takes no place in the server's window, so it waits only for those of its kind
    if (packet.qos === 0 && this.#writer !== null && !queue.hasQoS0) {
      this.#send(publication);
      return;
    }
    queue.push(publication);
    if (this.#journal !== null) this.#store(publication);
    this.#pump();
    if (publication.state === 'queued') this.#expiry.watch(expiresAt);
  }

  /** Tells the journal of a queued message; one of QoS 0 is stored only while it cannot be sent. */
  #store(publication: Publication): void {
    const journal = this.#journal!;
    if (publication.packet.qos === 0 && this.#writer !== null) return;
    try {
      journal.add(publication);
    } catch (error) {
      this.#reject(publication, error);
      return;
    }
    if (publication.until === 'stored') journal.whenStored(() => this.#answer(publication));
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
        if (publication!.sequence !== 0) this.#journal?.unsent(publication!);
        again.push(publication!);
      }
    });
    this.#log.queue.prepend(again);
    for (const { expiresAt } of again) this.#expiry.watch(expiresAt);
  }

  #pump(): void {
    if (this.#writer === null) return;
    this.#resend();
    const { queue, waiting } = this.#log;
    let publication = queue.peek();
    while (publication !== undefined) {
      // [MQTT-3.3.4-7] [MQTT-4.9.0-2]
      if (publication.packet.qos !== 0 && !this.#window.hasRoom) return;
      queue.remove(publication);
      this.#send(publication);
      publication = queue.peek();
    }
    if (waiting.size === 0) this.#expiry.stop();
  }

  /** [MQTT-4.4.0-1] what was in flight on an earlier connection goes first */
  #resend(): void {
    for (let id = this.#window.nextOwed(); id !== 0; id = this.#window.nextOwed()) {
      const publication = this.#window.messageOf(id)!;
      if (this.#window.stateOf(id) === OutboundState.awaitingPubcomp) {
        this.#writer?.release(id, true);
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
    if (publication.sequence !== 0) this.#journal?.sent(publication);
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
    } else if (publication.until === 'sent' && !publication.isAnswered) {
      onTaken = taken => {
        if (taken) this.#answer(publication);
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
    const { queue, waiting } = this.#log;
    for (const publication of [...queue.all(), ...waiting.all()]) {
      if (publication.expiresAt < now) this.#reject(publication, expired(publication));
      else next = Math.min(next, publication.expiresAt);
    }
    return next;
  }

  /** Fails for no fault of its own. */
  #fail(publication: Publication, error: MqttError): void {
    // what the store keeps is sent after the next start
    const isKept = publication.sequence !== 0 && this.#journal === null;
    const delivered = publication.wasSent || isKept ? 'maybe' : 'no';
    this.#reject(publication, PublishError.from(error, delivered), isKept);
  }

  /** Its caller has waited long enough. */
  #answer(publication: Publication): void {
    if (publication.state === 'settled') return;
    publication.isAnswered = true;
    publication.resolve(success);
  }

  #resolve(publication: Publication, result: PublishResult): void {
    if (this.#settle(publication)) publication.resolve(result);
    this.#log.admit();
    this.#checkIdle();
  }

  #reject(publication: Publication, error: unknown, isKept: boolean = false): void {
    if (this.#settle(publication)) {
      if (!publication.isAnswered) publication.reject(error);
      else if (!isKept && error instanceof PublishError) {
        this.#init.onUndelivered(publication, error);
      }
    }
    this.#log.admit();
    this.#checkIdle();
  }

  /** Takes it out of the counts and sets. @returns false when it was out already */
  #settle(publication: Publication): boolean {
    const { packet, state } = publication;
    if (state === 'settled') return false;
    if (publication.sequence !== 0) this.#journal?.remove(publication);
    this.#log.leave(publication);
    // free already when an acknowledgement ended it, and never taken when it was not sent
    if (packet.packetId > 0) this.#window.release(packet.packetId);
    this.#leaving.delete(publication);
    publication.state = 'settled';
    return true;
  }

  #checkIdle(): void {
    if (this.#onIdle === null || this.#log.size > 0) return;
    const call = this.#onIdle;
    this.#onIdle = null;
    call();
  }
}

function expired({ wasSent }: Publication): PublishError {
  const message = 'the message expired before it could be sent';
  return new PublishError(ErrorCode.expired, message, wasSent ? 'maybe' : 'no');
}
