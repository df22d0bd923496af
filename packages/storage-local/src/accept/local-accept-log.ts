/**
 * The accept log of a `LocalEngine`: one record a batch, offers encoded as they arrive, releases
 * along with the next batch. What other runs have left is kept by `OrphanRuns`.
 */

import {
  type AcceptLog,
  EngineError,
  type EntryRef,
  type NodeRef,
  type OfferDone,
  type OrphanLog,
} from '@godwit/storage';
import { itemCost, type Quota } from '@godwit/storage/adapter';
import type { Journal, Lane } from '../journal.ts';
import type { SegmentSet } from '../log/segment-set.ts';
import type { SegmentedLog } from '../log/segmented-log.ts';
import { AcceptBatch } from './accept-batch.ts';
import { AcceptCleaner } from './accept-cleaner.ts';
import { RELEASE_BYTES, writeMoved, writeRelease } from './accept-items.ts';
import { EntryIndex, type IndexedEntry } from './entry-index.ts';
import type { MovedEntries } from './moved-entries.ts';
import type { OrphanRuns } from './orphan-runs.ts';

export interface LocalAcceptLogOptions {
  readonly journal: Journal;
  readonly self: NodeRef;
  readonly quota: Quota;
  readonly entryBytesMax: number;
  readonly segmentBytes: number;
  readonly orphans: OrphanRuns;
  readonly onError: (error: unknown) => void;
}

export class LocalAcceptLog implements AcceptLog, Lane {
  readonly entryBytesMax: number;
  readonly #self: NodeRef;
  readonly #journal: Journal;
  readonly #quota: Quota;
  readonly #orphans: OrphanRuns;
  readonly #options: LocalAcceptLogOptions;
  readonly #drainListeners: (() => void)[] = [];
  #log: SegmentedLog | null = null;
  #index: EntryIndex | null = null;
  #cleaner: AcceptCleaner | null = null;
  #waitingBatches: AcceptBatch[] = [];
  #batch: AcceptBatch | null = null;
  #batchError: EngineError | null = null;
  #batchSequence = 0;
  #idleBatch: AcceptBatch | null = new AcceptBatch();
  /** Sequence and index of each release that is not written yet. */
  #releases: number[] = [];
  #releasesHeld = false;
  #moves: MovedEntries | null = null;
  #sequence = 1;
  /** The smallest refused since the last drain; infinite when none was. */
  #refusedCost = Number.POSITIVE_INFINITY;
  #draining = false;

  constructor(options: LocalAcceptLogOptions) {
    this.entryBytesMax = options.entryBytesMax;
    this.#self = options.self;
    this.#journal = options.journal;
    this.#quota = options.quota;
    this.#orphans = options.orphans;
    this.#options = options;
    options.journal.add(this);
  }

  /** True when every entry of this run is released. */
  get empty(): boolean {
    return this.#waitingBatches.length === 0 && (this.#index?.count ?? 0) === 0;
  }

  /** The number of the next record. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Writes to `log`, which is new, from now on. */
  open(log: SegmentedLog, set: SegmentSet): void {
    const { journal, segmentBytes, onError } = this.#options;
    const index = new EntryIndex(set);
    const move = (moves: MovedEntries) => this.#move(moves);
    this.#log = log;
    this.#index = index;
    this.#cleaner = new AcceptCleaner({ journal, set, index, segmentBytes, move, onError });
  }

  /** Takes no more entries: from now on they fail with `closed`. */
  drain(): void {
    this.#draining = true;
  }

  /** Resolves when nothing is being cleaned. */
  async quiet(): Promise<void> {
    await this.#cleaner?.quiet();
  }

