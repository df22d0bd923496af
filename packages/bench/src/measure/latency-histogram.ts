/**
 * Counts durations by size, to 0.1 % of their value, in a fixed number of buckets. Node's own
 * histogram takes 30 to 50 ns to record one value, more than all else that is done for a message
 * here; this takes three.
 */

/** Values below 2^11 have a bucket each; above, 2^10 buckets serve each doubling. */
const exactBits = 11;
const stepBits = exactBits - 1;
/** 2^31-1 µs: over half an hour; what is longer counts as this. */
export const durationMaxUs: number = 2 ** 31 - 1;
const buckets = (31 - stepBits + 1) << stepBits;

/** What a histogram says, in microseconds; all 0 when nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

/** Durations in whole microseconds. */
export class LatencyHistogram {
  readonly #counts: Float64Array;
  #count: number;
  #sumUs: number;
  #maxUs: number;

  constructor() {
    this.#counts = new Float64Array(buckets);
    this.#count = 0;
    this.#sumUs = 0;
    this.#maxUs = 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Records a duration; what is negative, for clocks of two machines may differ, counts as 0. */
  record(durationUs: number): void {
    const us = durationUs < 0 ? 0 : durationUs > durationMaxUs ? durationMaxUs : durationUs | 0;
    const shift = us < 1 << exactBits ? 0 : 32 - exactBits - Math.clz32(us);
    this.#counts[(shift << stepBits) + (us >>> shift)] += 1;
    this.#count += 1;
    this.#sumUs += us;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  /** Adds all that another one counted. */
  add(other: LatencyHistogram): void {
    if (other.#count === 0) return;
    for (let i = 0; i < buckets; i += 1) this.#counts[i] += other.#counts[i];
    this.#count += other.#count;
    this.#sumUs += other.#sumUs;
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs);
  }

  reset(): void {
    if (this.#count === 0) return;
    this.#counts.fill(0);
    this.#count = 0;
    this.#sumUs = 0;
    this.#maxUs = 0;
  }

  /** The duration that `share` (0 to 1) of all do not exceed; 0 when there are none. */
  quantileUs(share: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let i = 0; i < buckets; i += 1) {
      seen += this.#counts[i];
      if (seen >= rank) return Math.min(highestOf(i), this.#maxUs);
    }
    return this.#maxUs;
  }

  summary(): LatencySummary {
    return {
      count: this.#count,
      meanUs: this.#count === 0 ? 0 : this.#sumUs / this.#count,
      p50Us: this.quantileUs(0.5),
      p90Us: this.quantileUs(0.9),
      p99Us: this.quantileUs(0.99),
      p999Us: this.quantileUs(0.999),
      maxUs: this.#maxUs,
    };
  }
}

/** The longest duration that falls into a bucket. */
function highestOf(bucket: number): number {
  if (bucket < 1 << exactBits) return bucket;
  const shift = (bucket >> stepBits) - 1;
  return ((bucket & ((1 << stepBits) - 1)) + (1 << stepBits) + 1) * 2 ** shift - 1;
}
