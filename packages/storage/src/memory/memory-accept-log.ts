/** The accept log of a `MemoryEngine`: a map of records on its disk, one record a batch. */

import type { AcceptLog, EntryRef, OfferDone, OrphanEntry, OrphanLog } from '../accept-log.ts';
import { itemCost, type Quota } from '../adapter/quota.ts';
import { EngineError } from '../engine-error.ts';
import type { NodeRef } from '../node-ref.ts';
import type { MemoryDisk, StoredLog } from './memory-disk.ts';
import type { JournalOp, MemoryJournal } from './memory-journal.ts';

export class MemoryAcceptLog implements AcceptLog {
  readonly entryBytesMax: number;
  readonly #disk: MemoryDisk;
  readonly #journal: MemoryJournal;
  readonly #quota: Quota;
  readonly #log: StoredLog;
  readonly #drainListeners: (() => void)[] = [];
  /** The smallest refused since the last drain; infinite when none was. */
  #refusedCost = Number.POSITIVE_INFINITY;
  #draining = false;

  constructor(disk: MemoryDisk, journal: MemoryJournal, self: NodeRef) {
    this.entryBytesMax = disk.limits.entryBytesMax;
    this.#disk = disk;
    this.#journal = journal;
    this.#quota = disk.quotas.accepts;
    this.#log = { from: self, records: new Map() };
  }

  /** True when every entry of this run is released. */
  get empty(): boolean {
    return this.#log.records.size === 0;
  }

  open(): void {
    for (const [incarnation, log] of this.#disk.logs) {
      if (log.records.size === 0) this.#disk.logs.delete(incarnation);
    }
    this.#disk.logs.set(this.#log.from.incarnation, this.#log);
  }

  /** Takes no more entries: from now on they fail with `closed`. */
  drain(): void {
    this.#draining = true;
  }

  offer(entry: Uint8Array, done: OfferDone): boolean {
    if (entry.length > this.entryBytesMax) {
      throw new RangeError(
        `entry of ${entry.length} bytes, entryBytesMax is ${this.entryBytesMax}`,
      );
    }
    if (this.#draining || this.#journal.error !== null) {
      this.#journal.submit(new RefusedOffer(done));
      return true;
    }
    const cost = itemCost(entry, '');
    if (this.#disk.faults.full || !this.#quota.take(cost)) {
      this.#quota.refuse();
      this.#refusedCost = Math.min(this.#refusedCost, cost);
      return false;
    }
    this.#journal.submit(new Offer(this.#log, this.#quota, new Uint8Array(entry), cost, done));
    return true;
  }

  onDrain(listener: () => void): void {
    this.#drainListeners.push(listener);
  }

  release(at: EntryRef): void {
    const { id, incarnation } = this.#log.from;
    if (at.node.id !== id || at.node.incarnation !== incarnation) {
      throw new RangeError(
        `entry of ${at.node.id}/${at.node.incarnation}, not ${id}/${incarnation}`,
      );
    }
    this.#journal.submit({
      adds: false,
      write: () => this.#remove(at),
      settle: () => this.tellDrained(),
      drop: () => {},
    });
  }

  async *orphans(): AsyncIterable<OrphanLog> {
    const logs = await this.#journal.run(() => [...this.#disk.logs.values()]);
    for (const log of logs) if (log !== this.#log) yield this.#orphan(log);
  }

  /** Calls the drain listeners if an offer was refused that now fits. */
  tellDrained(): void {
    if (this.#journal.error !== null || this.#disk.faults.full) return;
    if (this.#quota.free < this.#refusedCost) return;
    this.#refusedCost = Number.POSITIVE_INFINITY;
    for (const listener of this.#drainListeners) listener();
  }

  #orphan(log: StoredLog): OrphanLog {
    const { from } = log;
    const journal = this.#journal;
    return {
      from,
      async *entries() {
        const entries = await journal.run(() => unreleased(log));
        yield* entries;
      },
      finish: async () => {
        await journal.run(() => {
          if (!this.#disk.logs.delete(from.incarnation)) return;
          for (const { bytes } of unreleased(log)) this.#quota.give(itemCost(bytes, ''));
        });
        this.tellDrained();
      },
    };
  }

  #remove(at: EntryRef): void {
    const record = this.#log.records.get(at.sequence);
    const bytes = record?.entries[at.index];
    if (record === undefined || !bytes) return;
    record.entries[at.index] = null;
    record.unreleased -= 1;
    if (record.unreleased === 0) this.#log.records.delete(at.sequence);
    this.#quota.give(itemCost(bytes, ''));
  }
}

function unreleased(log: StoredLog): OrphanEntry[] {
  const found: OrphanEntry[] = [];
  for (const [sequence, record] of log.records) {
    for (const [index, bytes] of record.entries.entries()) {
      if (bytes !== null) found.push({ at: { node: log.from, sequence, index }, bytes });
    }
  }
  return found;
}

/** An entry on its way into the log. */
class Offer implements JournalOp {
  readonly adds = true;
  readonly #log: StoredLog;
  readonly #quota: Quota;
  readonly #bytes: Uint8Array;
  readonly #cost: number;
  readonly #done: OfferDone;
  #sequence = 0;
  #index = 0;

  constructor(log: StoredLog, quota: Quota, bytes: Uint8Array, cost: number, done: OfferDone) {
    this.#log = log;
    this.#quota = quota;
    this.#bytes = bytes;
    this.#cost = cost;
    this.#done = done;
  }

  write(batch: number): void {
    let record = this.#log.records.get(batch);
    if (record === undefined) {
      record = { entries: [], unreleased: 0 };
      this.#log.records.set(batch, record);
    }
    this.#sequence = batch;
    this.#index = record.entries.push(this.#bytes) - 1;
    record.unreleased += 1;
  }

  settle(error: EngineError | null): void {
    if (error === null) {
      this.#done(null, { node: this.#log.from, sequence: this.#sequence, index: this.#index });
      return;
    }
    this.drop();
    this.#done(error, null);
  }

  drop(): void {
    this.#quota.give(this.#cost);
  }
}

/** An entry offered to a log that is closed: it only waits for its turn to hear so. */
class RefusedOffer implements JournalOp {
  readonly adds = false;
  readonly #done: OfferDone;

  constructor(done: OfferDone) {
    this.#done = done;
  }

  write(): void {}

  settle(error: EngineError | null): void {
    this.#done(error ?? new EngineError('closed', 'the engine is stopping'), null);
  }

  drop(): void {}
}
