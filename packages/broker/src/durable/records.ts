/**
 * Sessions, subscriptions and wills as an engine's tables hold them: what each record says, and
 * when it is written. Little-endian.
 *
 *     session       number u32, expirySeconds u32, expiresAtMs u48 (0: was connected)
 *     subscription  flags u8, identifier u32; its key: number of the session, '/', filter
 *     will          dueAtMs u48 (0: when its connection is over), a CONNECT of 5.0 that has it
 */
import {
  type ConnectPacket,
  decodePacket,
  encodePacket,
  FrameReader,
  PacketType,
  type QoS,
  type Will,
} from '@godwit/protocol';
import { type Engine, EngineError } from '@godwit/storage';
import type { Subscription, SubscriptionOptions } from '../routing/subscription.ts';
import { neverExpires, type Session } from '../session/session.ts';
import type { PendingWill } from '../session/will.ts';
import { readUint32, readUint48, writeUint32, writeUint48 } from './numbers.ts';

export interface SessionRecord {
  readonly number: number;
  readonly expirySeconds: number;
  /** 0 for a session that was connected. */
  readonly expiresAtMs: number;
}

export interface WillRecord {
  readonly dueAtMs: number;
  readonly will: Will;
}

const SubscriptionFlag = { qos: 3, noLocal: 4, retainAsPublished: 8 } as const;
const sessionBytes = 4 + 4 + 6;
const subscriptionBytes = 1 + 4;
const willHeadBytes = 6;

export class Records {
  readonly #engine: Engine;
  readonly #onRefused: (session: Session) => void;
  /** The will that is on record, by client identifier. */
  readonly #wills: Map<string, PendingWill>;
  /** Sessions whose record is out of date, since there was no room. */
  readonly #unsaved: Set<Session>;

  /** @param onRefused there is no room for the record of this session */
  constructor(engine: Engine, onRefused: (session: Session) => void) {
    this.#engine = engine;
    this.#onRefused = onRefused;
    this.#wills = new Map();
    this.#unsaved = new Set();
  }

