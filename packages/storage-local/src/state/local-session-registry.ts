/** The session records of a `LocalEngine`: a table of the state log, and a timer for each expiry. */

import type { Clock } from '@godwit/runtime';
import type {
  ClaimOptions,
  ClaimResult,
  Revision,
  SessionKey,
  SessionRecord,
  SessionRegistry,
} from '@godwit/storage';
import { Deadlines, itemCost } from '@godwit/storage/adapter';
import type { HeldValue, KeyedTable } from './keyed-table.ts';
import { loadValues } from './load-values.ts';
import { itemBytesMax } from './state-items.ts';
import type { StateLog } from './state-log.ts';

export class LocalSessionRegistry implements SessionRegistry {
  readonly #clock: Clock;
  readonly #state: StateLog;
  readonly #table: KeyedTable;
  readonly #deadlines: Deadlines;
  readonly #expiryListeners: ((key: SessionKey) => void)[] = [];

  constructor(clock: Clock, state: StateLog, table: KeyedTable) {
    this.#clock = clock;
    this.#state = state;
    this.#table = table;
    this.#deadlines = new Deadlines(clock, key => this.#expire(key));
  }

  open(): void {
    for (const [key, held] of this.#table.entries()) this.#watch(key, held.atMs);
  }

  close(): void {
    this.#deadlines.clear();
  }

  async read(key: SessionKey): Promise<SessionRecord | null> {
    const found = await this.#state.run(0, null, () => {
      const held = this.#live(key);
      return held && { pinned: this.#table.pin(held), revision: held.revision };
    });
    if (found === null) return null;
    return { bytes: await this.#table.read(found.pinned, false), revision: found.revision };
  }

  async claim(
    key: SessionKey,
    bytes: Uint8Array,
    expected: Revision,
    options: ClaimOptions,
  ): Promise<ClaimResult> {
    const { quota } = this.#table;
    const cost = itemCost(bytes, key);
    if (!quota.take(cost)) throw quota.refuse();
    const copy = new Uint8Array(bytes);
    const { durable, expiresInMs = Number.POSITIVE_INFINITY } = options;
    const atMs = this.#clock.wallMs() + expiresInMs;
    const claim = (): ClaimResult => {
      if ((this.#live(key)?.revision ?? 0) !== expected) {
        quota.give(cost);
        return { won: false };
      }
      const revision = durable
        ? this.#table.put(key, copy, atMs)
        : this.#table.putHere(key, copy, atMs);
      this.#watch(key, atMs);
      return { won: true, revision };
    };
    return this.#state.run(itemBytesMax(key, copy.length), { quota, bytes: cost }, claim);
  }

  end(key: SessionKey, expected: Revision): Promise<boolean> {
    return this.#state.run(itemBytesMax(key), null, () => {
      const held = this.#live(key);
      if (held === null || held.revision !== expected) return false;
      this.#deadlines.set(key, null);
      return this.#table.remove(key);
    });
  }

  async *load(): AsyncIterable<{ readonly key: SessionKey } & SessionRecord> {
    for await (const { key, bytes, held } of loadValues(this.#state, this.#table)) {
      if (held.atMs > this.#clock.wallMs()) yield { key, bytes, revision: held.revision };
    }
  }

  onExpired(listener: (key: SessionKey) => void): void {
    this.#expiryListeners.push(listener);
  }

  #live(key: SessionKey): HeldValue | null {
    const held = this.#table.get(key);
    return held !== undefined && held.atMs > this.#clock.wallMs() ? held : null;
  }

  #watch(key: SessionKey, atMs: number): void {
    this.#deadlines.set(key, Number.isFinite(atMs) ? atMs : null);
  }

  #expire(key: SessionKey): void {
    let expired = false;
    this.#state.submit({
      bytesMax: itemBytesMax(key),
      adds: false,
      error: null,
      apply: () => {
        const held = this.#table.get(key);
        // Claimed or ended while this waited for its batch.
        if (held === undefined || held.atMs > this.#clock.wallMs()) return;
        expired = this.#table.remove(key);
      },
      settle: error => {
        // Without room for the removal it is tried again.
        if (error?.code === 'full') this.#deadlines.set(key, this.#clock.wallMs() + 1000);
        else if (expired) for (const listener of this.#expiryListeners) listener(key);
      },
    });
  }
}
