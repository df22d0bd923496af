/**
 * The accept log of a `LocalEngine` as the broker sees it: gives positions to what is offered,
 * counts its holders and its bytes, and reads it back. `AcceptLane` writes it.
 */

import type { Clock } from '@godwit/runtime';
import { type AcceptLog, type AcceptLogVisitor, EngineError } from '@godwit/storage';
import { ITEM_BYTES, type Quota } from '@godwit/storage/adapter';
import type { Journal } from '../journal.ts';
import type { LocalStats } from '../local-stats.ts';
import { AcceptLane } from './accept-lane.ts';
import { type AcceptStore, placeInBatch } from './accept-store.ts';
import { MARK_BYTES_MAX } from './mark-book.ts';

export interface LocalAcceptLogOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly quota: Quota;
  readonly stats: LocalStats;
  readonly store: AcceptStore;
  readonly entryBytesMax: number;
  /** Whether offers are refused may have changed. */
  readonly onRoom: () => void;
  readonly onError: (error: unknown) => void;
}

export class LocalAcceptLog implements AcceptLog {
  readonly entryBytesMax: number;
  readonly markBytesMax: number = MARK_BYTES_MAX;
  readonly lane: AcceptLane;
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #quota: Quota;
  readonly #stats: LocalStats;
  readonly #store: AcceptStore;
  readonly #onRoom: () => void;
  readonly #onError: (error: unknown) => void;
  #acceptedListener: (upTo: number) => void = () => {};
  #drainListener: () => void = () => {};
  #loading = false;
  #open = false;
  #next = 1;
  /** The smallest refused since the last drain; infinite when none was. */
  #refusedCost = Number.POSITIVE_INFINITY;
  #checking = false;

  constructor(options: LocalAcceptLogOptions) {
    const { clock, journal, store } = options;
    this.entryBytesMax = options.entryBytesMax;
    this.lane = new AcceptLane({
      clock,
      journal,
      store,
      onAccepted: upTo => this.#acceptedListener(upTo),
      onRoom: () => this.#tellDrained(),
    });
    this.#clock = clock;
    this.#journal = journal;
    this.#quota = options.quota;
    this.#stats = options.stats;
    this.#store = store;
    this.#onRoom = options.onRoom;
    this.#onError = options.onError;
  }

  /** Whether offers are refused for want of room. */
  get refusing(): boolean {
    return this.lane.parked || this.#refusedCost < Number.POSITIVE_INFINITY;
  }

  async load(visitor: AcceptLogVisitor): Promise<void> {
    if (this.#journal.error !== null) throw this.#journal.error;
    if (this.#loading) throw new EngineError('closed', 'an accept log is loaded once');
    this.#loading = true;
    try {
      this.#next = await this.#store.load(visitor);
      this.#quota.charge(this.#stats.entries * ITEM_BYTES + this.#stats.entryBytes);
    } catch (error) {
      this.#onError(error);
      throw this.#journal.error ?? error;
    }
    // It may have been stopped meanwhile.
    if (this.#journal.error !== null) throw this.#journal.error;
    this.lane.open(this.#next - 1);
    this.#open = true;
  }

  offer(bytes: Uint8Array, start: number, end: number, holders: number): number {
    const length = end - start;
    if (length > this.entryBytesMax) {
      throw new RangeError(`entry of ${length} bytes, entryBytesMax is ${this.entryBytesMax}`);
    }
    if (!(start >= 0 && length >= 0 && end <= bytes.length && holders >= 1)) {
      throw new RangeError(`bytes ${start} to ${end} of ${bytes.length}, for ${holders} holders`);
    }
    if (!this.#open || this.#journal.error !== null) return 0;
    const cost = ITEM_BYTES + length;
    if (this.lane.parked || this.#store.log.full || !this.#quota.take(cost)) {
      return this.#refuse(cost);
    }
    const position = this.#next;
    const at = this.lane.add(position, bytes, start, end);
    this.#next = position + 1;
    this.#store.index.add(position, placeInBatch(at), length, holders);
    this.#stats.entries += 1;
    this.#stats.entryBytes += length;
    return position;
  }

  onAccepted(listener: (upTo: number) => void): void {
    this.#acceptedListener = listener;
  }

  onDrain(listener: () => void): void {
    this.#drainListener = listener;
  }

  read(at: number): Uint8Array | Promise<Uint8Array> {
    if (this.#journal.error !== null) return Promise.reject(this.#journal.error);
    const { index, reader } = this.#store;
    const address = index.addressOf(at);
    if (Number.isNaN(address)) throw new RangeError(`no entry at ${at} has a holder`);
    const length = index.lengthOf(at);
    if (address < 0) return this.lane.view(at, placeInBatch(address), length);
    const bytes = reader.read(address, length);
    return bytes instanceof Uint8Array ? bytes : this.#checked(bytes);
  }

  release(at: number): void {
    if (this.#journal.error !== null) return;
    const { index, set } = this.#store;
    const left = index.release(at);
    if (left > 0) return;
    if (left < 0) throw new RangeError(`no entry at ${at} has a holder`);
    const length = index.goneLength;
    this.#quota.give(ITEM_BYTES + length);
    this.#stats.entries -= 1;
    this.#stats.entryBytes -= length;
    if (index.goneAddress >= 0) {
      set.count(index.goneAddress, -1);
      if (set.oldestIsDead) this.#journal.kick();
    }
    if (this.#refusedCost < Number.POSITIVE_INFINITY) this.#checkSoon();
  }

  onMark(encode: (key: number, into: Uint8Array) => number): void {
    this.#store.marks.onMark = encode;
  }

  touch(key: number): void {
    if (this.#journal.error !== null) return;
    this.#store.marks.touch(key);
    this.lane.touched();
  }

  forget(key: number): void {
    if (this.#journal.error !== null) return;
    this.#store.marks.forget(key);
    this.lane.touched();
  }

  settle(done: () => void): void {
    if (this.#journal.error === null) this.lane.settle(this.#next - 1, done);
  }

  /** Takes no more offers, and has everything written soon. */
  close(): void {
    this.#open = false;
    this.lane.close();
  }

  async #checked(bytes: Promise<Uint8Array>): Promise<Uint8Array> {
    try {
      return await bytes;
    } catch (error) {
      this.#onError(error);
      throw this.#journal.error ?? error;
    }
  }

  #refuse(cost: number): 0 {
    this.#stats.fullRefusals += 1;
    const first = this.#refusedCost === Number.POSITIVE_INFINITY;
    this.#refusedCost = Math.min(this.#refusedCost, cost);
    if (first) this.#onRoom();
    return 0;
  }

  #checkSoon(): void {
    if (this.#checking) return;
    this.#checking = true;
    this.#clock.defer(() => {
      this.#checking = false;
      this.#tellDrained();
    });
  }

  /** Calls the drain listener if an offer was refused that now fits. */
  #tellDrained(): void {
    if (this.#journal.error !== null) return;
    const fits = this.#quota.free >= this.#refusedCost;
    const drained =
      this.#refusedCost < Number.POSITIVE_INFINITY &&
      fits &&
      !this.lane.parked &&
      !this.#store.log.full;
    if (drained) this.#refusedCost = Number.POSITIVE_INFINITY;
    this.#onRoom();
    if (drained) this.#journal.tell(this.#drainListener);
  }
}
