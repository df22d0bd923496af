/**
 * The port for wills: last words that must be published although the node that took them is gone.
 * When a will is due because its connection ended is for the broker to say, with `dueAtMs`.
 */

import type { SessionKey } from './session-registry.ts';

/** A will whose time has come. */
export interface DueWill {
  readonly key: SessionKey;
  /** To be read only. */
  readonly bytes: Uint8Array;
}

/** Wills by session key, one each. Promises reject with `EngineError`. */
export interface WillStore {
  /**
   * Stores the session's will in place of an earlier one; `bytes` is copied before the call
   * returns. Resolves when as durable as an accepted entry. It is due from `dueAtMs` (milliseconds
   * since 1970-01-01 UTC) on; without it, when the run that put it is over. Rejects with `full` at
   * the engine's bound.
   */
  put(key: SessionKey, bytes: Uint8Array, dueAtMs?: number): Promise<void>;

  /** Removes the will: it is published, or shall not be. Idempotent. */
  cancel(key: SessionKey): Promise<void>;

  /**
   * Each due will as its time comes, until the engine stops. However many iterate, one of them
   * gets it, once; a put makes it a new will. Publish it, then `cancel`: when the process dies
   * between the two, the next run yields it again. For one iterating loop that is not abandoned
   * while it waits, or the will it was waiting for stays unseen in this run.
   */
  due(): AsyncIterable<DueWill>;
}
