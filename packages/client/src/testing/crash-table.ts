/**
 * A table in memory whose process can crash: what was being written then is there or not, as chance
 * has it, and never half of it.
 */
import type { Clock } from '@godwit/runtime';
import type { SeededRandom } from '@godwit/testkit';
import type { StoreChanges, StoreTable } from '../store/store-table.ts';

export class CrashTable implements StoreTable {
  readonly #entries: Map<number, Uint8Array>;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  #isOpen: boolean;
  #isDead: boolean;
  #writing: StoreChanges | null;

  constructor(clock: Clock, random: SeededRandom, entries: Map<number, Uint8Array> = new Map()) {
    this.#entries = entries;
    this.#clock = clock;
    this.#random = random;
    this.#isOpen = false;
    this.#isDead = false;
    this.#writing = null;
  }

  get size(): number {
    return this.#entries.size;
  }

  async open(): Promise<[number, Uint8Array][]> {
    if (this.#isOpen) throw new Error('the table is in use');
    this.#isOpen = true;
    return [...this.#entries].sort(([a], [b]) => a - b);
  }

  async write(changes: StoreChanges): Promise<void> {
    if (this.#isDead) return;
    this.#writing = changes;
    await new Promise<void>(resolve => this.#clock.after(this.#random.int(0, 5), resolve));
    this.#apply();
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  /** Ends this process's table. @returns the next one's */
  crash(): CrashTable {
    if (this.#random.chance(0.5)) this.#apply();
    this.#writing = null;
    this.#isDead = true;
    return new CrashTable(this.#clock, this.#random, new Map(this.#entries));
  }

  #apply(): void {
    if (this.#isDead) return;
    for (const [key, value] of this.#writing ?? []) {
      if (value === null) this.#entries.delete(key);
      else this.#entries.set(key, new Uint8Array(value));
    }
    this.#writing = null;
  }
}
