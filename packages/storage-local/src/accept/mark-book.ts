/**
 * The marks of the accept log: which have changed since they were written last, and where the last
 * value of each is stored.
 */

import type { LogWriter } from '../log/log-writer.ts';
import type { SegmentSet } from '../log/segment-set.ts';
import { MARK_BYTES, writeForgotten, writeMark } from './accept-items.ts';

export const MARK_BYTES_MAX = 65_536;

/** A mark's last value. */
interface StoredMark {
  address: number;
  length: number;
}

export class MarkBook {
  readonly set: SegmentSet;
  /** Encodes a mark's present value. */
  onMark: (key: number, into: Uint8Array) => number = noEncoder;
  readonly #stored = new Map<number, StoredMark>();
  readonly #scratch = new Uint8Array(MARK_BYTES_MAX);
  #dirty = new Set<number>();
  #forgotten = new Set<number>();
  /** Marks whose file is to go, and where they are in it. */
  readonly #moving = new Map<number, number>();
  /** Key, offset in the body (−1: forgotten) and length of each mark of the batch under way. */
  readonly #written: number[] = [];
  #bytes = 0;

  constructor(set: SegmentSet) {
    this.set = set;
  }

  /** Whether there are changes that were not written. */
  get dirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** Bytes that the stored values take. */
  get bytes(): number {
    return this.#bytes;
  }

  touch(key: number): void {
    this.#dirty.add(key);
    if (this.#forgotten.size > 0) this.#forgotten.delete(key);
  }

  forget(key: number): void {
    this.#dirty.add(key);
    this.#forgotten.add(key);
  }

  /** Writes all changes. */
  write(to: LogWriter): void {
    if (this.#moving.size > 0) this.#touchMoving();
    const keys = this.#dirty;
    const forgotten = this.#forgotten;
    if (keys.size === 0) return;
    // What the encoder may touch meanwhile is for the next batch.
    this.#dirty = new Set();
    if (forgotten.size > 0) this.#forgotten = new Set();
    for (const key of keys) {
      if (forgotten.has(key)) {
        writeForgotten(to, key);
        this.#written.push(key, -1, 0);
        continue;
      }
      const length = this.onMark(key, this.#scratch);
      if (!(length >= 0 && length <= MARK_BYTES_MAX)) {
        throw new RangeError(
          `mark ${key} is of ${length} bytes, markBytesMax is ${MARK_BYTES_MAX}`,
        );
      }
      this.#written.push(key, writeMark(to, key, this.#scratch, length), length);
    }
  }

  /** What was written did not get to the disk: it is to be written again. */
  takeBack(): void {
    const written = this.#written;
    for (let at = 0; at < written.length; at += 3) {
      const key = written[at];
      if (this.#dirty.has(key)) continue;
      if (written[at + 1] < 0) this.forget(key);
      else this.touch(key);
    }
    written.length = 0;
  }

  /** What was written is stored, in the record whose body is at `bodyAddress`. */
  stored(bodyAddress: number): void {
    const written = this.#written;
    for (let at = 0; at < written.length; at += 3) {
      const offset = written[at + 1];
      if (offset < 0) this.removed(written[at]);
      else this.put(written[at], bodyAddress + offset, written[at + 2]);
    }
    written.length = 0;
  }

  /** A mark's last value is at `address` from now on. */
  put(key: number, address: number, length: number): void {
    const stored = this.#stored.get(key);
    this.#bytes += length;
    this.set.count(address, 1);
    if (stored === undefined) {
      this.#stored.set(key, { address, length });
      this.#bytes += MARK_BYTES;
      return;
    }
    this.set.count(stored.address, -1);
    this.#bytes -= stored.length;
    stored.address = address;
    stored.length = length;
  }

  removed(key: number): void {
    const stored = this.#stored.get(key);
    if (stored === undefined) return;
    this.#stored.delete(key);
    this.#bytes -= stored.length + MARK_BYTES;
    this.set.count(stored.address, -1);
  }

  /** Has the mark written anew, if its last value is the one at `address`; true if so. */
  moveFrom(key: number, address: number): boolean {
    if (this.#stored.get(key)?.address !== address) return false;
    this.#moving.set(key, address);
    return true;
  }

  /** Only now is it known what the batch before has said of the marks that are to move. */
  #touchMoving(): void {
    for (const [key, address] of this.#moving) {
      if (this.#stored.get(key)?.address === address) this.#dirty.add(key);
    }
    this.#moving.clear();
  }
}

function noEncoder(): number {
  throw new Error('onMark was not called');
}
