/** The values of one table: where each is stored, and what all of them count for. */

import { itemCost, type Quota } from '@godwit/storage/adapter';
import type { SegmentSet } from '../log/segment-set.ts';
import { PUT_BYTES } from './state-items.ts';

/** Where a key's value is. */
export interface HeldValue {
  address: number;
  length: number;
}

export class HeldValues {
  /** Number of the table in the log, for ever. */
  readonly code: number;
  readonly quota: Quota;
  readonly #set: SegmentSet;
  readonly #values = new Map<string, HeldValue>();
  #bytes = 0;

  constructor(code: number, quota: Quota, set: SegmentSet) {
    this.code = code;
    this.quota = quota;
    this.#set = set;
  }

  /** Bytes that the stored values take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#values.size;
  }

  entries(): IterableIterator<[string, HeldValue]> {
    return this.#values.entries();
  }

  /** Whether the key's value is the one at `address`. */
  counts(key: string, address: number): boolean {
    return this.#values.get(key)?.address === address;
  }

  /** Takes room for a value that is to be put; false when there is none. */
  reserve(key: string, length: number): boolean {
    return this.quota.take(itemCost({ length }, key));
  }

  /** Gives back the room of a value that is not put after all. */
  giveUp(key: string, length: number): void {
    this.quota.give(itemCost({ length }, key));
  }

  /** A value, whose room was reserved, is at `address` from now on. */
  stored(key: string, address: number, length: number): void {
    this.#set.count(address, 1);
    this.#bytes += length;
    const held = this.#values.get(key);
    if (held === undefined) {
      this.#bytes += PUT_BYTES + key.length;
      this.#values.set(key, { address, length });
      return;
    }
    this.giveUp(key, held.length);
    this.#bytes -= held.length;
    this.#set.count(held.address, -1);
    held.address = address;
    held.length = length;
  }

  removed(key: string): void {
    const held = this.#values.get(key);
    if (held === undefined) return;
    this.#values.delete(key);
    this.giveUp(key, held.length);
    this.#bytes -= held.length + PUT_BYTES + key.length;
    this.#set.count(held.address, -1);
  }

  /** The log of an earlier run says that the key has the value at `address`. */
  restored(key: string, address: number, length: number): void {
    this.quota.charge(itemCost({ length }, key));
    this.stored(key, address, length);
  }
}
