/**
 * A rate as a bucket of tokens that fills up by itself. Whoever finds any may take more than there
 * are: the debt has to be worked off first, so the rate holds in the long run whatever the sizes.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #capacity: number;
  #tokens: number;
  #filledMs: number;

  /**
   * @param perSecond tokens a second
   * @param burstMs milliseconds of the rate that the bucket holds, at least one token
   */
  constructor(perSecond: number, burstMs: number, nowMs: number) {
    this.#perMs = perSecond / 1000;
    this.#capacity = Math.max(1, this.#perMs * burstMs);
    this.#tokens = this.#capacity;
    this.#filledMs = nowMs;
  }

  /** Whether nothing may be taken now. */
  get isEmpty(): boolean {
    return this.#tokens <= 0;
  }

  /** Milliseconds from the last {@link fill} until something may be taken again. */
  get waitMs(): number {
    return this.#tokens > 0 ? 0 : Math.floor(-this.#tokens / this.#perMs) + 1;
  }

  /** Adds what has come since the last time. */
  fill(nowMs: number): void {
    const filled = this.#tokens + (nowMs - this.#filledMs) * this.#perMs;
    this.#tokens = filled < this.#capacity ? filled : this.#capacity;
    this.#filledMs = nowMs;
  }

  take(amount: number): void {
    this.#tokens -= amount;
  }

  /** Fills, and takes one if there is any. @returns false when there is none */
  tryTake(nowMs: number): boolean {
    this.fill(nowMs);
    if (this.isEmpty) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** A bucket for a rate of the limits, where 0 is no bound: null. */
export function bucketOf(perSecond: number, burstMs: number, nowMs: number): TokenBucket | null {
  return perSecond === 0 ? null : new TokenBucket(perSecond, burstMs, nowMs);
}
