/**
 * What the broker sends to one client on one connection, PUBLISH and PUBREL: whether it may send
 * that, to this session, now, in this order, that often.
 */
import type { AcknowledgementPacket, PublishPacket } from '@godwit/protocol';
import type { Ledger } from './ledger.ts';
import { never, type Published } from './published.ts';
import type { Flight, SessionModel } from './session-model.ts';

/** What holds for the connection. */
export interface Terms {
  /** Number of the connection. */
  readonly connection: number;
  readonly version: 3 | 4 | 5;
  readonly receiveMaximum: number;
  /** CONNACK went out as this event. */
  readonly openedAt: number;
  readonly isResumed: boolean;
}

export class OutboundCheck {
  readonly #ledger: Ledger;
  readonly #session: SessionModel;
  readonly #terms: Terms;
  /** PUBLISHes that count against Receive Maximum, by packet identifier. */
  readonly #unanswered: Set<number>;

  constructor(ledger: Ledger, session: SessionModel, terms: Terms) {
    this.#ledger = ledger;
    this.#session = session;
    this.#terms = terms;
    this.#unanswered = new Set();
  }

  /**
   * PUBLISH goes out.
   * @param heldMs how long it may have waited for the network
   */
  published(packet: PublishPacket, heldMs: number): void {
    const message = this.#ledger.find(packet);
    if (message === null && packet.payload.length > 0) this.#fail(packet, 'nobody has sent that');
    const isBegun = packet.qos === 0 || this.#takeOff(packet, message);
    if (message === null || !isBegun) return;
    this.#entitled(packet, message, heldMs);
  }

  /** PUBREL goes out. */
  released({ packetId, reasonCode }: AcknowledgementPacket): void {
    const flight = this.#session.flights.get(packetId);
    // The answer to a PUBREC that the broker knows nothing of.
    if (reasonCode >= 0x80) return;
    if (flight === undefined || flight.qos !== 2 || !flight.isReceived) {
      if (!this.#session.isVague && this.#terms.version === 5) {
        this.#ledger.fail(`PUBREL ${packetId} to ${this.#session.clientId} without PUBREC`);
      }
      return;
    }
    flight.isReleased = true;
  }

  /**
   * PUBACK, PUBREC or PUBCOMP has come.
   * @param isHeld the broker may not look at it before it has done something else
   */
  answered(
    kind: 'puback' | 'pubrec' | 'pubcomp',
    { packetId, reasonCode }: AcknowledgementPacket,
    isHeld: boolean,
  ): void {
    const flight = this.#session.flights.get(packetId);
    if (kind !== 'pubrec' || reasonCode >= 0x80) this.#unanswered.delete(packetId);
    if (flight === undefined) return;
    flight.crashes = this.#ledger.crashes;
    if (kind === 'pubcomp') flight.isOver = true;
    else {
      flight.isReceived = true;
      flight.isHeld = isHeld;
      if (kind === 'puback' || reasonCode >= 0x80) flight.isOver = true;
      if (flight.message !== null) {
        this.#session.got.add(flight.message.name);
        this.#session.due.delete(flight.message);
      }
    }
  }

