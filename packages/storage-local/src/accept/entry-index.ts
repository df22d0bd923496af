/**
 * Where the entries that have a holder are, by position. Positions are dense, so most entries cost
 * 16 bytes in flat chunks; of a chunk where few are left, those few are kept one by one.
 */

/** Positions of a chunk. */
const CHUNK = 1024;

/** A chunk with so few entries is given up. */
const SPARSE = CHUNK / 8;

interface Chunk {
  readonly number: number;
  readonly addresses: Float64Array;
  readonly lengths: Uint32Array;
  /** 0: not there. */
  readonly holders: Uint32Array;
  count: number;
}

interface Single {
  address: number;
  readonly length: number;
  holders: number;
}

export class EntryIndex {
  /** What `release` has just removed. */
  goneAddress = 0;
  goneLength = 0;
  readonly #chunks = new Map<number, Chunk>();
  readonly #singles = new Map<number, Single>();
  #newest: Chunk = newChunk(-1);
  #hot: Chunk = this.#newest;

  /** Adds an entry; `address` is negative while it is not stored. */
  add(position: number, address: number, length: number, holders: number): void {
    const number = Math.floor(position / CHUNK);
    const chunk = number === this.#newest.number ? this.#newest : this.#chunkFor(number);
    if (chunk === null) {
      this.#singles.set(position, { address, length, holders });
      return;
    }
    const slot = position - number * CHUNK;
    chunk.addresses[slot] = address;
    chunk.lengths[slot] = length;
    chunk.holders[slot] = holders;
    chunk.count += 1;
  }

  /** Where an entry is stored, negative while it is not; NaN when it is not there. */
  addressOf(position: number): number {
    const chunk = this.#find(position);
    if (chunk === null) return this.#singles.get(position)?.address ?? Number.NaN;
    const slot = position - chunk.number * CHUNK;
    return chunk.holders[slot] === 0 ? Number.NaN : chunk.addresses[slot];
  }

  /** Bytes of an entry that is there. */
  lengthOf(position: number): number {
    const chunk = this.#find(position);
    if (chunk === null) return this.#singles.get(position)!.length;
    return chunk.lengths[position - chunk.number * CHUNK];
  }

  /** An entry that is there is stored elsewhere from now on. */
  move(position: number, address: number): void {
    const chunk = this.#find(position);
    if (chunk === null) this.#singles.get(position)!.address = address;
    else chunk.addresses[position - chunk.number * CHUNK] = address;
  }

  /** Gives how many holders an entry has left, −1 when it was not there. */
  release(position: number): number {
    const chunk = this.#find(position);
    if (chunk === null) return this.#releaseSingle(position);
    const slot = position - chunk.number * CHUNK;
    const left = chunk.holders[slot] - 1;
    if (left < 0) return -1;
    chunk.holders[slot] = left;
    if (left > 0) return left;
    this.goneAddress = chunk.addresses[slot];
    this.goneLength = chunk.lengths[slot];
    chunk.count -= 1;
    if (chunk.count <= SPARSE && chunk !== this.#newest) this.#giveUp(chunk);
    return 0;
  }

  #releaseSingle(position: number): number {
    const single = this.#singles.get(position);
    if (single === undefined) return -1;
    single.holders -= 1;
    if (single.holders > 0) return single.holders;
    this.goneAddress = single.address;
    this.goneLength = single.length;
    this.#singles.delete(position);
    return 0;
  }

  #find(position: number): Chunk | null {
    const number = Math.floor(position / CHUNK);
    if (number === this.#hot.number) return this.#hot;
    const chunk = this.#chunks.get(number);
    if (chunk === undefined) return null;
    this.#hot = chunk;
    return chunk;
  }

  /** Null when the chunk's time is over. */
  #chunkFor(number: number): Chunk | null {
    const before = this.#newest;
    if (number < before.number) return this.#chunks.get(number) ?? null;
    this.#newest = newChunk(number);
    this.#chunks.set(number, this.#newest);
    if (before.count <= SPARSE) this.#giveUp(before);
    return this.#newest;
  }

  #giveUp(chunk: Chunk): void {
    this.#chunks.delete(chunk.number);
    if (this.#hot === chunk) this.#hot = this.#newest;
    for (let slot = 0; chunk.count > 0; slot += 1) {
      if (chunk.holders[slot] === 0) continue;
      const single = {
        address: chunk.addresses[slot],
        length: chunk.lengths[slot],
        holders: chunk.holders[slot],
      };
      this.#singles.set(chunk.number * CHUNK + slot, single);
      chunk.count -= 1;
    }
  }
}

function newChunk(number: number): Chunk {
  return {
    number,
    addresses: new Float64Array(CHUNK),
    lengths: new Uint32Array(CHUNK),
    holders: new Uint32Array(CHUNK),
    count: 0,
  };
}
