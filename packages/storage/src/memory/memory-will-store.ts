/** The wills of a `MemoryEngine`: a timer for each with a time, a queue of those that are due. */

import type { Clock } from '@godwit/runtime';
import { Deadlines } from '../adapter/deadlines.ts';
import { itemCost, type Quota } from '../adapter/quota.ts';
import type { NodeRef } from '../node-ref.ts';
import type { SessionKey } from '../session-registry.ts';
import type { DueWill, WillStore } from '../will-store.ts';
import type { MemoryDisk } from './memory-disk.ts';
import type { MemoryJournal } from './memory-journal.ts';

export class MemoryWillStore implements WillStore {
  readonly #disk: MemoryDisk;
  readonly #journal: MemoryJournal;
  readonly #quota: Quota;
  readonly #self: NodeRef;
  readonly #deadlines: Deadlines;
  /** Keys of wills that are due and not yielded, oldest first. */
  readonly #ready = new Set<SessionKey>();
  #waiting: (() => void)[] = [];
  #closed = false;

  constructor(clock: Clock, disk: MemoryDisk, journal: MemoryJournal, self: NodeRef) {
    this.#disk = disk;
    this.#journal = journal;
    this.#quota = disk.quotas.wills;
    this.#self = self;
    this.#deadlines = new Deadlines(clock, key => this.#announce(key));
  }

  open(): void {
    for (const [key, will] of this.#disk.wills) {
      if (will.dueAtMs === null) this.#announce(key);
      else this.#deadlines.set(key, will.dueAtMs);
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

  async put(key: SessionKey, bytes: Uint8Array, dueAtMs: number | null = null): Promise<void> {
    const cost = itemCost(bytes, key);
    if (!this.#quota.take(cost)) throw this.#quota.refuse();
    const will = {
      bytes: new Uint8Array(bytes),
      dueAtMs,
      incarnation: this.#self.incarnation,
      cost,
    };
    const write = () => {
      this.#remove(key);
      this.#disk.wills.set(key, will);
      this.#deadlines.set(key, dueAtMs);
    };
    return this.#journal.run(write, { quota: this.#quota, bytes: cost });
  }

  cancel(key: SessionKey): Promise<void> {
    return this.#journal.run(() => this.#remove(key));
  }

  async *due(): AsyncIterable<DueWill> {
    while (!this.#closed) {
      const [key] = this.#ready;
      if (key === undefined) {
        await new Promise<void>(resolve => this.#waiting.push(resolve));
        continue;
      }
      this.#ready.delete(key);
      const will = this.#disk.wills.get(key);
      if (will !== undefined) yield { key, bytes: will.bytes };
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

  #remove(key: SessionKey): void {
    const will = this.#disk.wills.get(key);
    if (will === undefined) return;
    this.#disk.wills.delete(key);
    this.#quota.give(will.cost);
    this.#deadlines.set(key, null);
    this.#ready.delete(key);
  }
}
