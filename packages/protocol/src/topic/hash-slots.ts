/**
 * Open-addressed slots that lead from a hash to small positive ids. Holds no keys: the owner of
 * the ids compares them, in a loop over `pairs` of its own, because that loop is what a match
 * spends its time in.
 */

const initialSlots = 16;

/** Hash → id, several ids per hash allowed. Grows by doubling at two thirds full. */
export class HashSlots {
  /** Slot i is hash `pairs[2i]` and id `pairs[2i + 1]`; id 0 is an empty slot and ends a probe. */
  pairs: Int32Array = new Int32Array(initialSlots * 2);
  /** A probe starts at `(hash << 1) & mask` and steps by `(at + 2) & mask`. */
  mask: number = initialSlots * 2 - 1;
  #count = 0;

  insert(hash: number, id: number): void {
    this.#count += 1;
    if (this.#count * 3 > this.mask + 1) this.#grow();
    place(this.pairs, this.mask, hash, id);
  }

  /** Removes a pair that was inserted, and closes the gap, so that no tombstones pile up. */
  remove(hash: number, id: number): void {
    const { pairs, mask } = this;
    let gap = (hash << 1) & mask;
    while (pairs[gap + 1] !== id) gap = (gap + 2) & mask;
    for (let at = (gap + 2) & mask; pairs[at + 1] !== 0; at = (at + 2) & mask) {
      const home = (pairs[at] << 1) & mask;
      // It may move back into the gap unless its probe starts after the gap.
      if (((at - home) & mask) < ((at - gap) & mask)) continue;
      pairs[gap] = pairs[at];
      pairs[gap + 1] = pairs[at + 1];
      gap = at;
    }
    pairs[gap + 1] = 0;
    this.#count -= 1;
  }

  #grow(): void {
    const old = this.pairs;
    this.pairs = new Int32Array(old.length * 2);
    this.mask = this.pairs.length - 1;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] !== 0) place(this.pairs, this.mask, old[at], old[at + 1]);
    }
  }
}

function place(pairs: Int32Array, mask: number, hash: number, id: number): void {
  let at = (hash << 1) & mask;
  while (pairs[at + 1] !== 0) at = (at + 2) & mask;
  pairs[at] = hash;
  pairs[at + 1] = id;
}
