/** Counts bytes against a bound. */

import { EngineError } from '../engine-error.ts';

/** What an item costs besides its bytes, so that a bound in bytes also bounds the count. */
export const ITEM_BYTES = 128;

/** Bytes that storing `bytes` under `key` counts for. */
export function itemCost(bytes: { readonly length: number }, key: string): number {
  return ITEM_BYTES + bytes.length + 2 * key.length;
}

/** A bound in bytes for one kind of data. */
export class Quota {
  /** What it bounds, for messages. */
  readonly name: string;
  readonly bytesMax: number;
  #used = 0;

  constructor(name: string, bytesMax: number) {
    this.name = name;
    this.bytesMax = bytesMax;
  }

  /** Bytes stored or about to be. */
  get used(): number {
    return this.#used;
  }

  /** Bytes left. */
  get free(): number {
    return this.bytesMax - this.#used;
  }

  /** Takes `bytes` if they fit. */
  take(bytes: number): boolean {
    if (bytes > this.free) return false;
    this.#used += bytes;
    return true;
  }

  /** Counts `bytes` that are stored already, whatever the bound is now. */
  charge(bytes: number): void {
    this.#used += bytes;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#used -= bytes;
  }

  /** The error that says that something does not fit. */
  refusal(): EngineError {
    return new EngineError('full', `${this.name}: ${this.#used} of ${this.bytesMax} bytes in use`);
  }
}
