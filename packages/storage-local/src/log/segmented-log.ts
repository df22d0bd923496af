/**
 * A log in files: appended to at one end, removed at the other. It makes each segment ready before
 * it is needed, full of zeros so that a sync has no metadata to write, and knows when room is
 * short. What is stored in it, and what of that must move before the oldest segment goes, is for
 * its owner to say.
 */

import assert from 'node:assert/strict';
import type { Clock, Random } from '@godwit/runtime';
import { EngineError } from '@godwit/storage';
import { type Disk, type DiskFile, saysFull } from '../disk/disk.ts';
import type { LocalStats } from '../local-stats.ts';
import {
  encodeSegmentHeader,
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  sealRecord,
} from './log-format.ts';
import { LogWriter } from './log-writer.ts';
import { Segment } from './segment.ts';
import { segmentName } from './segment-files.ts';
import type { SegmentSet } from './segment-set.ts';

const ZEROS = Buffer.alloc(1024 * 1024);

/** Of each segment, one part in so many is kept for removals when no room is left. */
const RESERVE = 8;

/** What a `SegmentedLog` is made from. */
export interface SegmentedLogOptions {
  readonly disk: Disk;
  readonly random: Random;
  readonly clock: Clock;
  readonly stats: LocalStats;
  /** Names its files. */
  readonly prefix: string;
  /** Size of a segment; a larger record gets a larger one. */
  readonly segmentBytes: number;
  /** Its segments: by the time it is opened, those of earlier runs. */
  readonly set: SegmentSet;
  /** Waits until a write that found no room is worth trying again. */
  readonly pause: () => Promise<void>;
  /** There is room again after there was none. */
  readonly onRoom: () => void;
  /** Work in the background has failed. */
  readonly onError: (error: unknown) => void;
}

interface Spare {
  readonly name: string;
  readonly number: number;
  readonly file: DiskFile;
  size: number;
}

export class SegmentedLog {
  readonly #options: SegmentedLogOptions;
  readonly #set: SegmentSet;
  #spare: Spare | null = null;
  #preparing: Promise<boolean> | null = null;
  #removing: Promise<void> = Promise.resolve();
  #lacksRoom = false;
  #retrying = false;
  #number = 0;

  constructor(options: SegmentedLogOptions) {
    this.#options = options;
    this.#set = options.set;
  }

  get current(): Segment {
    return this.#set.current;
  }

  /** Whether all that was appended is synced. */
  get synced(): boolean {
    return this.current.end === this.current.durableEnd;
  }

  /** Whether the medium had no room when it was last asked for some. */
  get lacksRoom(): boolean {
    return this.#lacksRoom;
  }

  /** Whether the medium has no room for more than removals. */
  get full(): boolean {
    return this.#lacksRoom && this.#spare === null && this.#left(true) < RECORD_HEADER_BYTES;
  }

