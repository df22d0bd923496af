/** The retained messages of a `LocalEngine`: a table of the state log, and a timer for each expiry. */

import type { Clock } from '@godwit/runtime';
import type { RetainedEntry, RetainedStore } from '@godwit/storage';
import { Deadlines, itemCost } from '@godwit/storage/adapter';
import type { KeyedTable } from './keyed-table.ts';
import { loadValues } from './load-values.ts';
import { itemBytesMax } from './state-items.ts';
import type { StateLog } from './state-log.ts';

export class LocalRetainedStore implements RetainedStore {
  readonly #clock: Clock;
  readonly #state: StateLog;
  readonly #table: KeyedTable;
  readonly #deadlines: Deadlines;

  constructor(clock: Clock, state: StateLog, table: KeyedTable) {
    this.#clock = clock;
    this.#state = state;
    this.#table = table;
    // What has expired is as good as gone in the log, too: it carries its time.
    this.#deadlines = new Deadlines(clock, topic => table.forget(topic));
  }

  open(): void {
    for (const [topic, held] of this.#table.entries()) this.#watch(topic, held.atMs);
  }

  close(): void {
    this.#deadlines.clear();
  }

  async put(
    topic: string,
    bytes: Uint8Array | null,
    expiresAtMs: number = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    if (bytes === null) return this.#remove(topic);
    const { quota } = this.#table;
    const cost = itemCost(bytes, topic);
    if (!quota.take(cost)) throw quota.refuse();
    const copy = new Uint8Array(bytes);
    await this.#state.run(itemBytesMax(topic, copy.length), { quota, bytes: cost }, () => {
      this.#table.put(topic, copy, expiresAtMs);
      this.#watch(topic, expiresAtMs);
    });
  }

  async *load(): AsyncIterable<RetainedEntry> {
    for await (const { key, bytes, held } of loadValues(this.#state, this.#table)) {
      if (held.atMs <= this.#clock.wallMs()) continue;
      const expiresAtMs = Number.isFinite(held.atMs) ? held.atMs : null;
      yield { topic: key, bytes, expiresAtMs };
    }
  }

  #remove(topic: string): Promise<void> {
    return this.#state.run(itemBytesMax(topic), null, () => {
      this.#deadlines.set(topic, null);
      this.#table.remove(topic);
    });
  }

  #watch(topic: string, atMs: number): void {
    this.#deadlines.set(topic, Number.isFinite(atMs) ? atMs : null);
  }
}
