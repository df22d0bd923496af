/**
 * Keeps the accept log short: moves the last entries of its oldest segment to the new end, so that
 * one client that sleeps does not hold up all that was accepted after its message.
 */

import type { Journal } from '../journal.ts';
import { readWhole } from '../log/read-whole.ts';
import type { Segment } from '../log/segment.ts';
import { type FoundRecord, recordsIn } from '../log/segment-scan.ts';
import type { SegmentSet } from '../log/segment-set.ts';
import { readRecord } from './accept-items.ts';
import type { EntryIndex } from './entry-index.ts';
import { MovedEntries, type MovingEntry } from './moved-entries.ts';

/** What is moved in one batch. */
const MOVE_BYTES_MAX = 1024 * 1024;

export interface AcceptCleanerOptions {
  readonly journal: Journal;
  readonly set: SegmentSet;
  readonly index: EntryIndex;
  readonly segmentBytes: number;
  readonly move: (entries: MovedEntries) => void;
  readonly onError: (error: unknown) => void;
}

export class AcceptCleaner {
  readonly #options: AcceptCleanerOptions;
  #running: Promise<void> | null = null;

  constructor(options: AcceptCleanerOptions) {
    this.#options = options;
  }

  /** Begins to clean if the log is long for what it holds. */
  consider(): void {
    const { set, index, segmentBytes, journal, onError } = this.#options;
    const segmentsMax = 2 + 2 * Math.ceil(index.bytes / segmentBytes);
    if (this.#running !== null || set.segments.length <= segmentsMax) return;
    this.#running = this.#clean(set.segments[0])
      .catch(error => {
        // Without room, or at the end, the segment stays as it was.
        if (journal.error === null && error?.code !== 'full') onError(error);
      })
      .finally(() => {
        this.#running = null;
      });
  }

  /** Resolves when nothing is being cleaned. */
  async quiet(): Promise<void> {
    await this.#running;
  }

  async #clean(segment: Segment): Promise<void> {
    const bytes = await readWhole(segment);
    let entries: MovingEntry[] = [];
    let size = 0;
    for (const record of recordsIn(bytes, segment.salt, segment.end)) {
      for (const entry of this.#alive(record, segment.base + record.bodyAt)) {
        entries.push(entry);
        size += entry.bytes.length;
        if (size < MOVE_BYTES_MAX) continue;
        await this.#move(entries);
        entries = [];
        size = 0;
      }
    }
    if (entries.length > 0) await this.#move(entries);
  }

  #alive(record: FoundRecord, bodyAddress: number): MovingEntry[] {
    const alive: MovingEntry[] = [];
    readRecord(record, {
      entry: (sequence, index, at, length) => {
        const address = bodyAddress + at;
        if (this.#options.index.addressOf(sequence, index) !== address) return;
        alive.push({ sequence, index, address, bytes: record.body.subarray(at, at + length) });
      },
      release: () => {},
    });
    return alive;
  }

  async #move(entries: readonly MovingEntry[]): Promise<void> {
    const moved = new MovedEntries(entries);
    this.#options.move(moved);
    await moved.done;
  }
}
