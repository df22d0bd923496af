/**
 * Follows the numbered messages of one publisher, as one receiver (or one shared subscription)
 * gets them: which came twice, which out of order. Numbers that came early are remembered as bits
 * in a ring, made when the first one does.
 */

/** Numbers that can be missing before the oldest is given up. */
export const ringSize = 65_536;

/** What a message turned out to be. */
export const Arrival = { inOrder: 0, early: 1, late: 2, duplicate: 3 } as const;
export type Arrival = (typeof Arrival)[keyof typeof Arrival];

const noRing = new Uint32Array(0);

/** Numbers begin with the first that comes: a receiver may join while a publisher is at it. */
export class SequenceCheck {
  /** The lowest number that has not come. */
  #next: number;
  /** The highest number that came, plus one. */
  #end: number;
  #ring: Uint32Array;
  #givenUp: number;

  constructor(first: number) {
    this.#next = first;
    this.#end = first;
    this.#ring = noRing;
    this.#givenUp = 0;
  }

  /** Takes note of a number. */
  accept(sequence: number): Arrival {
    if (sequence === this.#end) {
      this.#end = sequence + 1;
      if (this.#next === sequence) {
        this.#next = sequence + 1;
        return Arrival.inOrder;
      }
      this.#giveUpBefore(this.#end - ringSize);
      this.#mark(sequence);
      return Arrival.inOrder;
    }
    if (sequence > this.#end) {
      this.#end = sequence + 1;
      this.#giveUpBefore(this.#end - ringSize);
      this.#mark(sequence);
      return Arrival.early;
    }
    if (sequence < this.#next || this.#isMarked(sequence)) return Arrival.duplicate;
    this.#mark(sequence);
    this.#advance();
    return Arrival.late;
  }

  /** Numbers that are missing, as far as later ones show it. */
  get missing(): number {
    let missing = this.#givenUp;
    for (let at = this.#next; at < this.#end; at += 1) if (!this.#isMarked(at)) missing += 1;
    return missing;
  }

  /** Numbers below `floor` are waited for no more. */
  #giveUpBefore(floor: number): void {
    if (this.#next >= floor) return;
    const end = Math.min(floor, this.#next + ringSize);
    this.#givenUp += floor - end;
    for (let at = this.#next; at < end; at += 1) {
      if (!this.#isMarked(at)) this.#givenUp += 1;
      this.#unmark(at);
    }
    this.#next = floor;
    this.#advance();
  }

  #advance(): void {
    while (this.#next < this.#end && this.#isMarked(this.#next)) {
      this.#unmark(this.#next);
      this.#next += 1;
    }
  }

  #isMarked(sequence: number): boolean {
    const bit = sequence % ringSize;
    return this.#ring !== noRing && (this.#ring[bit >>> 5] & (1 << (bit & 31))) !== 0;
  }

  #mark(sequence: number): void {
    if (this.#ring === noRing) this.#ring = new Uint32Array(ringSize / 32);
    const bit = sequence % ringSize;
    this.#ring[bit >>> 5] |= 1 << (bit & 31);
  }

  #unmark(sequence: number): void {
    const bit = sequence % ringSize;
    if (this.#ring !== noRing) this.#ring[bit >>> 5] &= ~(1 << (bit & 31));
  }
}
