/**
 * Deliveries that wait in the accept log for one session, oldest first: where each is, in pages of
 * plain numbers, so that a queue of a million costs 20 bytes a message and is never copied.
 */

/** Rows of a page; the first page of a queue begins with fewer and grows. */
const rowsMax = 512;
const rowsMin = 8;
/** Numbers in a row beside the position: delivery number from the page's first, place, size. */
const width = 3;
const deltaMax = 0xffff_ffff;

interface Page {
  /** Delivery number of its first row. */
  readonly base: number;
  ats: Float64Array;
  cells: Uint32Array;
  length: number;
}

export class DeliveryList {
  /** Sum of the messages' sizes. */
  bytes: number;
  length: number;
  #pages: Page[];
  /** The page of the oldest row, and that row in it. */
  #page: number;
  #row: number;

  constructor() {
    this.bytes = 0;
    this.length = 0;
    this.#pages = [];
    this.#page = 0;
    this.#row = 0;
  }

  /** Delivery number of the oldest row. */
  get number(): number {
    const { base, cells } = this.#pages[this.#page];
    return base + cells[this.#row * width];
  }

  /** Position in the accept log of the oldest row. */
  get at(): number {
    return this.#pages[this.#page].ats[this.#row];
  }

  /** The oldest row's target, see `placeOf`. */
  get place(): number {
    return this.#pages[this.#page].cells[this.#row * width + 1];
  }

  /** Adds a row at the end; see {@link sort} where its number is not the greatest. */
  push(number: number, at: number, place: number, size: number): void {
    const page = this.#pageFor(number);
    const row = page.length;
    const cell = row * width;
    page.ats[row] = at;
    page.cells[cell] = number - page.base;
    page.cells[cell + 1] = place;
    page.cells[cell + 2] = size;
    page.length += 1;
    this.length += 1;
    this.bytes += size;
  }

  /** Removes the oldest row. */
  shift(): void {
    const page = this.#pages[this.#page];
    this.bytes -= page.cells[this.#row * width + 2];
    this.length -= 1;
    this.#row += 1;
    if (this.length === 0) this.#reset();
    else if (this.#row === page.length) this.#leavePage();
  }

  /** Shows every row, oldest first. */
  forEach(visit: (number: number, at: number, place: number, size: number) => void): void {
    let row = this.#row;
    for (let i = this.#page; i < this.#pages.length; i += 1) {
      const { base, ats, cells, length } = this.#pages[i];
      for (; row < length; row += 1) {
        const cell = row * width;
        visit(base + cells[cell], ats[row], cells[cell + 1], cells[cell + 2]);
      }
      row = 0;
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
    this.#reset();
  }

  /** The last page, if `number` has room in it, else a new one. */
  #pageFor(number: number): Page {
    const last = this.#pages.at(-1);
    if (last !== undefined && number >= last.base && number - last.base <= deltaMax) {
      if (last.length < last.ats.length) return last;
      if (last.length < rowsMax) return grown(last);
    }
    const rows = last === undefined ? rowsMin : rowsMax;
    const page: Page = {
      base: number,
      ats: new Float64Array(rows),
      cells: new Uint32Array(rows * width),
      length: 0,
    };
    this.#pages.push(page);
    return page;
  }

  #leavePage(): void {
    this.#page += 1;
    this.#row = 0;
    // Not one by one: that would move all the others each time.
    if (this.#page < 32 || this.#page * 2 < this.#pages.length) return;
    this.#pages = this.#pages.slice(this.#page);
    this.#page = 0;
  }

  #reset(): void {
    this.#pages = [];
    this.#page = 0;
    this.#row = 0;
  }
}

/** The page with room for more rows. */
function grown(page: Page): Page {
  const rows = Math.min(rowsMax, 2 * page.ats.length);
  const ats = new Float64Array(rows);
  const cells = new Uint32Array(rows * width);
  ats.set(page.ats);
  cells.set(page.cells);
  page.ats = ats;
  page.cells = cells;
  return page;
}
