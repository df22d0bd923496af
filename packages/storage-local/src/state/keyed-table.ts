/**
 * One table of the state log: where each key's value is, and what it counts for. It decides
 * nothing: its owner calls it from within the log's work.
 */

import type { Quota } from '@godwit/storage/adapter';
import { itemCost } from '@godwit/storage/adapter';
import type { PinnedBytes } from '../log/log-reader.ts';
import { type PutItem, writePut, writeRemove } from './state-items.ts';
import type { StateLog } from './state-log.ts';

/** A key's value. */
export interface HeldValue {
  readonly revision: number;
  /** Milliseconds since 1970-01-01 UTC; infinite: none. */
  readonly atMs: number;
  /** Where it is stored; −1: only here, in `bytes`. */
  readonly address: number;
  readonly length: number;
  readonly bytes: Uint8Array | null;
  readonly cost: number;
}

/** A value that will be read. */
export type PinnedValue = PinnedBytes | Uint8Array;

export class KeyedTable {
  readonly quota: Quota;
  readonly #code: number;
  readonly #state: StateLog;
  readonly #held = new Map<string, HeldValue>();

  constructor(code: number, quota: Quota, state: StateLog) {
    this.quota = quota;
    this.#code = code;
    this.#state = state;
  }

  get(key: string): HeldValue | undefined {
    return this.#held.get(key);
  }

  entries(): IterableIterator<[string, HeldValue]> {
    return this.#held.entries();
  }

  /** Sets and encodes the key's value, whose cost is taken already; gives its revision. */
  put(key: string, value: Uint8Array, atMs: number): number {
    const revision = this.#state.takeNumber();
    this.#encode(key, value, atMs, revision);
    return revision;
  }

  /** Sets the key's value for this run only; gives its revision. */
  putHere(key: string, bytes: Uint8Array, atMs: number): number {
    this.remove(key);
    const revision = this.#state.takeNumber();
    const cost = itemCost(bytes, key);
    this.#hold(key, { revision, atMs, address: -1, length: bytes.length, bytes, cost });
    return revision;
  }

  /** Removes the key, for good; true if it was there. */
  remove(key: string): boolean {
    const held = this.#held.get(key);
    if (held === undefined) return false;
    if (held.address >= 0) writeRemove(this.#state.writer, this.#code, key);
    this.forget(key);
    return true;
  }

  /** Removes the key from memory only: whoever reads the log again knows that it is over. */
  forget(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.quota.give(held.cost);
    if (held.address >= 0) this.#state.count(held.address, -1);
  }

  /** Finds the value, to be read when the work is over. */
  pin({ bytes, address, length }: HeldValue): PinnedValue {
    return bytes ?? this.#state.reader.pin(address, length);
  }

  /** Reads what was pinned and lets it go; `follow`: its neighbours will be read next. */
  async read(pinned: PinnedValue, follow: boolean): Promise<Uint8Array> {
    if (pinned instanceof Uint8Array) return pinned;
    const { reader } = this.#state;
    try {
      return await (follow ? reader.follow(pinned) : reader.read(pinned));
    } finally {
      reader.release(pinned);
    }
  }

  /** Lets go of what was pinned and not read. */
  release(pinned: PinnedValue): void {
    if (!(pinned instanceof Uint8Array)) this.#state.reader.release(pinned);
  }

  /** Whether the value at `address` is still the key's. */
  counts(key: string, address: number): boolean {
    return this.#held.get(key)?.address === address;
  }

  /** Encodes the value at `address` anew if it is still the key's. */
  move({ key, atMs, revision }: PutItem, address: number, value: Uint8Array): void {
    if (!this.counts(key, address)) return;
    this.quota.charge(itemCost(value, key));
    this.#encode(key, value, atMs, revision);
  }

  /** Takes over what the log says. */
  restorePut({ key, atMs, revision, length }: PutItem, address: number): void {
    const cost = itemCost({ length }, key);
    this.quota.charge(cost);
    this.#hold(key, { revision, atMs, address, length, bytes: null, cost });
  }

  #encode(key: string, value: Uint8Array, atMs: number, revision: number): void {
    const at = writePut(this.#state.writer, { table: this.#code, key, atMs, revision }, value);
    const address = this.#state.address(at);
    const cost = itemCost(value, key);
    this.#hold(key, { revision, atMs, address, length: value.length, bytes: null, cost });
  }

  #hold(key: string, value: HeldValue): void {
    this.forget(key);
    this.#held.set(key, value);
    if (value.address >= 0) this.#state.count(value.address, 1);
  }
}
