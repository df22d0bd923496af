/**
 * The port that decides who a session belongs to: one small record a session, changed by
 * compare-and-set only. What the record says is the broker's business.
 */

/**
 * Names a session; the broker makes it from tenant and client id. 1 to 256 bytes of UTF-8,
 * compared code unit by code unit, never normalised or interpreted.
 */
export type SessionKey = string;

/** Version of a session record, from 1. Never used twice, also not for a record made anew. */
export type Revision = number;

/** A session record as it was read. */
export interface SessionRecord {
  /** To be read only. */
  readonly bytes: Uint8Array;
  readonly revision: Revision;
}

/** How a claimed record is kept. */
export interface ClaimOptions {
  /** False: the record ends with this run. True: it survives what an accepted entry survives. */
  readonly durable: boolean;
  /** Milliseconds from now, 0 to 2^32 * 1000, after which it expires. Left out: never. */
  readonly expiresInMs?: number;
}

/** Outcome of a claim; a lost one has changed nothing. */
export type ClaimResult =
  | { readonly won: true; readonly revision: Revision }
  | { readonly won: false };

/** Records by session key. Every promise may reject with `EngineError`. */
export interface SessionRegistry {
  /** The record as of now, null when there is none or it has expired. */
  read(key: SessionKey): Promise<SessionRecord | null>;

  /**
   * Writes `bytes` (copied before the call returns) if the record's revision is still `expected`;
   * 0 means that there must be none. Of claims racing with one `expected`, exactly one wins. Sets
   * the expiry anew. Rejects with `full` at the engine's bound.
   */
  claim(
    key: SessionKey,
    bytes: Uint8Array,
    expected: Revision,
    options: ClaimOptions,
  ): Promise<ClaimResult>;

  /** Removes the record if its revision is `expected`. True when this call removed it. */
  end(key: SessionKey, expected: Revision): Promise<boolean>;

  /**
   * Every record that has not expired, in no particular order: how one process finds its sessions
   * at start. Changes made meanwhile may be missed.
   */
  load(): AsyncIterable<{ readonly key: SessionKey } & SessionRecord>;

  /**
   * `listener` hears of each record that expired, once and after it is removed; also, soon after
   * the start, of those that expired while nothing ran; add it before `start`. It does not hear of
   * a record claimed anew just as it expired, nor of one whose run crashed between removal and
   * call: so whoever makes a session anew drops its inbox first.
   */
  onExpired(listener: (key: SessionKey) => void): void;
}
