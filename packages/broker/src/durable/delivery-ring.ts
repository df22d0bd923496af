/**
 * Deliveries that wait in the accept log for one session, oldest first: where each is, in a flat
 * array of numbers, so that a queue of a million costs 32 bytes a message.
 */

/** Numbers in a row: delivery number, position in the log, place of the target, size. */
const width = 4;
const capacityMin = 8;
/** An emptied ring with more rows than this gives them back. */
const capacityKept = 64;

export class DeliveryRing {
  /** Sum of the messages' sizes. */
  bytes: number;
  length: number;
  #rows: Float64Array | null;
  #mask: number;
  #head: number;

  constructor() {
    this.bytes = 0;
    this.length = 0;
    this.#rows = null;
    this.#mask = 0;
    this.#head = 0;
  }

  /** Delivery number of the oldest row. */
  get number(): number {
    return this.#rows![this.#head * width];
  }

  /** Position in the accept log of the oldest row. */
  get at(): number {
    return this.#rows![this.#head * width + 1];
  }

  /** The oldest row's target, see `placeOf`. */
  get place(): number {
    return this.#rows![this.#head * width + 2];
  }

  /** Adds a row at the end; see {@link sort} where its number is not the greatest. */
  push(number: number, at: number, place: number, size: number): void {
    if (this.#rows === null || this.length > this.#mask) this.#grow();
    const rows = this.#rows!;
    const row = ((this.#head + this.length) & this.#mask) * width;
    rows[row] = number;
    rows[row + 1] = at;
    rows[row + 2] = place;
    rows[row + 3] = size;
    this.length += 1;
    this.bytes += size;
  }

  /** Removes the oldest row. */
  shift(): void {
    this.bytes -= this.#rows![this.#head * width + 3];
    this.#head = (this.#head + 1) & this.#mask;
    this.length -= 1;
    if (this.length === 0) this.#emptied();
  }

  /** Shows every row, oldest first. */
  forEach(visit: (number: number, at: number, place: number, size: number) => void): void {
    const rows = this.#rows;
    if (rows === null) return;
    for (let i = 0; i < this.length; i += 1) {
      const row = ((this.#head + i) & this.#mask) * width;
      visit(rows[row], rows[row + 1], rows[row + 2], rows[row + 3]);
    }
  }

  /** Puts rows that were added out of order in the order of their numbers. */
  sort(): void {
    const rows: number[][] = [];
    this.forEach((...row) => {
      rows.push(row);
    });
    rows.sort(([a], [b]) => a - b);
    this.clear();
    for (const [number, at, place, size] of rows) this.push(number, at, place, size);
  }

  clear(): void {
    this.bytes = 0;
    this.length = 0;
    this.#emptied();
  }

  #emptied(): void {
    this.#head = 0;
    if (this.#mask >= capacityKept) {
      this.#rows = null;
      this.#mask = 0;
    }
  }

  #grow(): void {
    const capacity = Math.max(capacityMin, this.#rows === null ? 0 : 2 * (this.#mask + 1));
    const grown = new Float64Array(capacity * width);
    if (this.#rows !== null) {
      const first = this.#rows.subarray(this.#head * width);
      grown.set(first);
      grown.set(this.#rows.subarray(0, this.#head * width), first.length);
    }
    this.#rows = grown;
    this.#mask = capacity - 1;
    this.#head = 0;
  }
}
