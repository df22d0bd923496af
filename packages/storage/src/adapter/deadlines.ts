/** Calls by key at a wall time, however far away it is. Holds at most one deadline a key. */

import type { Clock, Timer } from '@godwit/runtime';

/** The longest delay a `Clock` takes; later deadlines are reached in steps. */
const STEP_MS = 2 ** 31 - 1;

export class Deadlines {
  readonly #clock: Clock;
  readonly #onDue: (key: string) => void;
  readonly #timers = new Map<string, Timer>();

  constructor(clock: Clock, onDue: (key: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Sets the key's deadline (milliseconds since 1970-01-01 UTC) anew; null: none. */
  set(key: string, atMs: number | null): void {
    this.#timers.get(key)?.cancel();
    if (atMs === null) this.#timers.delete(key);
    else this.#arm(key, atMs);
  }

  /** Forgets all deadlines. */
  clear(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #arm(key: string, atMs: number): void {
    const delayMs = Math.min(Math.max(0, atMs - this.#clock.wallMs()), STEP_MS);
    const timer = this.#clock.after(delayMs, () => {
      // Wall time may have been set back meanwhile, or this was only a step.
      if (this.#clock.wallMs() < atMs) return this.#arm(key, atMs);
      this.#timers.delete(key);
      this.#onDue(key);
    });
    this.#timers.set(key, timer);
  }
}
