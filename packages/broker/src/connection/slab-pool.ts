/**
 * Blocks of memory for what is about to be written. A connection holds one only while it has
 * something to say, so that an idle connection costs no buffer.
 */

/** First block of a tick: enough for acknowledgements and a few messages. */
export const smallSlabBytes = 2048;
/** Block that a connection gets once it has more to say. */
export const largeSlabBytes = 65_536;

/**
 * Memory of any size, not cleared. No Buffer: a peer in this process gets views of it, and those
 * would not be copied by `slice`.
 */
export function newBlock(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** Free blocks of the two sizes, last in, first out; bounded, the rest is left to the collector. */
export class SlabPool {
  readonly #small: Uint8Array[];
  readonly #large: Uint8Array[];
  readonly #smallMax: number;
  readonly #largeMax: number;

  /** @param bytesMax memory kept for reuse, half of it in blocks of each size */
  constructor(bytesMax: number) {
    this.#small = [];
    this.#large = [];
    this.#smallMax = Math.floor(bytesMax / 2 / smallSlabBytes);
    this.#largeMax = Math.floor(bytesMax / 2 / largeSlabBytes);
  }

  takeSmall(): Uint8Array {
    return this.#small.pop() ?? newBlock(smallSlabBytes);
  }

  takeLarge(): Uint8Array {
    return this.#large.pop() ?? newBlock(largeSlabBytes);
  }

  give(slab: Uint8Array): void {
    if (slab.length === largeSlabBytes) {
      if (this.#large.length < this.#largeMax) this.#large.push(slab);
    } else if (slab.length === smallSlabBytes) {
      if (this.#small.length < this.#smallMax) this.#small.push(slab);
    }
  }
}
