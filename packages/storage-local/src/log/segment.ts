/**
 * One file of a log: where it lies, where its records begin, how far it is written and synced, and
 * how much of it is still needed.
 */

import type { DiskFile } from '../disk/disk.ts';
import { diskFailure } from '../disk/disk-failure.ts';

/** Where a segment is and what its header says. */
export interface SegmentPlace {
  readonly name: string;
  readonly number: number;
  readonly file: DiskFile;
  /** Address of its first byte in the log. */
  readonly base: number;
  /** Greater than every number used in the log before. */
  readonly sequence: number;
  readonly salt: number;
  /** Bytes that the file has. */
  readonly size: number;
}

export class Segment implements SegmentPlace {
  readonly name: string;
  readonly number: number;
  readonly file: DiskFile;
  readonly base: number;
  readonly sequence: number;
  readonly salt: number;
  readonly size: number;
  /** Up to where it is written. */
  end: number;
  /** Up to where it is synced. */
  durableEnd: number;
  /** Stored items in it that are not removed or moved. */
  live = 0;
  /** Records in it. */
  records = 0;
  #offsets = new Uint32Array(64);
  #pins = 0;
  #retired = false;

  constructor(place: SegmentPlace, end: number) {
    this.name = place.name;
    this.number = place.number;
    this.file = place.file;
    this.base = place.base;
    this.sequence = place.sequence;
    this.salt = place.salt;
    this.size = place.size;
    this.end = end;
    this.durableEnd = end;
  }

  /** Notes that the next record begins at `offset`. */
  addRecord(offset: number): void {
    if (this.records === this.#offsets.length) {
      const longer = new Uint32Array(2 * this.records);
      longer.set(this.#offsets);
      this.#offsets = longer;
    }
    this.#offsets[this.records] = offset;
    this.records += 1;
  }

  /** Where a record begins; for the one after the last, where that ends. */
  recordOffset(index: number): number {
    return index < this.records ? this.#offsets[index] : this.end;
  }

  /** The last record that begins at or before `offset`. */
  recordAt(offset: number): number {
    let low = 0;
    let high = this.records - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#offsets[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Keeps the file open, also when it is removed, until `unpin`. */
  pin(): void {
    this.#pins += 1;
  }

  unpin(): void {
    this.#pins -= 1;
    // What is only read has nothing to lose when closing fails.
    if (this.#retired && this.#pins === 0) this.file.close().catch(() => {});
  }

  /** Reads `length` bytes from `offset` on, fewer only at the end. Rejects with `EngineError`. */
  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    this.pin();
    try {
      return bytes.subarray(0, await this.file.read(bytes, offset));
    } catch (error) {
      throw diskFailure(error);
    } finally {
      this.unpin();
    }
  }

  /** Closes the file as soon as nobody reads it. */
  async retire(): Promise<void> {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#pins === 0) await this.file.close();
  }
}
