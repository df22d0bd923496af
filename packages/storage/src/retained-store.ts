/**
 * The port for retained messages: the last one of each topic. It offers no match by filter: on one
 * machine the broker keeps the index of retained topics itself, next to its subscriptions, and
 * reads the store only at start. Matching in the store belongs to engines that many nodes share.
 */

/** A retained message. */
export interface RetainedEntry {
  readonly topic: string;
  /** To be read only. */
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970-01-01 UTC; null: never. */
  readonly expiresAtMs: number | null;
}

/** Messages by topic: 1 to 65,535 bytes of UTF-8, never normalised or interpreted. */
export interface RetainedStore {
  /**
   * Sets the topic's message (`bytes` is copied before the call returns), or removes it with null.
   * Resolves when as durable as an accepted entry; puts of one topic take effect in the order of
   * the calls. From `expiresAtMs` (milliseconds since 1970-01-01 UTC) on it is gone. Rejects with
   * `EngineError`, `full` at the engine's bound.
   */
  put(topic: string, bytes: Uint8Array | null, expiresAtMs?: number): Promise<void>;

  /**
   * Every message there is, in no particular order, with every put that resolved before the call;
   * changes made meanwhile may be missed. Throws `EngineError`.
   */
  load(): AsyncIterable<RetainedEntry>;
}
