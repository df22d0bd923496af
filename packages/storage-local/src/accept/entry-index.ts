/**
 * Where the unreleased entries of one accept log are, by record. Some 30 bytes an entry when
 * records are full.
 */

import type { SegmentSet } from '../log/segment-set.ts';

/** An unreleased entry. */
export interface IndexedEntry {
  readonly sequence: number;
  readonly index: number;
  readonly address: number;
  readonly length: number;
}

interface IndexedRecord {
  /** Address and length of each entry; −1 for both when it is released. */
  readonly places: number[];
  alive: number;
}

export class EntryIndex {
  readonly #set: SegmentSet;
  readonly #records = new Map<number, IndexedRecord>();
  #count = 0;
  #bytes = 0;

  /** Counts what is alive in the segments of `set`. */
  constructor(set: SegmentSet) {
    this.#set = set;
  }

  /** Unreleased entries. */
  get count(): number {
    return this.#count;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an entry, or notes that it is stored elsewhere now. */
  put(sequence: number, index: number, address: number, length: number): void {
    let record = this.#records.get(sequence);
    if (record === undefined) {
      record = { places: [], alive: 0 };
      this.#records.set(sequence, record);
    }
    const { places } = record;
    const at = 2 * index;
    while (places.length < at) places.push(-1, -1);
    if (at < places.length && places[at] >= 0) {
      this.#set.count(places[at], -1);
    } else {
      record.alive += 1;
      this.#count += 1;
      this.#bytes += length;
    }
    places[at] = address;
    places[at + 1] = length;
    this.#set.count(address, 1);
  }

  /** Address of an entry; −1 when it is released. */
  addressOf(sequence: number, index: number): number {
    return this.#records.get(sequence)?.places[2 * index] ?? -1;
  }

  /** Removes an entry; gives its length, or −1 when it was not there. */
  release(sequence: number, index: number): number {
    const record = this.#records.get(sequence);
    const at = 2 * index;
    if (record === undefined || !(record.places[at] >= 0)) return -1;
    const length = record.places[at + 1];
    this.#set.count(record.places[at], -1);
    record.places[at] = -1;
    record.alive -= 1;
    this.#count -= 1;
    this.#bytes -= length;
    if (record.alive === 0) this.#records.delete(sequence);
    return length;
  }

  /** Every unreleased entry, in the order of the log. */
  *entries(): Generator<IndexedEntry> {
    const sequences = [...this.#records.keys()].sort((a, b) => a - b);
    for (const sequence of sequences) {
      const places = this.#records.get(sequence)?.places ?? [];
      for (let index = 0; 2 * index < places.length; index += 1) {
        const address = places[2 * index];
        if (address >= 0) yield { sequence, index, address, length: places[2 * index + 1] };
      }
    }
  }
}
