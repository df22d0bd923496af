/** What an adapter provides: a table of bytes by number, written in batches. Types only. */

/** Values by key; null removes the key. Keys are integers from 0 to 2^53-1. */
export type StoreChanges = ReadonlyMap<number, Uint8Array | null>;

/** One session's table. Calls are made one after the other, each once the one before is done. */
export interface StoreTable {
  /**
   * Takes the table, for one holder at a time, and gives all it holds by ascending key.
   * @throws when it is in use, damaged, or out of reach
   */
  open(): Promise<readonly (readonly [key: number, value: Uint8Array])[]>;
  /**
   * Applies a batch as a whole or not at all; when the promise resolves, it survives a crash. The
   * values are not to be kept after that.
   * @throws when it cannot be stored; then neither can what follows
   */
  write(changes: StoreChanges): Promise<void>;
  /** Lets the table go. */
  close(): Promise<void>;
}
