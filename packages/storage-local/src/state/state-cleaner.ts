/**
 * Keeps the state log short: reads its oldest segment and moves what still counts to the new end,
 * so that the segment can go. A value that never changes does not hold up all that was written
 * after it.
 */

import type { Journal } from '../journal.ts';
import { BodyReader } from '../log/body-reader.ts';
import { readWhole } from '../log/read-whole.ts';
import type { Segment } from '../log/segment.ts';
import { recordsIn } from '../log/segment-scan.ts';
import { readItems, type StateItem } from './state-items.ts';
import type { StateLog } from './state-log.ts';

/** What is moved in one piece of work. */
const MOVE_BYTES_MAX = 1024 * 1024;

/** What an item takes at most besides its key and its value. */
const ITEM_HEAD_BYTES_MAX = 2048;

/** A stored value, with where it was. */
export interface StoredValue {
  readonly item: StateItem;
  readonly address: number;
  readonly value: Uint8Array;
}

export interface StateCleanerOptions {
  readonly journal: Journal;
  readonly state: StateLog;
  readonly segmentBytes: number;
  /** Bytes that everything stored takes, about. */
  readonly usedBytes: () => number;
  /** Whether a value is still what counts. */
  readonly counts: (item: StateItem, address: number) => boolean;
  /** Encodes a value anew if it still counts. */
  readonly move: (value: StoredValue) => void;
  readonly onError: (error: unknown) => void;
}

export class StateCleaner {
  readonly #options: StateCleanerOptions;
  #running: Promise<void> | null = null;

  constructor(options: StateCleanerOptions) {
    this.#options = options;
  }

  /** Begins to clean if the log is long for what it holds. */
  consider(): void {
    const { state, usedBytes, segmentBytes, journal, onError } = this.#options;
    const segmentsMax = 2 + 2 * Math.ceil(usedBytes() / segmentBytes);
    if (this.#running !== null || state.segments.length <= segmentsMax) return;
    this.#running = this.#clean(state.segments[0])
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
    let values: StoredValue[] = [];
    let size = 0;
    for (const { body, bodyAt } of recordsIn(bytes, segment.salt, segment.end)) {
      for (const item of readItems(new BodyReader(body))) {
        if (!('valueAt' in item)) continue;
        const address = segment.base + bodyAt + item.valueAt;
        if (!this.#options.counts(item, address)) continue;
        const value = body.subarray(item.valueAt, item.valueAt + item.length);
        values.push({ item, address, value });
        size += item.length + ITEM_HEAD_BYTES_MAX;
        if (size < MOVE_BYTES_MAX) continue;
        await this.#move(values);
        values = [];
        size = 0;
      }
    }
    if (values.length > 0) await this.#move(values);
  }

  async #move(values: readonly StoredValue[]): Promise<void> {
    const { state, move } = this.#options;
    let bytesMax = 0;
    for (const { item, value } of values) {
      bytesMax += value.length + 3 * item.key.length + ITEM_HEAD_BYTES_MAX;
    }
    await state.run(bytesMax, null, () => {
      for (const value of values) move(value);
    });
  }
}
