/** A table of a `LocalEngine`, as the broker sees it. */

import type { Table, TableEntry } from '@godwit/storage';
import type { Journal } from '../journal.ts';
import type { HeldValues } from './held-values.ts';
import type { StateLane } from './state-lane.ts';
import type { StateStore } from './state-store.ts';

const KEY_BYTES_MAX = 65_535;

export interface LocalTableOptions {
  readonly journal: Journal;
  readonly lane: StateLane;
  readonly store: StateStore;
  readonly held: HeldValues;
  readonly onError: (error: unknown) => void;
}

export class LocalTable implements Table {
  readonly #options: LocalTableOptions;

  constructor(options: LocalTableOptions) {
    this.#options = options;
  }

  put(key: string, bytes: Uint8Array | null): Promise<void> {
    checkKey(key);
    return this.#options.lane.put(this.#options.held, key, bytes);
  }

  async *load(): AsyncGenerator<TableEntry> {
    const { journal, store, held, onError } = this.#options;
    if (journal.error !== null) throw journal.error;
    const found = [...held.entries()].sort(([, a], [, b]) => a.address - b.address);
    for (const [key, { address, length }] of found) {
      if (journal.error !== null) throw journal.error;
      const read = store.reader.read(address, length);
      let bytes: Uint8Array;
      try {
        bytes = read instanceof Uint8Array ? read : await read;
      } catch (error) {
        onError(error);
        throw journal.error ?? error;
      }
      yield { key, bytes };
    }
  }
}

function checkKey(key: string): void {
  if (key.length === 0) throw new RangeError('a key is empty');
  if (!key.isWellFormed())
    throw new RangeError('a key is not Unicode: a surrogate without its pair');
  if (3 * key.length <= KEY_BYTES_MAX) return;
  const length = Buffer.byteLength(key);
  if (length > KEY_BYTES_MAX) {
    throw new RangeError(`a key has ${length} bytes, the most is ${KEY_BYTES_MAX}`);
  }
}
