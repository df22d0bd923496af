/** When messages that wait are too old to be sent: one timer for all of them. */
import type { Clock, Timer } from '@godwit/runtime';
import { limits } from '../limits.ts';

const delayMsMax = 2 ** 31 - 1;

export class Expiry {
  readonly #clock: Clock;
  readonly #search: (now: number) => number;
  #timer: Timer | null;
  /** When the timer is due; Infinity without one. */
  #dueAt: number;
  #searchedAt: number;

  /** @param search rejects what is over by now, and returns when the next one will be */
  constructor(clock: Clock, search: (now: number) => number) {
    this.#clock = clock;
    this.#search = search;
    this.#timer = null;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#searchedAt = Number.NEGATIVE_INFINITY;
  }

  isOver(expiresAt: number): boolean {
    return expiresAt !== Number.POSITIVE_INFINITY && this.#clock.monotonicMs() > expiresAt;
  }

  /** Whole seconds that are left; at least 1 for what was in flight when they ran out. */
  secondsLeft(expiresAt: number): number {
    const leftMs = expiresAt - this.#clock.monotonicMs();
    return leftMs < 0 ? 1 : Math.ceil(leftMs / 1000);
  }

  /** A message begins to wait. */
  watch(expiresAt: number): void {
    if (expiresAt === Number.POSITIVE_INFINITY) return;
    // each search looks at all that waits, so there are not many of them
    const dueAt = Math.max(expiresAt + 1, this.#searchedAt + limits.expirySearchMs);
    if (dueAt >= this.#dueAt) return;
    this.stop();
    const now = this.#clock.monotonicMs();
    this.#dueAt = dueAt;
    const delayMs = Math.min(Math.max(0, Math.ceil(dueAt - now)), delayMsMax);
    this.#timer = this.#clock.after(delayMs, () => this.#onTimer());
  }

  /** Nothing waits. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #onTimer(): void {
    this.stop();
    this.#searchedAt = this.#clock.monotonicMs();
    this.watch(this.#search(this.#searchedAt));
  }
}
