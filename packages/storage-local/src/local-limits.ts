/** The bounds of the engine on one machine, and what they are unless told otherwise. */

const MIB = 1024 * 1024;

/**
 * Bounds in bytes. Each stored item counts with its bytes, its key and a fixed part. At a bound
 * the accept log refuses offers and every other port rejects with `full`. On the disk the logs may
 * take twice as much, and three segments each.
 */
export interface LocalLimits {
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
  /** Size of a file of the accept log and of the state log, 4 KiB to 1 GiB. */
  readonly segmentBytes: number;
}

/** What an engine uses for each limit not given. */
export const defaultLocalLimits: LocalLimits = {
  acceptBytesMax: 1024 * MIB,
  entryBytesMax: 16 * MIB,
  inboxBytesMax: 4096 * MIB,
  sessionBytesMax: 256 * MIB,
  retainedBytesMax: 1024 * MIB,
  willBytesMax: 64 * MIB,
  segmentBytes: 64 * MIB,
};

/** The limits with those not given; throws RangeError when they cannot work. */
export function completeLimits(given: Partial<LocalLimits>): LocalLimits {
  const limits = { ...defaultLocalLimits, ...given };
  const { acceptBytesMax, entryBytesMax, segmentBytes } = limits;
  if (!(segmentBytes >= 4096 && segmentBytes <= 1024 * MIB)) {
    throw new RangeError(`segmentBytes is ${segmentBytes}, must be 4 KiB to 1 GiB`);
  }
  if (entryBytesMax + 128 > acceptBytesMax) {
    throw new RangeError(
      `entryBytesMax ${entryBytesMax} must be 128 below acceptBytesMax ${acceptBytesMax}`,
    );
  }
  return limits;
}
