/**
 * Writes the state log: what was put and removed, in the order of the calls. When the disk is full
 * what adds is refused; removals go on in the reserve, and when that is used up they wait.
 */

import { EngineError } from '@godwit/storage';
import type { Journal, Lane } from '../journal.ts';
import type { LocalStats } from '../local-stats.ts';
import { RECORD_HEADER_BYTES } from '../log/log-format.ts';
import type { HeldValues } from './held-values.ts';
import { StateBatch } from './state-batch.ts';
import type { StateStore } from './state-store.ts';

export interface StateLaneOptions {
  readonly journal: Journal;
  readonly stats: LocalStats;
  readonly store: StateStore;
  /** Whether puts are refused may have changed. */
  readonly onRoom: () => void;
}

export class StateLane implements Lane {
  readonly #journal: Journal;
  readonly #stats: LocalStats;
  readonly #store: StateStore;
  readonly #onRoom: () => void;
  #batches: StateBatch[] = [];
  #last: StateBatch | null = null;
  #batch: StateBatch | null = null;
  /** For the next one: its memory is used again. */
  #spare: StateBatch | null = null;
  /** Not even removals have room. */
  #held = false;
  #refusing = false;
  #closing = false;

  constructor({ journal, stats, store, onRoom }: StateLaneOptions) {
    this.#journal = journal;
    this.#stats = stats;
    this.#store = store;
    this.#onRoom = onRoom;
    journal.add(this);
  }

  /** Whether the medium had no room for what was put last. */
  get refusing(): boolean {
    return this.#refusing;
  }

  get empty(): boolean {
    return this.#batches.length === 0;
  }

  /** Sets a key's value, or removes it with null; resolves when that is durable. */
  put(held: HeldValues, key: string, bytes: Uint8Array | null): Promise<void> {
    if (this.#journal.error !== null) return Promise.reject(this.#journal.error);
    if (this.#closing) return Promise.reject(new EngineError('closed', 'the engine is stopping'));
    if (bytes !== null && !held.reserve(key, bytes.length)) {
      this.#stats.fullRefusals += 1;
      return Promise.reject(held.quota.refusal());
    }
    let batch = this.#last;
    if (batch === null || batch.full) batch = this.#newBatch();
    this.#journal.kick();
    return bytes === null ? batch.remove(held, key) : batch.put(held, key, bytes);
  }

  /** Takes no more. */
  close(): void {
    this.#closing = true;
  }

  /** There is room again after there was none. */
  roomIsBack(): void {
    this.#refusing = false;
    this.#held = false;
    this.#journal.kick();
    this.#onRoom();
  }

  get waiting(): boolean {
    const { set, mover } = this.#store;
    if (set.oldestIsDead) return true;
    return !this.#held && (this.#batches.length > 0 || mover.waiting);
  }

  take(): void {
    if (this.#held) return;
    this.#batch = this.#batches.shift() ?? null;
    if (this.#batch === this.#last) this.#last = null;
    this.#store.mover.take();
  }

  async commit(): Promise<void> {
    const { log } = this.#store;
    const needed = this.#bytes;
    const adding = this.#batch?.adds ?? true;
    if (needed > 0 && !(await log.reserve(needed, adding, 1))) await this.#reduce();
    if (this.#journal.error !== null) return;
    await this.#append();
    await log.sync();
  }

  finish(): void {
    const { log, mover, cleaner } = this.#store;
    const batch = this.#batch;
    this.#batch = null;
    if (batch !== null) {
      batch.finish(null);
      batch.clear();
      this.#spare = batch;
    }
    mover.finish(null);
    log.retire();
    if (log.lacksRoom) return;
    if (this.#held || this.#refusing) this.roomIsBack();
    cleaner.consider();
  }

  fail(error: EngineError): void {
    this.#batch?.finish(error);
    this.#batch = null;
    for (const batch of this.#batches) batch.finish(error);
    this.#batches = [];
    this.#last = null;
    this.#store.mover.finish(error);
  }

  #newBatch(): StateBatch {
    const batch = this.#spare ?? new StateBatch();
    this.#spare = null;
    this.#batches.push(batch);
    this.#last = batch;
    return batch;
  }

  /** Bytes that the batch under way needs. */
  get #bytes(): number {
    const moved = this.#store.mover.writer.bodyBytes;
    const own = this.#batch?.writer.bodyBytes ?? 0;
    return moved === 0 ? own : moved + RECORD_HEADER_BYTES + own;
  }

  /** There is no room: what adds is refused, and only removals are written. */
  async #reduce(): Promise<void> {
    const { log, mover } = this.#store;
    const batch = this.#batch;
    const full = new EngineError('full', 'the medium has no room left');
    if (mover.taken) mover.finish(full);
    if (batch === null) return;
    if (batch.adds) {
      this.#stats.fullRefusals += 1;
      batch.refuse(full);
      this.#refusing = true;
      this.#onRoom();
    }
    const needed = batch.writer.bodyBytes;
    if (needed === 0 || (await log.reserve(needed, false, 1))) return;
    this.#batch = null;
    this.#batches.unshift(batch);
    this.#held = true;
  }

  async #append(): Promise<void> {
    const { log, mover } = this.#store;
    if (mover.writer.bodyBytes > 0) mover.stored(await log.append(mover.writer, 1));
    const batch = this.#batch;
    if (batch === null || batch.writer.bodyBytes === 0) return;
    batch.stored(await log.append(batch.writer, 1));
  }
}