  /** Begins the first segment of this run. Rejects with `full` or the system's error. */
  async open(sequence: number): Promise<void> {
    const { segments } = this.#set;
    this.#number = segments.at(-1)?.number ?? 0;
    this.#options.stats.segments += segments.length;
    if (!(await this.#prepare(0))) {
      throw new EngineError('full', `${this.#options.disk.name} has no room to begin a log`);
    }
    await this.#rotate(sequence);
  }

  /**
   * Sees to it that a record with a body of so many bytes fits: `adding` some data, or only
   * removing. False when the medium has no room for it.
   */
  async reserve(bodyBytes: number, adding: boolean, sequence: number): Promise<boolean> {
    const bytes = RECORD_HEADER_BYTES + bodyBytes;
    if (this.#spare !== null && bytes <= this.#left(false)) return true;
    if (bytes <= this.#left(adding)) {
      this.#prepareAhead();
      return true;
    }
    if (!(await this.#prepare(SEGMENT_HEADER_BYTES + bytes))) return false;
    await this.#rotate(sequence);
    return true;
  }

  /** Writes a record, for which there is room; it is not synced. Gives the address of its body. */
  async append(writer: LogWriter, sequence: number): Promise<number> {
    const segment = this.current;
    const { record, count } = writer;
    assert.ok(segment.end + record.length <= segment.size, 'a record that no room was made for');
    sealRecord(record, sequence, count, segment.durableEnd, segment.salt);
    for (;;) {
      try {
        await segment.file.write(record, segment.end);
        break;
      } catch (error) {
        // Some file systems need room even to write over zeros. It may be tried again: nothing
        // that counts was there.
        if (!saysFull(error)) throw error;
        await this.#options.pause();
      }
    }
    const bodyAddress = segment.base + segment.end + RECORD_HEADER_BYTES;
    segment.addRecord(segment.end);
    segment.end += record.length;
    this.#options.stats.bytesWritten += record.length;
    return bodyAddress;
  }

  /** Makes everything appended before survive a power cut. */
  async sync(): Promise<void> {
    const segment = this.current;
    const { end } = segment;
    if (end === segment.durableEnd) return;
    const { clock, stats } = this.#options;
    const sinceMs = clock.monotonicMs();
    await segment.file.datasync();
    segment.durableEnd = end;
    stats.synced(clock.monotonicMs() - sinceMs);
  }

  /**
   * Lets go of the oldest segments that hold nothing any more, `countMax` at most, if what is in
   * memory is durable: what was moved away from them may not be, yet.
   */
  retire(countMax: number = Number.POSITIVE_INFINITY): void {
    if (!this.synced) return;
    for (let count = 0; count < countMax && this.#set.oldestIsDead; count += 1) {
      const segment = this.#set.segments.shift()!;
      this.#options.stats.segments -= 1;
      this.#removing = this.#removing.then(() => this.#remove(segment));
      this.#removing.catch(this.#options.onError);
    }
  }

  /**
   * Ends the log of a run that ends in order: a last record says that all before it was synced, so
   * that any damage to it will be seen. What was only made ready goes.
   */
  async seal(sequence: number): Promise<void> {
    await this.sync();
    if (!(await this.reserve(0, false, sequence))) return;
    await this.append(new LogWriter(), sequence);
    await this.sync();
    const { current } = this;
    await current.file.truncate(current.end);
    await this.#preparing;
    const spare = this.#spare;
    this.#spare = null;
    if (spare !== null) await this.#discard(spare);
  }

  /** Resolves when nothing goes on in the background; then closes the files. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#preparing, this.#removing]);
    const files = this.#set.segments.map(segment => segment.retire());
    if (this.#spare !== null) files.push(this.#spare.file.close());
    await Promise.allSettled(files);
  }

  #left(adding: boolean): number {
    const { size, end } = this.current;
    return size - end - (adding ? Math.floor(size / RESERVE) : 0);
  }

  #prepareAhead(): void {
    if (this.#spare === null && !this.#lacksRoom) {
      this.#prepare(0).catch(this.#options.onError);
    }
  }

  /** Makes the spare segment ready, with at least so many bytes. */
  async #prepare(bytes: number): Promise<boolean> {
    while (this.#preparing !== null) await this.#preparing;
    if (this.#spare !== null && this.#spare.size >= bytes) return true;
    this.#preparing = this.#fill(Math.max(bytes, this.#options.segmentBytes));
    try {
      const filled = await this.#preparing;
      const lacked = this.#lacksRoom;
      this.#lacksRoom = !filled;
      if (!filled) void this.#retry();
      else if (lacked) this.#options.onRoom();
      return filled;
    } finally {
      this.#preparing = null;
    }
  }

  async #fill(size: number): Promise<boolean> {
    const { disk, prefix } = this.#options;
    let spare = this.#spare;
    this.#spare = null;
    try {
      if (spare === null) {
        this.#number += 1;
        const name = segmentName(prefix, this.#number);
        spare = { name, number: this.#number, file: await disk.open(name, true), size: 0 };
        await disk.syncDirectory();
      }
      while (spare.size < size) {
        const zeros = ZEROS.subarray(0, size - spare.size);
        await spare.file.write(zeros, spare.size);
        spare.size += zeros.length;
      }
      await spare.file.datasync();
      this.#spare = spare;
      return true;
    } catch (error) {
      if (!saysFull(error)) throw error;
      // What was filled is no use until there is more; others may need the room.
      if (spare !== null) await this.#discard(spare);
      return false;
    }
  }

  async #discard({ name, file }: Spare): Promise<void> {
    await file.close();
    await this.#options.disk.remove(name);
    await this.#options.disk.syncDirectory();
    this.#number -= 1;
  }

  async #rotate(sequence: number): Promise<void> {
    const spare = this.#spare!;
    const previous = this.#set.segments.at(-1);
    // A record of the next segment must not outlive one of this.
    if (previous !== undefined) await this.sync();
    const header = {
      previousEnd: previous?.end ?? 0,
      base: previous === undefined ? 0 : previous.base + previous.end,
      sequence,
      salt: this.#options.random.uint32(),
    };
    await spare.file.write(encodeSegmentHeader(header), 0);
    await spare.file.datasync();
    const place = { ...spare, ...header };
    this.#set.segments.push(new Segment(place, SEGMENT_HEADER_BYTES));
    this.#options.stats.segments += 1;
    this.#spare = null;
    this.#prepareAhead();
  }

  async #remove(segment: Segment): Promise<void> {
    await this.#options.disk.remove(segment.name);
    // One by one, oldest first: a removal in an older one must not come back without the newer.
    await this.#options.disk.syncDirectory();
    await segment.retire();
    if (this.#lacksRoom) await this.#prepare(0);
  }

  /** Looks for room again and again, as long as there is none. */
  async #retry(): Promise<void> {
    if (this.#retrying) return;
    this.#retrying = true;
    try {
      do await this.#options.pause();
      while (this.#lacksRoom && !(await this.#prepare(0)));
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#retrying = false;
    }
  }
}
