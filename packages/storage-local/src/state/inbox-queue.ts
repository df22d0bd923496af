/**
 * Where the entries of one inbox are, oldest first, in a flat array of numbers: a queue of many
 * messages costs little memory. The messages themselves are on the disk.
 */

/** What is known of an entry. */
export interface InboxRow {
  readonly position: number;
  /** Number of the run that the entry's id names. */
  readonly source: number;
  readonly sequence: number;
  readonly index: number;
  /** Milliseconds since 1970-01-01 UTC; infinite: never. */
  readonly expiresAtMs: number;
  readonly address: number;
  readonly length: number;
}

/** Numbers in a row, in the order of `InboxRow`. */
const WIDTH = 7;
const EXPIRY = 4;
const ADDRESS = 5;
const LENGTH = 6;

export class InboxQueue {
  #numbers: number[] = [];
  /** Where the first row begins: those before are removed. */
  #from = 0;
  /** Rows restored out of order. */
  #late: InboxRow[] = [];
  /** The greatest id seen, by source, sequence, index. */
  #newest: readonly [number, number, number] = [-1, 0, 0];
  /** Ids held, once one came out of order. */
  #ids: Set<string> | null = null;

  get size(): number {
    return (this.#numbers.length - this.#from) / WIDTH;
  }

  /** The row at `index`, from 0. */
  row(index: number): InboxRow {
    const at = this.#from + index * WIDTH;
    const [position, source, sequence, number, expiresAtMs, address, length] = this.#numbers.slice(
      at,
      at + WIDTH,
    );
    return { position, source, sequence, index: number, expiresAtMs, address, length };
  }

  position(index: number): number {
    return this.#numbers[this.#from + index * WIDTH];
  }

  address(index: number): number {
    return this.#numbers[this.#from + index * WIDTH + ADDRESS];
  }

  length(index: number): number {
    return this.#numbers[this.#from + index * WIDTH + LENGTH];
  }

  expiresAtMs(index: number): number {
    return this.#numbers[this.#from + index * WIDTH + EXPIRY];
  }

  /** Index of the first row behind `position`. */
  firstAfter(position: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#numbers[this.#from + middle * WIDTH] <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether an entry of this id is in the queue. */
  has(source: number, sequence: number, index: number): boolean {
    // Ids come in order, but for a recovery that is repeated.
    if (this.#isNewer(source, sequence, index)) return false;
    this.#ids ??= new Set(Array.from({ length: this.size }, (_, n) => idOf(this.row(n))));
    return this.#ids.has(idOf({ source, sequence, index }));
  }

  /** Adds a row at the end. */
  push(row: InboxRow): void {
    const { source, sequence, index } = row;
    if (this.#isNewer(source, sequence, index)) this.#newest = [source, sequence, index];
    this.#ids?.add(idOf(row));
    this.#numbers.push(row.position, source, sequence, index);
    this.#numbers.push(row.expiresAtMs, row.address, row.length);
  }

  /** Address of the entry at a position; −1: there is none. */
  addressOf(position: number): number {
    const index = this.firstAfter(position) - 1;
    const at = this.#from + index * WIDTH;
    return index >= 0 && this.#numbers[at] === position ? this.#numbers[at + ADDRESS] : -1;
  }

  /** Notes that the entry at a position, which must be there, is stored elsewhere now. */
  moveTo(position: number, address: number): void {
    const index = this.firstAfter(position) - 1;
    this.#numbers[this.#from + index * WIDTH + ADDRESS] = address;
  }

  /** Removes the first `count` rows, calling `onRemoved` with each. */
  removeFirst(count: number, onRemoved: (row: InboxRow) => void): void {
    for (let n = 0; n < count; n += 1) this.#let(this.row(n), onRemoved);
    this.#from += count * WIDTH;
    if (this.#from * 2 < this.#numbers.length) return;
    this.#numbers = this.#numbers.slice(this.#from);
    this.#from = 0;
  }

  /** Removes what has expired, calling `onRemoved` with each. */
  removeExpired(nowMs: number, onRemoved: (row: InboxRow) => void): void {
    const kept: number[] = [];
    for (let n = 0; n < this.size; n += 1) {
      const at = this.#from + n * WIDTH;
      if (this.#numbers[at + EXPIRY] <= nowMs) this.#let(this.row(n), onRemoved);
      else for (let i = at; i < at + WIDTH; i += 1) kept.push(this.#numbers[i]);
    }
    this.#numbers = kept;
    this.#from = 0;
  }

  /** Takes over a row as the log says it, in any order; a position that is there has moved. */
  restore(row: InboxRow): void {
    const last = this.size === 0 ? 0 : this.position(this.size - 1);
    if (row.position > last) this.push(row);
    else this.#late.push(row);
  }

  /** Takes over a removal up to a position while rows are being restored. */
  restoreTrim(upTo: number): void {
    this.#late = this.#late.filter(row => row.position > upTo);
    this.removeFirst(this.firstAfter(upTo), () => {});
  }

  /** Puts what was restored in order. */
  finishRestore(): void {
    if (this.#late.length === 0) return;
    const rows = new Map<number, InboxRow>();
    for (let n = 0; n < this.size; n += 1) rows.set(this.row(n).position, this.row(n));
    for (const row of this.#late) rows.set(row.position, row);
    this.#late = [];
    this.#numbers = [];
    this.#from = 0;
    for (const row of [...rows.values()].sort((a, b) => a.position - b.position)) this.push(row);
  }

  #let(row: InboxRow, onRemoved: (row: InboxRow) => void): void {
    this.#ids?.delete(idOf(row));
    onRemoved(row);
  }

  #isNewer(source: number, sequence: number, index: number): boolean {
    const [newestSource, newestSequence, newestIndex] = this.#newest;
    if (source !== newestSource) return source > newestSource;
    if (sequence !== newestSequence) return sequence > newestSequence;
    return index > newestIndex;
  }
}

function idOf(row: Pick<InboxRow, 'source' | 'sequence' | 'index'>): string {
  return `${row.source}/${row.sequence}/${row.index}`;
}
