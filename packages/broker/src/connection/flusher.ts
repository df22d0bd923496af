/**
 * One deferred call per tick that writes out every connection with something to say, so that all
 * reads of a turn of the event loop are answered by one write each.
 */
import type { Clock } from '@godwit/runtime';
import type { Outbox } from './outbox.ts';

export class Flusher {
  readonly #clock: Clock;
  #dirty: Outbox[];
  #spare: Outbox[];
  #scheduled: boolean;
  readonly #run: () => void;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#dirty = [];
    this.#spare = [];
    this.#scheduled = false;
    this.#run = () => this.#flush();
  }

  /** Has `outbox` flushed at the end of this tick; the outbox calls it once per tick. */
  add(outbox: Outbox): void {
    this.#dirty.push(outbox);
    if (!this.#scheduled) {
      this.#scheduled = true;
      this.#clock.defer(this.#run);
    }
  }

  #flush(): void {
    const batch = this.#dirty;
    this.#dirty = this.#spare;
    this.#scheduled = false;
    for (const outbox of batch) outbox.flush();
    batch.length = 0;
    this.#spare = batch;
  }
}