  /** @returns false when it is sent again */
  #takeOff(packet: PublishPacket, message: Published | null): boolean {
    const { packetId, qos, dup } = packet;
    const { connection, receiveMaximum } = this.#terms;
    if (this.#unanswered.has(packetId)) this.#fail(packet, 'its packet identifier is in use');
    this.#unanswered.add(packetId);
    if (this.#unanswered.size > receiveMaximum) this.#fail(packet, 'above Receive Maximum');
    const { flights } = this.#session;
    const before = flights.get(packetId);
    const isAgain = before !== undefined && this.#isAgain(packet, message, before);
    flights.set(packetId, {
      message,
      qos: qos as 1 | 2,
      connection,
      isReceived: false,
      isHeld: false,
      isReleased: false,
      isOver: false,
      crashes: this.#ledger.crashes,
    });
    if (!isAgain && dup && !this.#session.isVague) {
      // An earlier connection may have been cut with the first copy still in the broker.
      const mayHaveGone = message === null || message.firstIn < this.#terms.openedAt;
      if (!this.#terms.isResumed || !mayHaveGone)
        this.#fail(packet, 'DUP on what was not sent yet');
    }
    return !isAgain;
  }

  /** Whether the packet is what went out before with the same identifier. */
  #isAgain(packet: PublishPacket, message: Published | null, before: Flight): boolean {
    const isSame = before.message === message && before.qos === packet.qos;
    const hasCrashed = before.crashes !== this.#ledger.crashes;
    if (this.#session.isVague) return isSame;
    if (!before.isOver && !isSame && !before.isReceived) {
      this.#fail(packet, `${before.message?.name} is in flight with that packet identifier`);
    }
    if (!isSame) return false;
    if (before.isReleased) this.#fail(packet, 'it was released already');
    else if (before.isReceived && !before.isHeld && !hasCrashed)
      this.#fail(packet, 'it was acknowledged already');
    else if (!packet.dup && !hasCrashed) this.#fail(packet, 'it was sent before, without DUP now');
    return true;
  }

  /** It is sent for the first time, or once more with another identifier. */
  #entitled(packet: PublishPacket, message: Published, heldMs: number): void {
    const { retain, qos } = packet;
    const session = this.#session;
    const ledger = this.#ledger;
    const { isWanted, shares, ...wanted } = session.entitlement(message);
    const feeds = message.retain
      ? session.feeds(message).filter(since => ledger.mayBeRetained(message, since))
      : [];
    const lives = (isWanted ? 1 : 0) + shares;
    const isFirst = !session.hasBegun(message);
    const count = session.begin(message, qos, ledger.crashes);
    if (session.isVague) return;
    if (lives === 0 && (feeds.length === 0 || !retain)) this.#fail(packet, 'not subscribed');
    if (message.isOff) this.#fail(packet, 'a will that is off');
    const copies = qos === 2 ? message.origins.size : message.copies;
    const allowed = lives * copies + feeds.length + (shares > 0 ? ledger.reassignments : 0);
    if (count > allowed) this.#fail(packet, `sent ${count} times, ${allowed} allowed`);
    if (isFirst && !packet.dup) this.#inTime(packet, message, heldMs);
    if (retain || feeds.length > 0) return;
    if (qos < wanted.qosMin || qos > wanted.qosMax) {
      this.#fail(packet, `QoS is ${qos}, not ${wanted.qosMin} to ${wanted.qosMax}`);
    }
    if (this.#terms.version === 5 && wanted.identifiers !== null) {
      const came = [...(packet.properties?.subscriptionIdentifiers ?? [])].sort((a, b) => a - b);
      if (came.join() !== wanted.identifiers.join()) {
        this.#fail(packet, `Subscription Identifiers ${came}, not ${wanted.identifiers}`);
      }
    }
    // A copy that its publisher has sent again may be the first that is for this session.
    const isOrdered = isFirst && shares === 0 && !message.isWill && message.copies === 1;
    if (isOrdered && !session.isInOrder(message, qos)) {
      this.#fail(packet, 'out of order');
    }
  }

  #inTime(packet: PublishPacket, { expiresAtMs, copies }: Published, heldMs: number): void {
    // Each copy has its own time.
    if (expiresAtMs === 0 || copies > 1) return;
    const leftMs = expiresAtMs - this.#ledger.wallMs();
    if (leftMs + heldMs <= 0) this.#fail(packet, `expired ${-leftMs} ms ago`);
    if (this.#terms.version !== 5) return;
    const toldMs = (packet.properties?.messageExpiryInterval ?? never) * 1000;
    if (Math.abs(toldMs - leftMs) > 1000 + heldMs) {
      this.#fail(packet, `says that it has ${toldMs} ms left, has ${leftMs}`);
    }
  }

  #fail({ packetId, qos, dup, topic, retain, payload }: PublishPacket, why: string): void {
    const [name] = new TextDecoder().decode(payload).split(' ');
    const what = `${name} on ${topic}, QoS ${qos}, id ${packetId}, dup ${dup}, retain ${retain}`;
    this.#ledger.fail(`PUBLISH ${what} to ${this.#session.clientId}: ${why}`);
  }
}
