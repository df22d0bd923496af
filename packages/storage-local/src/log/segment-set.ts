/** The segments of one log, oldest first, found by address. */

import type { Segment } from './segment.ts';

export class SegmentSet {
  readonly segments: Segment[] = [];
  #hot: Segment | null = null;

  get oldest(): Segment {
    return this.segments[0];
  }

  get current(): Segment {
    return this.segments[this.segments.length - 1];
  }

  /** Whether nothing in the oldest segment counts, and it is not the one being written. */
  get oldestIsDead(): boolean {
    return this.segments.length > 1 && this.segments[0].live === 0;
  }

  /** How many of the oldest segments are of that kind. */
  get deadCount(): number {
    let count = 0;
    while (count < this.segments.length - 1 && this.segments[count].live === 0) count += 1;
    return count;
  }

  /** Bytes written in all segments. */
  get bytes(): number {
    let bytes = 0;
    for (const { end } of this.segments) bytes += end;
    return bytes;
  }

  /** The segment that an address lies in, which must be there. */
  at(address: number): Segment {
    const hot = this.#hot;
    if (hot !== null && address >= hot.base && address < hot.base + hot.end) return hot;
    let low = 0;
    let high = this.segments.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.segments[middle].base <= address) low = middle;
      else high = middle - 1;
    }
    this.#hot = this.segments[low];
    return this.segments[low];
  }

  /** Counts one more stored item, or one less, at an address. */
  count(address: number, change: 1 | -1): void {
    this.at(address).live += change;
  }
}
