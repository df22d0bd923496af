/** A set of packet identifiers chosen by the peer: open addressing, two bytes a slot. */

const initialCapacity = 16;
/** An emptied set with more slots than this gives them back. */
const capacityKept = 1024;
const noSlots = new Uint16Array(1);

/** Packet identifiers, 1 to 65,535. Allocates nothing until the first is added. */
export class PacketIdSet {
  /** Linear probing; 0 is an empty slot. */
  #slots: Uint16Array = noSlots;
  #mask = 0;
  /** 32 less the bits of a slot's index. */
  #shift = 31;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return id !== 0 && this.#slots[this.#probe(id)] === id;
  }

  /** @returns false when it was there already */
  add(id: number): boolean {
    if (this.has(id)) return false;
    this.#size += 1;
    if (this.#size * 4 > this.#slots.length * 3) this.#grow();
    this.#slots[this.#probe(id)] = id;
    return true;
  }

  /** @returns false when it was not there */
  delete(id: number): boolean {
    const mask = this.#mask;
    const slots = this.#slots;
    let gap = this.#probe(id);
    if (id === 0 || slots[gap] !== id) return false;
    for (let at = (gap + 1) & mask; slots[at] !== 0; at = (at + 1) & mask) {
      // It may move back into the gap unless its probe starts after the gap.
      if (((at - this.#home(slots[at])) & mask) < ((at - gap) & mask)) continue;
      slots[gap] = slots[at];
      gap = at;
    }
    slots[gap] = 0;
    this.#size -= 1;
    if (this.#size === 0 && mask >= capacityKept) this.clear();
    return true;
  }

  clear(): void {
    this.#slots = noSlots;
    this.#mask = 0;
    this.#shift = 31;
    this.#size = 0;
  }

  /** All identifiers, in no particular order; the set must not change meanwhile. */
  *[Symbol.iterator](): Generator<number, void, undefined> {
    for (const id of this.#slots) {
      if (id !== 0) yield id;
    }
  }

  /** The slot of an identifier, or the empty one that says it is not there. */
  #probe(id: number): number {
    const mask = this.#mask;
    let at = this.#home(id) & mask;
    while (this.#slots[at] !== id && this.#slots[at] !== 0) at = (at + 1) & mask;
    return at;
  }

  /** Spreads identifiers: successive ones side by side would make every deletion walk them all. */
  #home(id: number): number {
    return Math.imul(id, 0x9e3779b1) >>> this.#shift;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint16Array(Math.max(initialCapacity, old.length * 2));
    this.#mask = this.#slots.length - 1;
    this.#shift = Math.clz32(this.#mask);
    for (const id of old) {
      if (id !== 0) this.#slots[this.#probe(id)] = id;
    }
  }
}
