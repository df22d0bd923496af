/** The bounds of the engine on one machine, and what they are unless told otherwise. */

const MIB = 1024 * 1024;

/**
 * Bounds in bytes. Each stored item counts with its bytes, its key and a fixed part. At a bound
 * the accept log refuses offers and tables reject with `full`. On the disk the logs may take twice
 * as much, and three segments each.
 */
export interface LocalLimits {
  /** Entries that have a holder. */
  readonly acceptBytesMax: number;
  /** One entry of the accept log, below `acceptBytesMax`. */
  readonly entryBytesMax: number;
  /** All session records together. */
  readonly sessionBytesMax: number;
  /** All subscriptions together. */
  readonly subscriptionBytesMax: number;
  /** All retained messages together. */
  readonly retainedBytesMax: number;
  /** All wills together. */
  readonly willBytesMax: number;
  /** Memory for what was written or read last, so that it need not be read from the disk. */
  readonly cacheBytesMax: number;
  /** Size of a file of a log, 4 KiB to 1 GiB; a longer record gets a longer file. */
  readonly segmentBytes: number;
}

/** What an engine uses for each limit not given. */
export const defaultLocalLimits: LocalLimits = {
  acceptBytesMax: 8192 * MIB,
  // Above the largest MQTT packet, 256 MiB, with what the broker adds.
  entryBytesMax: 288 * MIB,
  sessionBytesMax: 256 * MIB,
  subscriptionBytesMax: 1024 * MIB,
  retainedBytesMax: 1024 * MIB,
  willBytesMax: 64 * MIB,
  cacheBytesMax: 64 * MIB,
  segmentBytes: 64 * MIB,
};

/** The limits with those not given; throws RangeError when they cannot work. */
export function completeLimits(given: Partial<LocalLimits>): LocalLimits {
  const limits = { ...defaultLocalLimits, ...given };
  const { acceptBytesMax, entryBytesMax, segmentBytes } = limits;
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${name} is ${value}, must be a number of bytes`);
    }
  }
  if (segmentBytes < 4096 || segmentBytes > 1024 * MIB) {
    throw new RangeError(`segmentBytes is ${segmentBytes}, must be 4 KiB to 1 GiB`);
  }
  if (entryBytesMax > 1024 * MIB) {
    throw new RangeError(`entryBytesMax is ${entryBytesMax}, must be at most 1 GiB`);
  }
  if (entryBytesMax + 128 > acceptBytesMax) {
    throw new RangeError(
      `entryBytesMax ${entryBytesMax} must be 128 below acceptBytesMax ${acceptBytesMax}`,
    );
  }
  return limits;
}
