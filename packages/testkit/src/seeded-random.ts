/** Randomness that a seed reproduces, and the draws that tests make from it. */
import type { Random } from '@godwit/runtime';

/**
 * The same seed gives the same numbers, on every machine. Not for secrets.
 *
 * The generator is sfc32: 128 bits of state, a counter among them.
 */
export class SeededRandom implements Random {
  readonly seed: number;
  readonly #state: Uint32Array;

  /** @param seed 0 to 2^32-1; say it in failure messages */
  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.#state = Uint32Array.of(this.seed, 0x9e3779b9, 0x243f6a88, 1);
    // Neighbouring seeds begin with similar state; let it spread.
    for (let round = 0; round < 16; round += 1) this.uint32();
  }

  uint32(): number {
    const state = this.#state;
    const result = (state[0] + state[1] + state[3]) >>> 0;
    state[3] += 1;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = state[2] + (state[2] << 3);
    state[2] = ((state[2] << 21) | (state[2] >>> 11)) + result;
    return result;
  }

  bytes(length: number): Uint8Array {
    if (!(length >= 0 && length <= 65_536)) {
      throw new RangeError(`length is ${length}, must be 0 to 65,536`);
    }
    return Uint8Array.from({ length }, () => this.uint32() >>> 24);
  }

  /** An integer from `min` to `max`, both included, at most 2^32 of them. */
  int(min: number, max: number): number {
    const count = max - min + 1;
    if (!(count >= 1 && count <= 2 ** 32)) throw new RangeError(`no integer from ${min} to ${max}`);
    return min + Math.floor((this.uint32() / 2 ** 32) * count);
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.uint32() / 2 ** 32 < probability;
  }

  /** One of `items`, which must not be empty. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.int(0, items.length - 1)];
  }

  /** The items in another order; `items` itself stays as it is. */
  shuffle<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.int(0, last);
      [shuffled[last], shuffled[other]] = [shuffled[other], shuffled[last]];
    }
    return shuffled;
  }
}
