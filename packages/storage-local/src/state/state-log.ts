/**
 * The log behind everything that has a key. Work on it runs in order, within batches, on what is
 * durable; each piece decides, changes memory and encodes what makes the change last. The oldest
 * segments go when nothing in them counts; what still counts there moves to the new end first.
 */

import { EngineError } from '@godwit/storage';
import type { Quota } from '@godwit/storage/adapter';
import type { Journal, Lane } from '../journal.ts';
import { LogReader } from '../log/log-reader.ts';
import { LogWriter } from '../log/log-writer.ts';
import type { Segment } from '../log/segment.ts';
import { SegmentSet } from '../log/segment-set.ts';
import type { SegmentedLog } from '../log/segmented-log.ts';

/** A batch takes no more work once it has this many bytes. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes of a quota for an item about to be stored. */
export interface Reservation {
  readonly quota: Quota;
  readonly bytes: number;
}

/** One piece of work. */
interface StateWork {
  /** Upper bound of what it encodes; 0: it only looks. */
  readonly bytesMax: number;
  readonly adds: boolean;
  apply(): void;
  settle(error: EngineError | null): void;
  error: EngineError | null;
}

export class StateLog implements Lane {
  /** What the work of a batch encodes into. */
  readonly writer: LogWriter = new LogWriter();
  readonly #journal: Journal;
  readonly #afterBatch: () => void;
  #log: SegmentedLog | null = null;
  #set = new SegmentSet();
  #reader: LogReader = new LogReader(this.#set);
  #sequence = 1;
  #bodyAddress = 0;
  #waiting: StateWork[] = [];
  #batch: StateWork[] = [];
  #settled = 0;

  /** `afterBatch` is called when a batch is durable and its callers were told. */
  constructor(journal: Journal, afterBatch: () => void) {
    this.#journal = journal;
    this.#afterBatch = afterBatch;
    journal.add(this);
  }

  /** Segments, oldest first. */
  get segments(): readonly Segment[] {
    return this.#set.segments;
  }

  /** The next number: revisions and positions. */
  get sequence(): number {
    return this.#sequence;
  }

  get reader(): LogReader {
    return this.#reader;
  }

  /** A number never used before in this run, nor again by others once the batch is durable. */
  takeNumber(): number {
    this.#sequence += 1;
    return this.#sequence - 1;
  }

  /** Where bytes are stored that were encoded at `bodyAt`. */
  address(bodyAt: number): number {
    return this.#bodyAddress + bodyAt;
  }

  /** Counts one more stored value, or one less, at an address. */
  count(address: number, change: 1 | -1): void {
    this.#set.count(address, change);
  }

  /** Says what the log holds, before anything is restored from it. */
  restore(set: SegmentSet): void {
    this.#set = set;
    this.#reader = new LogReader(set);
  }

  /** Writes to `log` from now on, numbers from `sequence` on. */
  open(log: SegmentedLog, sequence: number): void {
    this.#log = log;
    this.#sequence = sequence;
  }

  /**
   * Runs `apply` in the next batch, in order, and resolves with its result when that is durable.
   * `bytesMax` bounds what it encodes, 0 if it only looks; it must not throw. `reserved` goes back
   * if it is not run; once run, it is the work's to account for.
   */
  run<T>(bytesMax: number, reserved: Reservation | null, apply: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: T;
      const settle = (error: EngineError | null): void => {
        if (error === null) {
          resolve(result);
          return;
        }
        reserved?.quota.give(reserved.bytes);
        reject(error);
      };
      const work = {
        bytesMax,
        adds: reserved !== null,
        apply: () => {
          result = apply();
        },
        settle,
        error: null,
      };
      this.submit(work);
    });
  }

  submit(work: StateWork): void {
    if (this.#journal.error !== null) {
      this.#journal.refuse(error => work.settle(error));
      return;
    }
    this.#waiting.push(work);
    this.#journal.kick();
  }

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  take(): void {
    let bytes = 0;
    let taken = 0;
    while (taken < this.#waiting.length && bytes < BATCH_BYTES_MAX) {
      bytes += this.#waiting[taken].bytesMax;
      taken += 1;
    }
    this.#batch = this.#waiting.splice(0, taken);
    this.#settled = 0;
  }

  async commit(): Promise<void> {
    const log = this.#log!;
    await this.#makeRoom(log);
    if (this.#journal.error !== null) return;
    this.#bodyAddress = log.bodyAddress;
    for (const work of this.#batch) if (work.error === null) work.apply();
    if (this.writer.count === 0) return;
    await log.append(this.writer, this.#sequence);
    this.writer.clear();
    await log.sync();
  }

  settle(mayTell: () => boolean): void {
    this.#log?.retire();
    while (this.#settled < this.#batch.length && mayTell()) {
      const work = this.#batch[this.#settled];
      this.#settled += 1;
      this.#journal.tell(() => work.settle(work.error));
    }
    if (mayTell()) this.#afterBatch();
  }

  fail(error: EngineError): void {
    const left = [...this.#batch.slice(this.#settled), ...this.#waiting];
    this.#batch = [];
    this.#waiting = [];
    for (const work of left) this.#journal.tell(() => work.settle(error));
  }

  /** Sees to room for the batch; without it, refuses the work that adds, or all that encodes. */
  async #makeRoom(log: SegmentedLog): Promise<void> {
    let bytes = 0;
    let bytesWithoutAdding = 0;
    for (const { bytesMax, adds } of this.#batch) {
      bytes += bytesMax;
      if (!adds) bytesWithoutAdding += bytesMax;
    }
    if (bytes === 0) return;
    const adds = bytes > bytesWithoutAdding;
    if (await log.reserve(bytes, adds, this.#sequence)) return;
    const full = new EngineError('full', 'the medium has no room left');
    const others =
      bytesWithoutAdding === 0 || (await log.reserve(bytesWithoutAdding, false, this.#sequence));
    for (const work of this.#batch) {
      if (work.adds || (!others && work.bytesMax > 0)) work.error = full;
    }
  }
}
