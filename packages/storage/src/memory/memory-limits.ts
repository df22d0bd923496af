/** The bounds of the in-memory engine, and what they are unless told otherwise. */

const MIB = 1024 * 1024;

/**
 * Bounds in bytes. Each stored item counts with its bytes, its key and a fixed part. At a bound
 * the accept log refuses offers and every other port rejects with `full`.
 */
export interface MemoryLimits {
  /** Entries that are not released. */
  readonly acceptBytesMax: number;
  /** One entry of the accept log: below `acceptBytesMax`, and 8 MiB or more for a broker. */
  readonly entryBytesMax: number;
  /** All inboxes together. */
  readonly inboxBytesMax: number;
  /** All session records together. */
  readonly sessionBytesMax: number;
  /** All retained messages together. */
  readonly retainedBytesMax: number;
  /** All wills together. */
  readonly willBytesMax: number;
}

/** What a new `MemoryDisk` uses for each limit not given. */
export const defaultMemoryLimits: MemoryLimits = {
  acceptBytesMax: 64 * MIB,
  entryBytesMax: 16 * MIB,
  inboxBytesMax: 256 * MIB,
  sessionBytesMax: 64 * MIB,
  retainedBytesMax: 64 * MIB,
  willBytesMax: 64 * MIB,
};