  offer(entry: Uint8Array, done: OfferDone): boolean {
    const { length } = entry;
    if (length > this.entryBytesMax) {
      throw new RangeError(`entry of ${length} bytes, entryBytesMax is ${this.entryBytesMax}`);
    }
    if (this.#journal.error !== null) {
      this.#journal.refuse(error => done(error, null));
      return true;
    }
    if (this.#draining) {
      this.#lastBatch().dones.push(done);
      this.#journal.kick();
      return true;
    }
    const cost = itemCost(entry, '');
    if (this.#log!.full || !this.#quota.take(cost)) {
      this.#quota.refuse();
      this.#refusedCost = Math.min(this.#refusedCost, cost);
      return false;
    }
    this.#lastBatch().add(entry, done);
    this.#journal.kick();
    return true;
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener);
  }

  release(at: EntryRef): void {
    const { id, incarnation } = this.#self;
    if (at.node.id !== id || at.node.incarnation !== incarnation) {
      throw new RangeError(
        `entry of ${at.node.id}/${at.node.incarnation}, not ${id}/${incarnation}`,
      );
    }
    if (this.#journal.error !== null) return;
    const length = this.#index!.release(at.sequence, at.index);
    if (length < 0) return;
    this.#quota.give(itemCost({ length }, ''));
    this.#releases.push(at.sequence, at.index);
    this.#journal.kick();
  }

  orphans(): AsyncIterable<OrphanLog> {
    return this.#orphans.logs(() => this.tellDrained());
  }

  /** Calls the drain listeners if an offer was refused that now fits. */
  tellDrained(): void {
    if (this.#journal.error !== null) return;
    this.#releasesHeld = false;
    if (this.#releases.length > 0) this.#journal.kick();
    if (this.#log!.full || this.#quota.free < this.#refusedCost) return;
    this.#refusedCost = Number.POSITIVE_INFINITY;
    for (const listener of this.#drainListeners) this.#journal.tell(listener);
  }

  get waiting(): boolean {
    return (
      this.#waitingBatches.length > 0 ||
      this.#moves !== null ||
      (this.#releases.length > 0 && !this.#releasesHeld)
    );
  }

  take(): void {
    this.#batch = this.#waitingBatches.shift() ?? this.#newBatch();
    this.#batchError = null;
  }

  async commit(): Promise<void> {
    const log = this.#log!;
    const batch = this.#batch!;
    const moves = this.#moves;
    const releases = this.#releases;
    const extra = (releases.length / 2) * RELEASE_BYTES + (moves?.bytes ?? 0);
    if (batch.writer.bodyBytes + extra === 0) return;
    // Those that come from now on are for the next batch: there is no room for them in this one.
    this.#releases = [];
    if (!(await this.#makeRoom(log, batch, extra))) {
      for (const number of this.#releases) releases.push(number);
      this.#releases = releases;
      return;
    }
    if (this.#journal.error !== null) return;
    const { bodyAddress } = log;
    const sequence = this.#sequence;
    this.#sequence += 1;
    this.#batchSequence = sequence;
    const moved = moves === null ? [] : this.#writeMoves(batch, moves, bodyAddress);
    for (let at = 0; at < releases.length; at += 2) {
      writeRelease(batch.writer, releases[at], releases[at + 1]);
    }
    if (batch.writer.bodyBytes === 0) return;
    await log.append(batch.writer, sequence);
    const entries = this.#batchError === null ? batch.count : 0;
    // A release that is lost brings back an entry; nobody waits for it.
    if (entries > 0 || moved.length > 0) await log.sync();
    for (let index = 0; index < entries; index += 1) {
      const address = bodyAddress + batch.places[2 * index];
      this.#index!.put(sequence, index, address, batch.places[2 * index + 1]);
    }
    for (const { sequence: from, index, address, length } of moved) {
      // It may have been released while it moved.
      if (this.#index!.addressOf(from, index) >= 0) this.#index!.put(from, index, address, length);
    }
  }

  settle(mayTell: () => boolean): void {
    const batch = this.#batch!;
    this.#log!.retire();
    while (batch.settled < batch.dones.length && mayTell()) {
      const index = batch.settled;
      batch.settled += 1;
      const done = batch.dones[index];
      if (index < batch.count && this.#batchError === null) {
        const at = { node: this.#self, sequence: this.#batchSequence, index };
        this.#journal.tell(() => done(null, at));
      } else {
        this.#refuse(batch, index, this.#batchError ?? stopping());
      }
    }
    if (!mayTell()) return;
    this.#batch = null;
    batch.clear();
    this.#idleBatch = batch;
    const moves = this.#moves;
    if (moves?.written) {
      this.#moves = null;
      moves.resolve();
    }
    this.tellDrained();
    this.#cleaner!.consider();
  }

  fail(error: EngineError): void {
    const batches = this.#waitingBatches;
    if (this.#batch !== null) batches.unshift(this.#batch);
    this.#waitingBatches = [];
    this.#batch = null;
    for (const batch of batches) {
      while (batch.settled < batch.dones.length) {
        batch.settled += 1;
        this.#refuse(batch, batch.settled - 1, error);
      }
    }
    this.#moves?.reject(error);
    this.#moves = null;
  }

  #refuse(batch: AcceptBatch, index: number, error: EngineError): void {
    if (index < batch.count) {
      this.#quota.give(itemCost({ length: batch.places[2 * index + 1] }, ''));
    }
    this.#journal.tell(() => batch.dones[index](error, null));
  }

  /** Without room, the entries are refused, and what else there is waits. */
  async #makeRoom(log: SegmentedLog, batch: AcceptBatch, extra: number): Promise<boolean> {
    const { bodyBytes } = batch.writer;
    if (await log.reserve(bodyBytes + extra, bodyBytes > 0, this.#sequence)) return true;
    if (bodyBytes > 0) this.#batchError = new EngineError('full', 'the medium has no room left');
    batch.writer.clear();
    if (extra > 0 && (await log.reserve(extra, false, this.#sequence))) return true;
    this.#releasesHeld = true;
    this.#moves?.reject(new EngineError('full', 'the medium has no room left'));
    this.#moves = null;
    return false;
  }

  #writeMoves({ writer }: AcceptBatch, moves: MovedEntries, bodyAddress: number): IndexedEntry[] {
    moves.written = true;
    return moves.entries
      .filter(({ sequence, index, address }) => {
        return this.#index!.addressOf(sequence, index) === address;
      })
      .map(({ sequence, index, bytes }) => {
        const address = bodyAddress + writeMoved(writer, sequence, index, bytes);
        return { sequence, index, address, length: bytes.length };
      });
  }

  #move(moves: MovedEntries): void {
    if (this.#journal.error !== null) {
      moves.reject(this.#journal.error);
      return;
    }
    this.#moves = moves;
    this.#journal.kick();
  }

  #lastBatch(): AcceptBatch {
    const last = this.#waitingBatches.at(-1);
    if (last !== undefined && !last.full) return last;
    const batch = this.#newBatch();
    this.#waitingBatches.push(batch);
    return batch;
  }

  #newBatch(): AcceptBatch {
    const batch = this.#idleBatch ?? new AcceptBatch();
    this.#idleBatch = null;
    return batch;
  }
}

function stopping(): EngineError {
  return new EngineError('closed', 'the engine is stopping');
}
