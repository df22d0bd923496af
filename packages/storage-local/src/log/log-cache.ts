/**
 * Stretches of a log that are in memory: as they were written, or read back from the files. Bounded
 * in bytes; those used longest ago go first, but what was written last stays, whatever its size.
 */

interface Extent {
  /** Addresses of its first byte, and of the one behind its last. */
  readonly from: number;
  to: number;
  readonly bytes: Buffer;
  /** Where `from` is in `bytes`. */
  readonly at: number;
  /** Bytes of memory that it keeps. */
  readonly cost: number;
  usedAt: number;
}

export class LogCache {
  readonly #bytesMax: number;
  /** By address. */
  readonly #extents: Extent[] = [];
  #hot: Extent | null = null;
  /** In memory until something else is written, also when the bound has no room for it. */
  #written: Extent | null = null;
  #uses = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** A view of the bytes; null when they are not in memory. */
  find(address: number, length: number): Uint8Array | null {
    const written = this.#written;
    if (written !== null && address >= written.from && address + length <= written.to) {
      return view(written, address, length);
    }
    let extent = this.#hot;
    if (extent === null || address < extent.from || address + length > extent.to) {
      extent = this.#extents[this.#before(address)] ?? null;
      if (extent === null || address + length > extent.to) return null;
      this.#hot = extent;
      this.#use(extent);
    }
    return view(extent, address, length);
  }

  /** Whether what ends at `address` was read before: then what begins there is read in order. */
  bytesBefore(address: number): number {
    const extent = this.#extents[this.#before(address - 1)];
    return extent === undefined || extent.to !== address ? 0 : extent.to - extent.from;
  }

  /** Keeps what was read from `from` on. */
  addRead(from: number, bytes: Buffer): void {
    this.#add({
      from,
      to: from + bytes.length,
      bytes,
      at: 0,
      cost: bytes.buffer.byteLength,
      usedAt: 0,
    });
  }

  /** Keeps what was written to `from`: `length` bytes from `at` on of a block. */
  addWritten(from: number, block: Buffer, at: number, length: number): void {
    const last = this.#written;
    if (last !== null && last.bytes === block && last.to === from) {
      if (last.at + (last.to - last.from) === at) {
        last.to += length;
        return;
      }
    }
    const extent = { from, to: from + length, bytes: block, at, cost: block.length, usedAt: 0 };
    this.#written = extent;
    this.#add(extent);
  }

  #add(extent: Extent): void {
    if (extent.cost > this.#bytesMax) return;
    this.#use(extent);
    const index = this.#before(extent.from) + 1;
    let covered = 0;
    while (this.#extents[index + covered]?.to <= extent.to) covered += 1;
    for (const { cost } of this.#extents.splice(index, covered, extent)) this.#bytes -= cost;
    this.#bytes += extent.cost;
    while (this.#bytes > this.#bytesMax) this.#evict();
  }

  #evict(): void {
    let oldest = 0;
    for (let index = 1; index < this.#extents.length; index += 1) {
      if (this.#extents[index].usedAt < this.#extents[oldest].usedAt) oldest = index;
    }
    const [extent] = this.#extents.splice(oldest, 1);
    this.#bytes -= extent.cost;
    if (this.#hot === extent) this.#hot = null;
  }

  #use(extent: Extent): void {
    this.#uses += 1;
    extent.usedAt = this.#uses;
  }

  /** The last extent that begins at or before `address`; -1: none. */
  #before(address: number): number {
    let low = -1;
    let high = this.#extents.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#extents[middle].from <= address) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function view({ bytes, at, from }: Extent, address: number, length: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at + address - from, length);
}
