/**
 * The memory of all connections together for what their clients have not taken. Counts by blocks,
 * so it costs nothing per message; a block that several connections share counts once.
 */

/** A client may always have this much waiting. */
const fairShareMin = 65_536;

export class OutboundBudget {
  /** Bytes that one connection may have waiting, now. */
  bytesMax: number;
  /** Connections have their fair share only, because all of them together have too much. */
  isTight: boolean;
  readonly #ownMax: number;
  readonly #totalMax: number;
  readonly #connections: () => number;
  #total: number;

  /**
   * @param ownMax bytes for one connection while there is enough for all
   * @param totalMax bytes above which each gets its fair share only, until half of them are left
   * @param connections how many there are
   */
  constructor(ownMax: number, totalMax: number, connections: () => number) {
    this.bytesMax = ownMax;
    this.isTight = false;
    this.#ownMax = ownMax;
    this.#totalMax = totalMax;
    this.#connections = connections;
    this.#total = 0;
  }

  get total(): number {
    return this.#total;
  }

  add(bytes: number): void {
    this.#total += bytes;
    if (this.#total <= this.#totalMax || this.isTight) return;
    this.isTight = true;
    const fairShare = Math.floor(this.#totalMax / 2 / Math.max(1, this.#connections()));
    this.bytesMax = Math.min(this.#ownMax, Math.max(fairShareMin, fairShare));
  }

  remove(bytes: number): void {
    this.#total -= bytes;
    if (!this.isTight || this.#total > this.#totalMax / 2) return;
    this.isTight = false;
    this.bytesMax = this.#ownMax;
  }
}
