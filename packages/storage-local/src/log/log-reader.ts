/**
 * Reads stored bytes by address: from memory at once, else from the files, whole records at a time,
 * checked before anything of them is given out. Who reads on where the last read ended gets more
 * and more read ahead.
 */

import type { LocalStats } from '../local-stats.ts';
import type { LogCache } from './log-cache.ts';
import type { Segment } from './segment.ts';
import { checkRecords } from './segment-scan.ts';
import type { SegmentSet } from './segment-set.ts';

/** What is read at least, and at most ahead, but for longer records. */
const READ_BYTES_MIN = 16 * 1024;
const READ_BYTES_MAX = 1024 * 1024;

/** Records that are being read. */
interface Coming {
  readonly from: number;
  readonly to: number;
  readonly bytes: Promise<Buffer>;
}

/** Records read back, with what follows. */
export interface ReadRecords {
  readonly bytes: Buffer;
  /** Offset of the first one in its segment. */
  readonly offset: number;
  /** Number of the record that follows them in the segment. */
  readonly next: number;
}

export class LogReader {
  readonly #set: SegmentSet;
  readonly #cache: LogCache;
  readonly #disk: string;
  readonly #stats: LocalStats;
  readonly #coming: Coming[] = [];

  /** `disk`: what to call it in messages. */
  constructor(set: SegmentSet, cache: LogCache, disk: string, stats: LocalStats) {
    this.#set = set;
    this.#cache = cache;
    this.#disk = disk;
    this.#stats = stats;
  }

  /** A view of bytes that are stored. Rejects with `EngineError`. */
  read(address: number, length: number): Uint8Array | Promise<Uint8Array> {
    return this.#cache.find(address, length) ?? this.#fetch(address, length);
  }

  /** Reads and checks whole records from number `index` on, about `bytesMax` or a single one. */
  async records(segment: Segment, index: number, bytesMax: number): Promise<ReadRecords> {
    const offset = segment.recordOffset(index);
    let next = index + 1;
    while (next < segment.records && segment.recordOffset(next + 1) - offset <= bytesMax) next += 1;
    const bytes = await this.#load(segment, offset, segment.recordOffset(next));
    return { bytes, offset, next };
  }

  async #fetch(address: number, length: number): Promise<Uint8Array> {
    let coming = this.#coming.find(({ from, to }) => from <= address && address + length <= to);
    if (coming === undefined) {
      coming = this.#begin(address);
      this.#coming.push(coming);
    }
    const bytes = await coming.bytes;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + address - coming.from, length);
  }

  #begin(address: number): Coming {
    const segment = this.#set.at(address);
    const first = segment.recordAt(address - segment.base);
    const offset = segment.recordOffset(first);
    const from = segment.base + offset;
    const ahead = Math.max(READ_BYTES_MIN, 4 * this.#cache.bytesBefore(from));
    const bytesMax = Math.min(READ_BYTES_MAX, ahead);
    let end = segment.recordOffset(first + 1);
    for (let next = first + 2; next <= segment.records; next += 1) {
      if (segment.recordOffset(next) - offset > bytesMax) break;
      end = segment.recordOffset(next);
    }
    const bytes = this.#load(segment, offset, end)
      .then(read => {
        this.#cache.addRead(from, read);
        return read;
      })
      .finally(() => {
        const at = this.#coming.findIndex(coming => coming.bytes === bytes);
        this.#coming.splice(at, 1);
      });
    return { from, to: segment.base + end, bytes };
  }

  async #load(segment: Segment, offset: number, end: number): Promise<Buffer> {
    this.#stats.diskReads += 1;
    const bytes = await segment.read(offset, end - offset);
    checkRecords(bytes, end - offset, segment, offset, this.#disk);
    return bytes;
  }
}
