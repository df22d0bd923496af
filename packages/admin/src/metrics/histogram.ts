/** Counts observations by how large they were, as Prometheus wants a histogram. */

export class Histogram {
  /** Upper bounds, ascending; what is above the last counts only in `count` and `sum`. */
  readonly bounds: readonly number[];
  /** Observations by bound, each counted once. */
  readonly counts: number[];
  count: number;
  sum: number;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
    this.count = 0;
    this.sum = 0;
  }

  observe(value: number): void {
    const at = this.bounds.findIndex(bound => value <= bound);
    if (at >= 0) this.counts[at] += 1;
    this.count += 1;
    this.sum += value;
  }
}
