/** The port for what has a key and changes less often than messages flow: one value each. */

/** A value and its key. */
export interface TableEntry {
  readonly key: string;
  /** To be read only. */
  readonly bytes: Uint8Array;
}

/**
 * Values by key: 1 to 65,535 bytes of UTF-8, compared code unit by code unit, never normalised.
 * All tables of an engine are written in one order, that of the calls: what a crash leaves is what
 * some first part of the calls said.
 */
export interface Table {
  /**
   * Sets the value of `key` (`bytes` is copied before the call returns), or removes it with null.
   * Resolves when that is durable. Rejects with `EngineError`: `full` at a bound, or when the
   * medium is; a removal is never refused for want of room.
   */
  put(key: string, bytes: Uint8Array | null): Promise<void>;

  /** All there is, in no particular order; not to be mixed with puts. Throws `EngineError`. */
  load(): AsyncIterable<TableEntry>;
}
