/**
 * The port behind every acknowledgement: one ordered log of the messages that the broker answers
 * for. It is the queue of all sessions at once: a message is stored once, however many wait for it,
 * and stays until the last of them is done with it.
 */

/** What {@link AcceptLog.load} finds. */
export interface AcceptLogVisitor {
  /**
   * An entry that was offered and not let go of by all its holders; perhaps also some that were,
   * shortly before the end. In no particular order, each once. `bytes` is to be read during the
   * call only.
   *
   * @returns how many hold it from now on; 0 lets it go
   */
  entry(at: number, bytes: Uint8Array): number;
  /** The last value of a mark; after all entries. `bytes` is to be read during the call only. */
  mark(key: number, bytes: Uint8Array): void;
}

/**
 * Entries, found by their position, and marks: small values by number that say how far those who
 * hold entries have come. Everything that was durable together is found together.
 *
 * Begin with {@link load}; nothing else may be called before it has resolved.
 */
export interface AcceptLog {
  /** Largest entry in bytes: above that of any MQTT packet. */
  readonly entryBytesMax: number;

  /** Reads what earlier runs left. Once. Rejects with `EngineError`. */
  load(visitor: AcceptLogVisitor): Promise<void>;

  /**
   * Takes `bytes[start..end)`, copied before it returns, for `holders` (1 or more) to let go of.
   *
   * @returns its position: a safe integer that grows with every offer and is never used again, in
   *   later runs neither; 0 when it is not taken, since the log is full or the engine has ended
   * @throws RangeError when it is longer than `entryBytesMax`
   */
  offer(bytes: Uint8Array, start: number, end: number, holders: number): number;

  /**
   * `listener` hears that all entries up to position `upTo` are durable: once a batch, never before
   * `offer` has returned, never after the engine failed. Set before the first offer.
   */
  onAccepted(listener: (upTo: number) => void): void;

  /** `listener` hears, after one or more refused offers, that there is room again. */
  onDrain(listener: () => void): void;

  /**
   * The entry at a position that was offered and still has a holder, durable or not yet: at once
   * when it is in memory, as are those offered or read last and their neighbours: an entry at least
   * from its offer until `onAccepted` has returned that told of it. To be read only;
   * stays as it is. Rejects with `EngineError`: what does not have its checksum is not given out.
   */
  read(at: number): Uint8Array | Promise<Uint8Array>;

  /**
   * One of an entry's holders is done with it; the last one lets it go. Not written by itself:
   * whoever must know after a crash says so in a mark. An entry does not vanish before marks that
   * were touched before the call are durable.
   */
  release(at: number): void;

  /**
   * Sets who encodes marks: `encode` writes the present value of `key` into `into` (of
   * {@link markBytesMax}) and gives its length; called from within a batch, and again when the mark
   * has to move.
   */
  onMark(encode: (key: number, into: Uint8Array) => number): void;

  /** Largest mark in bytes: 262,144. */
  readonly markBytesMax: number;

  /**
   * The value of mark `key` (0 to 2^32-1) has changed. It is written along with the next batch,
   * and soon if there is none; several changes become one.
   */
  touch(key: number): void;

  /** Ends mark `key`, likewise. */
  forget(key: number): void;

  /**
   * Calls `done` when all marks touched or forgotten before are durable: in the order of the
   * calls, after `onAccepted` for entries offered before. Not called when the engine ends first.
   */
  settle(done: () => void): void;
}
