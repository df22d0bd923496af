/**
 * Topic bytes → route, bounded: a set-associative table with second chance in each set, so that a
 * flood of topics that are published once pushes out only what is not used.
 */
import type { Route } from './route.ts';

const ways = 4;

/** Hash of `bytes[start..end)`: 32 bits, FNV-1a with a final mix. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

export class RouteCache {
  readonly #slots: (Route | undefined)[];
  readonly #setMask: number;
  #hand: number;

  /** @param entriesMax rounded up to a power of two, at least 16 */
  constructor(entriesMax: number) {
    const sets = 2 ** Math.ceil(Math.log2(Math.max(16, entriesMax) / ways));
    this.#slots = new Array<Route | undefined>(sets * ways).fill(undefined);
    this.#setMask = sets - 1;
    this.#hand = 0;
  }

  find(bytes: Uint8Array, start: number, end: number, hash: number): Route | undefined {
    const first = ((hash >>> 8) & this.#setMask) * ways;
    for (let i = first; i < first + ways; i += 1) {
      const route = this.#slots[i];
      if (route !== undefined && route.hash === hash && route.isOf(bytes, start, end)) {
        route.recent = true;
        return route;
      }
    }
    return undefined;
  }

  add(route: Route): void {
    const first = ((route.hash >>> 8) & this.#setMask) * ways;
    let victim = -1;
    for (let i = first; i < first + ways; i += 1) {
      const other = this.#slots[i];
      if (other === undefined) {
        victim = i;
        break;
      }
      if (other.recent) other.recent = false;
      else victim = i;
    }
    if (victim < 0) {
      victim = first + this.#hand;
      this.#hand = (this.#hand + 1) % ways;
    }
    this.#slots[victim] = route;
  }
}
