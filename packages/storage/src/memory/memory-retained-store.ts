/** The retained messages of a `MemoryEngine`; a timer removes each that expires. */

import type { Clock } from '@godwit/runtime';
import { Deadlines } from '../adapter/deadlines.ts';
import { itemCost, type Quota } from '../adapter/quota.ts';
import type { RetainedEntry, RetainedStore } from '../retained-store.ts';
import type { MemoryDisk, StoredRetained } from './memory-disk.ts';
import type { MemoryJournal } from './memory-journal.ts';

export class MemoryRetainedStore implements RetainedStore {
  readonly #clock: Clock;
  readonly #disk: MemoryDisk;
  readonly #journal: MemoryJournal;
  readonly #quota: Quota;
  readonly #deadlines: Deadlines;

  constructor(clock: Clock, disk: MemoryDisk, journal: MemoryJournal) {
    this.#clock = clock;
    this.#disk = disk;
    this.#journal = journal;
    this.#quota = disk.quotas.retained;
    this.#deadlines = new Deadlines(clock, topic => this.#remove(topic));
  }

  open(): void {
    for (const [topic, message] of this.#disk.retained) this.#watch(topic, message);
  }

  close(): void {
    this.#deadlines.clear();
  }

  async put(
    topic: string,
    bytes: Uint8Array | null,
    expiresAtMs: number = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    if (bytes === null) return this.#journal.run(() => this.#remove(topic));
    const cost = itemCost(bytes, topic);
    if (!this.#quota.take(cost)) throw this.#quota.refuse();
    const message = { bytes: new Uint8Array(bytes), expiresAtMs, cost };
    const write = () => {
      this.#remove(topic);
      this.#disk.retained.set(topic, message);
      this.#watch(topic, message);
    };
    return this.#journal.run(write, { quota: this.#quota, bytes: cost });
  }

  async *load(): AsyncIterable<RetainedEntry> {
    const messages = await this.#journal.run(() => [...this.#disk.retained]);
    const now = this.#clock.wallMs();
    for (const [topic, { bytes, expiresAtMs }] of messages) {
      if (expiresAtMs <= now) continue;
      yield { topic, bytes, expiresAtMs: Number.isFinite(expiresAtMs) ? expiresAtMs : null };
    }
  }

  #watch(topic: string, { expiresAtMs }: StoredRetained): void {
    this.#deadlines.set(topic, Number.isFinite(expiresAtMs) ? expiresAtMs : null);
  }

  #remove(topic: string): void {
    const message = this.#disk.retained.get(topic);
    if (message === undefined) return;
    this.#disk.retained.delete(topic);
    this.#quota.give(message.cost);
    this.#deadlines.set(topic, null);
  }
}
