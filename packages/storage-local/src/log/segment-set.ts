/** The segments of one log, oldest first, found by address. */

import type { Segment } from './segment.ts';

export class SegmentSet {
  readonly segments: Segment[] = [];

  /** The segment that an address lies in, which must be there. */
  at(address: number): Segment {
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.segments[middle].base <= address) low = middle;
      else high = middle - 1;
    }
    return this.segments[low];
  }

  /** Counts one more stored item, or one less, at an address. */
  count(address: number, change: 1 | -1): void {
    this.at(address).live += change;
  }
}
