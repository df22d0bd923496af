/**
 * Keeps a log short: when it is long for what it holds, what still counts in its oldest segment is
 * stored anew at its end, so that the segment can go.
 */

import type { Journal } from '../journal.ts';
import type { LocalStats } from '../local-stats.ts';
import type { LogReader } from './log-reader.ts';
import type { Segment } from './segment.ts';
import { type FoundRecord, recordsIn } from './segment-scan.ts';
import type { SegmentSet } from './segment-set.ts';

/** What is read at once, and what is stored anew at once. */
const READ_BYTES = 256 * 1024;
const MOVE_BYTES_MAX = 1024 * 1024;

export interface LogCleanerOptions<Item> {
  readonly journal: Journal;
  readonly stats: LocalStats;
  readonly set: SegmentSet;
  readonly reader: LogReader;
  readonly segmentBytes: number;
  /** Bytes that everything takes that counts. */
  readonly liveBytes: () => number;
  /** Adds to `items` what of the record still counts; gives its bytes. */
  readonly collect: (record: FoundRecord, bodyAddress: number, items: Item[]) => number;
  /** Stores the items anew; resolves when that is durable. */
  readonly move: (items: readonly Item[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export class LogCleaner<Item> {
  readonly #options: LogCleanerOptions<Item>;
  #running: Promise<void> | null = null;

  constructor(options: LogCleanerOptions<Item>) {
    this.#options = options;
  }

  /** Begins to clean if the log is long for what it holds. */
  consider(): void {
    const { set, liveBytes, segmentBytes, journal, onError } = this.#options;
    if (this.#running !== null || set.segments.length <= 2) return;
    if (set.bytes <= 2 * segmentBytes + 2 * liveBytes()) return;
    this.#running = this.#clean(set.oldest)
      .catch(error => {
        // Without room, or at the end, the segment stays as it was.
        if (journal.error === null && error?.code !== 'full') onError(error);
      })
      .finally(() => {
        this.#running = null;
      });
  }

  /** Stores everything anew that counts and is not in the newest segment. */
  async cleanAll(): Promise<void> {
    await this.#running;
    this.#running = this.#cleanBefore(this.#options.set.current);
    try {
      await this.#running;
    } finally {
      this.#running = null;
    }
  }

  /** Resolves when nothing is being cleaned. */
  async quiet(): Promise<void> {
    await this.#running?.catch(() => {});
  }

  async #cleanBefore(last: Segment): Promise<void> {
    const { set, move } = this.#options;
    while (set.oldest !== last) {
      const segment = set.oldest;
      await this.#clean(segment);
      // It goes with the next batch.
      while (set.oldest === segment) await move([]);
    }
  }

  async #clean(segment: Segment): Promise<void> {
    const { reader, collect, set } = this.#options;
    let items: Item[] = [];
    let size = 0;
    segment.pin();
    try {
      // It goes by itself when its last item is let go of meanwhile.
      for (let index = 0; index < segment.records && set.oldest === segment; ) {
        const { bytes, offset, next } = await reader.records(segment, index, READ_BYTES);
        index = next;
        for (const record of recordsIn(bytes, segment.salt, 0, bytes.length, offset)) {
          size += collect(record, segment.base + record.bodyAt, items);
        }
        if (size === 0 || (size < MOVE_BYTES_MAX && index < segment.records)) continue;
        await this.#move(items, size);
        items = [];
        size = 0;
      }
    } finally {
      segment.unpin();
    }
  }

  async #move(items: readonly Item[], size: number): Promise<void> {
    const { journal, move, stats } = this.#options;
    if (journal.error !== null) throw journal.error;
    await move(items);
    stats.cleanedBytes += size;
  }
}
