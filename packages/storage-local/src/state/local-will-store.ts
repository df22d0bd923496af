/** The wills of a `LocalEngine`: a table of the state log, and a queue of those that are due. */

import type { Clock } from '@godwit/runtime';
import type { DueWill, SessionKey, WillStore } from '@godwit/storage';
import { Deadlines, itemCost } from '@godwit/storage/adapter';
import type { KeyedTable } from './keyed-table.ts';
import { itemBytesMax } from './state-items.ts';
import type { StateLog } from './state-log.ts';

export class LocalWillStore implements WillStore {
  readonly #state: StateLog;
  readonly #table: KeyedTable;
  readonly #deadlines: Deadlines;
  /** Keys of wills that are due and not yielded, oldest first. */
  readonly #ready = new Set<SessionKey>();
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(clock: Clock, state: StateLog, table: KeyedTable) {
    this.#state = state;
    this.#table = table;
    this.#deadlines = new Deadlines(clock, key => this.#announce(key));
  }

  /** Those without a time were put by a run that is over. */
  open(): void {
    for (const [key, { atMs }] of this.#table.entries()) {
      if (Number.isFinite(atMs)) this.#deadlines.set(key, atMs);
      else this.#announce(key);
    }
  }

  /** Nothing becomes due any more, and iterations end. */
  close(): void {
    this.halt();
    this.#closed = true;
    this.#wake();
  }

  /** Nothing becomes due any more, but whoever iterates waits for ever. */
  halt(): void {
    this.#deadlines.clear();
    this.#ready.clear();
  }

  async put(key: SessionKey, bytes: Uint8Array, dueAtMs?: number): Promise<void> {
    const { quota } = this.#table;
    const cost = itemCost(bytes, key);
    if (!quota.take(cost)) throw quota.refuse();
    const copy = new Uint8Array(bytes);
    await this.#state.run(itemBytesMax(key, copy.length), { quota, bytes: cost }, () => {
      this.#table.put(key, copy, dueAtMs ?? Number.POSITIVE_INFINITY);
      this.#ready.delete(key);
      this.#deadlines.set(key, dueAtMs ?? null);
    });
  }

  cancel(key: SessionKey): Promise<void> {
    return this.#state.run(itemBytesMax(key), null, () => {
      this.#table.remove(key);
      this.#ready.delete(key);
      this.#deadlines.set(key, null);
    });
  }

  async *due(): AsyncIterable<DueWill> {
    while (!this.#closed) {
      const [key] = this.#ready;
      if (key === undefined) {
        await new Promise<void>(resolve => this.#waiting.push(resolve));
        continue;
      }
      this.#ready.delete(key);
      const bytes = await this.#read(key);
      if (bytes !== null) yield { key, bytes };
    }
  }

  /** Null when the will is gone meanwhile, or the run. */
  async #read(key: SessionKey): Promise<Uint8Array | null> {
    try {
      const pinned = await this.#state.run(0, null, () => {
        const held = this.#table.get(key);
        return held === undefined ? null : this.#table.pin(held);
      });
      return pinned && (await this.#table.read(pinned, false));
    } catch (error) {
      if (this.#closed) return null;
      throw error;
    }
  }

  #announce(key: SessionKey): void {
    this.#ready.add(key);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