  /** Writes the session as it is now: connected, or away until its expiry. */
  putSession(session: Session, wallMs: number): void {
    const { durable, expirySeconds, connection } = session;
    const isEndless = connection !== null || expirySeconds === neverExpires;
    const expiresAtMs = isEndless ? 0 : wallMs + expirySeconds * 1000;
    const bytes = writeSession({ number: durable!.number, expirySeconds, expiresAtMs });
    this.#engine.sessions.put(session.clientId, bytes).then(
      () => {
        durable!.isRecorded = true;
      },
      error => {
        if (!isFull(error) || durable!.isOver) return;
        // What an earlier record promised is kept; only its end is not known for now.
        if (durable!.isRecorded) this.#unsaved.add(session);
        else this.#onRefused(session);
      },
    );
  }

  /** There is room again: writes the sessions that there was none for. */
  retry(wallMs: number): void {
    const unsaved = [...this.#unsaved];
    this.#unsaved.clear();
    for (const session of unsaved) this.putSession(session, wallMs);
  }

  /**
   * Removes what is on record of a session that has ended.
   * @param filters those that it was subscribed to
   * @param isReplaced another session of the client has taken its place on record
   */
  removeSession(session: Session, filters: readonly string[], isReplaced: boolean): void {
    const { subscriptions, sessions } = this.#engine;
    this.#unsaved.delete(session);
    for (const filter of filters) {
      ignoreEnd(subscriptions.put(subscriptionKey(session.durable!.number, filter), null));
    }
    if (!isReplaced) ignoreEnd(sessions.put(session.clientId, null));
  }

  /** Resolves when the subscription is durable, with whether there was room for it. */
  async putSubscription(subscription: Subscription): Promise<boolean> {
    const { session, filter } = subscription;
    const key = subscriptionKey(session.durable!.number, filter);
    try {
      await this.#engine.subscriptions.put(key, writeSubscription(subscription));
      return true;
    } catch (error) {
      if (isFull(error)) return false;
      throw error;
    }
  }

  /** Resolves when the subscription is gone for good. */
  removeSubscription({ session, filter }: Subscription): Promise<void> {
    return this.#engine.subscriptions.put(subscriptionKey(session.durable!.number, filter), null);
  }

  /** Writes a will that is due when its connection is over, or at a time. Without room it is lost. */
  putWill(pending: PendingWill, dueAtMs: number): void {
    const { clientId } = pending.client;
    this.#wills.set(clientId, pending);
    const bytes = writeWill(clientId, { dueAtMs, will: pending.will });
    ignoreEnd(this.#engine.wills.put(clientId, bytes));
  }

  /** The will is published, or shall not be. */
  removeWill(pending: PendingWill): void {
    const { clientId } = pending.client;
    if (this.#wills.get(clientId) !== pending) return;
    this.#wills.delete(clientId);
    ignoreEnd(this.#engine.wills.put(clientId, null));
  }

  /** A will that was on record already. */
  adoptWill(pending: PendingWill): void {
    this.#wills.set(pending.client.clientId, pending);
  }
}

export function writeSession({ number, expirySeconds, expiresAtMs }: SessionRecord): Uint8Array {
  const bytes = new Uint8Array(sessionBytes);
  writeUint32(bytes, 0, number);
  writeUint32(bytes, 4, expirySeconds);
  writeUint48(bytes, 8, expiresAtMs);
  return bytes;
}

export function readSession(bytes: Uint8Array): SessionRecord {
  return {
    number: readUint32(bytes, 0),
    expirySeconds: readUint32(bytes, 4),
    expiresAtMs: readUint48(bytes, 8),
  };
}

/** The key of a subscription of the session `number`. */
export function subscriptionKey(number: number, filter: string): string {
  return `${number}/${filter}`;
}

export function writeSubscription(options: SubscriptionOptions): Uint8Array {
  const bytes = new Uint8Array(subscriptionBytes);
  bytes[0] =
    options.qos |
    (options.noLocal ? SubscriptionFlag.noLocal : 0) |
    (options.retainAsPublished ? SubscriptionFlag.retainAsPublished : 0);
  writeUint32(bytes, 1, options.identifier);
  return bytes;
}

/** What the key and the value of a subscription say. */
export function readSubscription(
  key: string,
  bytes: Uint8Array,
): { number: number; filter: string; options: SubscriptionOptions } {
  const slash = key.indexOf('/');
  return {
    number: Number(key.slice(0, slash)),
    filter: key.slice(slash + 1),
    options: {
      qos: (bytes[0] & SubscriptionFlag.qos) as QoS,
      noLocal: (bytes[0] & SubscriptionFlag.noLocal) !== 0,
      retainAsPublished: (bytes[0] & SubscriptionFlag.retainAsPublished) !== 0,
      identifier: readUint32(bytes, 1),
    },
  };
}

/** @throws RangeError for a will that no CONNECT can have */
export function writeWill(clientId: string, { dueAtMs, will }: WillRecord): Uint8Array {
  const packet: ConnectPacket = {
    type: PacketType.connect,
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 0,
    clientId,
    will,
  };
  const frame = encodePacket(packet, 5)!;
  const bytes = new Uint8Array(willHeadBytes + frame.length);
  writeUint48(bytes, 0, dueAtMs);
  bytes.set(frame, willHeadBytes);
  return bytes;
}

export function readWill(bytes: Uint8Array): WillRecord {
  const reader = new FrameReader(bytes.length);
  reader.push(bytes.subarray(willHeadBytes));
  reader.next();
  const packet = decodePacket(reader.bytes, reader.header, reader.bodyStart, reader.end, 5);
  return { dueAtMs: readUint48(bytes, 0), will: (packet as ConnectPacket).will! };
}

function isFull(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'full';
}

/** Whatever else ends a write ends the engine, which says so to everybody. */
function ignoreEnd(written: Promise<void>): void {
  written.catch(() => {});
}
