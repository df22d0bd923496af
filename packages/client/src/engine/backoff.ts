/** How long to wait before the next attempt: longer each time, and not as long as everybody else. */
import type { Random } from '@godwit/runtime';

export interface BackoffOptions {
  /** Bound of the first delay. */
  minMs: number;
  /** Bound of every delay. */
  maxMs: number;
  jitter: 'full' | 'decorrelated' | 'none';
}

export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: Random;
  /** Bound of the next delay; the last delay where they are decorrelated. */
  #bound: number;

  constructor(options: BackoffOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#bound = options.minMs;
  }

  /** The next delay in milliseconds, 1 to `maxMs`. */
  next(): number {
    const { minMs, maxMs, jitter } = this.#options;
    const bound = this.#bound;
    if (jitter === 'decorrelated') {
      this.#bound = Math.min(maxMs, minMs + this.#fraction() * (bound * 3 - minMs));
      return Math.max(1, Math.round(this.#bound));
    }
    this.#bound = Math.min(maxMs, bound * 2);
    return jitter === 'none' ? bound : Math.max(1, Math.ceil(this.#fraction() * bound));
  }

  /** The next delay is a first one again. */
  reset(): void {
    this.#bound = this.#options.minMs;
  }

  #fraction(): number {
    return this.#random.uint32() / 2 ** 32;
  }
}
