/**
 * The port for messages that wait: one ordered queue for each session that is away or slow.
 * Limits on length and what to drop are the broker's.
 */

import type { EntryRef } from './accept-log.ts';
import type { SessionKey } from './session-registry.ts';

/** A waiting entry. */
export interface InboxEntry {
  /** Place in its inbox: from 1, growing, with gaps, never used twice for one key. */
  readonly position: number;
  /** To be read only. */
  readonly bytes: Uint8Array;
}

/** One page of an inbox. */
export interface InboxPage {
  readonly entries: readonly InboxEntry[];
  /** True when nothing follows these entries. */
  readonly end: boolean;
}

/** Inboxes by session key; an inbox exists while it has entries. Promises reject `EngineError`. */
export interface Inboxes {
  /**
   * Adds an entry at the end, in the order of the calls; `bytes` is copied before the call
   * returns. Resolves when it is as durable as an accepted entry. Does nothing when the inbox
   * holds an entry of this `id` already, so that handling a log again repeats nothing; an id that
   * was trimmed may be added again. Past `expiresAtMs` (milliseconds since 1970-01-01 UTC) it is
   * not read any more. Rejects with `full` at the engine's bound.
   */
  append(key: SessionKey, id: EntryRef, bytes: Uint8Array, expiresAtMs?: number): Promise<void>;

  /**
   * The oldest entries behind position `after` (0: from the beginning), `limit` at most. Has
   * everything whose append resolved before the call. A page may be shorter than `limit` to bound
   * its bytes, but is not empty unless it is the end.
   *
   * @throws RangeError when `limit` is not a positive integer.
   */
  read(key: SessionKey, after: number, limit: number): Promise<InboxPage>;

  /** Removes every entry up to and including position `upTo`. Idempotent. */
  trim(key: SessionKey, upTo: number): Promise<void>;

  /** Removes every entry whose append was called before. Idempotent. */
  drop(key: SessionKey): Promise<void>;
}
