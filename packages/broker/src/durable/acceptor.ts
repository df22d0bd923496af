/**
 * The way of a message into the accept log and out of it again: collects the durable sessions that
 * are to get it, offers it once for all of them, and when it is durable answers its publisher and
 * hands it to the sessions. What needs no log never comes here.
 */
import assert from 'node:assert/strict';
import { PacketType } from '@godwit/protocol';
import type { AcceptLog } from '@godwit/storage';
import type { Connection } from '../connection/connection.ts';
import type { Message } from '../routing/message.ts';
import type { DurableSession } from './durable-session.ts';
import { EntryView, EntryWriter, type TargetInit } from './entry-format.ts';
import { PendingAnswers } from './pending-answers.ts';

/** What {@link Acceptor.commit} came to. */
export const Accepted = {
  /** Nothing of the message has to be stored. */
  notNeeded: 0,
  /** It is in the log and will be durable. */
  offered: 1,
  /** The log has no room for it. */
  refused: 2,
} as const;
export type Accepted = (typeof Accepted)[keyof typeof Accepted];

/** A session's share of the message that is being collected; used again and again. */
class Target implements TargetInit {
  durable: DurableSession | null = null;
  session = 0;
  number = 0;
  qos: 1 | 2 = 1;
  retain = false;
  identifiers: Uint8Array | null = null;
  share: string | null = null;
}

/** What an acceptor does not decide itself. */
export interface AcceptorHandlers {
  /** The entry at a position is durable, and is to become a retained message. */
  onRetained(at: number, view: EntryView): void;
  /** A session has ended before it got what came to it by a shared subscription. */
  onOrphan(view: EntryView): void;
}

/** Targets kept for the next message. */
const targetsKept = 1024;

export class Acceptor {
  /** All durable sessions by their number. */
  readonly sessions: Map<number, DurableSession>;
  /** The last offer found no room; whoever hears that there is some again says so here. */
  isFull: boolean;
  readonly #log: AcceptLog;
  readonly #handlers: AcceptorHandlers;
  readonly #writer: EntryWriter;
  readonly #view: EntryView;
  readonly #pending: PendingAnswers;
  #targets: Target[];
  #count: number;
  /** What is being collected for; null between messages. */
  #message: Message | null;
  /** Position of the last offer. */
  #lastAt: number;

  constructor(log: AcceptLog, handlers: AcceptorHandlers) {
    this.sessions = new Map();
    this.isFull = false;
    this.#log = log;
    this.#handlers = handlers;
    this.#writer = new EntryWriter();
    this.#view = new EntryView();
    this.#pending = new PendingAnswers();
    this.#targets = [];
    this.#count = 0;
    this.#message = null;
    this.#lastAt = 0;
    log.onAccepted(upTo => this.#accepted(upTo));
  }

  /** From now to {@link commit}, what durable sessions take is this message. */
  begin(message: Message): void {
    this.#message = message;
    this.#count = 0;
  }

  /**
   * Notes that `durable` is to get `message`. Outside of `begin` and `commit` it is
   * offered for that session alone.
   *
   * @returns false when the log has no room for it
   */
  add(
    durable: DurableSession,
    message: Message,
    qos: 1 | 2,
    retain: boolean,
    identifiers: Uint8Array | null,
    share: string | null,
  ): boolean {
    const isAlone = this.#message === null;
    if (isAlone) this.begin(message);
    assert.ok(this.#message === message, 'one message is collected for at a time');
    if (this.#count === this.#targets.length) this.#targets.push(new Target());
    const target = this.#targets[this.#count];
    this.#count += 1;
    target.durable = durable;
    target.session = durable.number;
    // A session may get the message twice: by a shared subscription and by one of its own.
    target.number = durable.queue.nextNumber;
    durable.queue.nextNumber += 1;
    target.qos = qos;
    target.retain = retain;
    target.identifiers = identifiers;
    target.share = share;
    return !isAlone || this.commit(message, false, null, 0) === Accepted.offered;
  }

  /**
   * Offers `message` for all that were added since {@link begin}.
   *
   * @param retained it is to become its topic's retained message
   * @param publisher the durable session that published it with QoS 2, or null
   * @param packetId the publisher's
   */
  commit(
    message: Message,
    retained: boolean,
    publisher: DurableSession | null,
    packetId: number,
  ): Accepted {
    this.#message = null;
    const count = this.#count;
    if (count === 0 && !retained) return Accepted.notNeeded;
    const targets = this.#targets;
    const inbound = publisher === null ? 0 : publisher.number;
    const writer = this.#writer;
    const size = writer.write(message, targets, count, retained, inbound, packetId);
    const at = this.#log.offer(writer.bytes, 0, size, count + (retained ? 1 : 0));
    if (at === 0) {
      this.isFull = true;
      for (let i = count - 1; i >= 0; i -= 1) {
        const { durable, number } = targets[i];
        durable!.queue.nextNumber = number;
      }
    } else {
      this.#lastAt = at;
      for (let i = 0; i < count; i += 1) targets[i].durable!.queue.offered(message.size);
      this.#pending.push(at, null, 0, 0, 0);
    }
    if (targets.length > targetsKept) this.#targets = [];
    return at === 0 ? Accepted.refused : Accepted.offered;
  }

  /**
   * Acknowledges a PUBLISH of `connection` once all that was offered up to now is durable: at once
   * when it is. `reasonCode` is below 0x80.
   */
  acknowledge(
    connection: Connection,
    type: typeof PacketType.puback | typeof PacketType.pubrec,
    packetId: number,
    reasonCode: number,
  ): void {
    if (this.#pending.length === 0) answer(connection, type, packetId, reasonCode);
    else this.#pending.push(this.#lastAt, connection, packetId, type, reasonCode);
  }

  /** Whether something that was offered is not durable yet. */
  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  #accepted(upTo: number): void {
    const pending = this.#pending;
    while (pending.length > 0 && pending.at <= upTo) {
      const { at, connection, packetId, type, reasonCode } = pending;
      pending.shift();
      if (connection === null) this.#dispatch(at);
      else if (connection.session?.connection === connection) {
        answer(connection, type, packetId, reasonCode);
      }
    }
  }

  #dispatch(at: number): void {
    const bytes = this.#log.read(at);
    assert.ok(bytes instanceof Uint8Array, 'an entry that was just accepted is in memory');
    const view = this.#view;
    view.read(bytes);
    // Before anyone lets go of the entry, which may be all that says it.
    if (view.inbound !== 0) {
      view.readMessage();
      this.sessions.get(view.inbound)?.inboundAccepted(view.packetId, at);
    }
    while (view.nextTarget()) {
      const durable = this.sessions.get(view.session);
      if (durable !== undefined) durable.queue.arrived(view, at);
      else {
        // The session has ended meanwhile.
        if (view.isShared) this.#handlers.onOrphan(view);
        this.#log.release(at);
      }
    }
    if (view.retained) {
      view.readMessage();
      this.#handlers.onRetained(at, view);
    }
  }
}

function answer(connection: Connection, type: number, packetId: number, reasonCode: number): void {
  if (type === PacketType.puback) connection.session!.inbound.acknowledge();
  connection.acknowledge(type as typeof PacketType.puback, packetId, reasonCode);
}
