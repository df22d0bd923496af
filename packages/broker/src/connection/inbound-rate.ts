/**
 * How much one client may send in a time: messages, their bytes, and filters to subscribe. Counts
 * only; the connection waits, or the message is refused.
 */
import type { Clock } from '@godwit/runtime';
import type { Limits } from '../limits.ts';
import { bucketOf, type TokenBucket } from '../token-bucket.ts';

/** What happens to a client that publishes faster than it may. */
export const publishRatePolicies = ['delay', 'refuse'] as const;
export type PublishRatePolicy = (typeof publishRatePolicies)[number];

/** Shorter waits cost more than they smooth. */
const waitMsMin = 10;
/** Longer debts are waited for in parts. */
const waitMsMax = 60_000;

export class InboundRate {
  /** Messages above the rate are refused; else the client is read no faster than it may send. */
  readonly refuses: boolean;
  /** Nothing more may be read from the client for now. */
  isOver: boolean;
  readonly #clock: Clock;
  readonly #messages: TokenBucket | null;
  readonly #bytes: TokenBucket | null;
  readonly #subscribes: TokenBucket | null;

  /** Null where no rate is bounded. */
  static of(limits: Limits, policy: PublishRatePolicy, clock: Clock): InboundRate | null {
    const { publishMessagesPerSecond, publishBytesPerSecond, subscribesPerSecond } = limits;
    const isBounded = publishMessagesPerSecond + publishBytesPerSecond + subscribesPerSecond > 0;
    return isBounded ? new InboundRate(limits, policy, clock) : null;
  }

  private constructor(limits: Limits, policy: PublishRatePolicy, clock: Clock) {
    const { rateBurstMs } = limits;
    const nowMs = clock.monotonicMs();
    this.refuses = policy === 'refuse';
    this.isOver = false;
    this.#clock = clock;
    this.#messages = bucketOf(limits.publishMessagesPerSecond, rateBurstMs, nowMs);
    this.#bytes = bucketOf(limits.publishBytesPerSecond, rateBurstMs, nowMs);
    this.#subscribes = bucketOf(limits.subscribesPerSecond, rateBurstMs, nowMs);
  }

  /**
   * Looks at the time: once per chunk, since that costs more than all else here.
   * @returns milliseconds that nothing more may be read from the client; 0 when it may go on
   */
  fill(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#messages?.fill(nowMs);
    this.#bytes?.fill(nowMs);
    this.#subscribes?.fill(nowMs);
    let waitMs = this.#subscribes?.waitMs ?? 0;
    if (!this.refuses) {
      waitMs = Math.max(waitMs, this.#messages?.waitMs ?? 0, this.#bytes?.waitMs ?? 0);
    }
    this.isOver = waitMs > 0;
    return waitMs === 0 ? 0 : Math.min(Math.max(waitMs, waitMsMin), waitMsMax);
  }

  /** @returns false when the message is to be refused; then it is not counted */
  takePublish(bytes: number): boolean {
    const messages = this.#messages;
    const perByte = this.#bytes;
    if (this.refuses && (messages?.isEmpty || perByte?.isEmpty)) return false;
    messages?.take(1);
    perByte?.take(bytes);
    if (!this.refuses && (messages?.isEmpty || perByte?.isEmpty)) this.isOver = true;
    return true;
  }

  takeSubscribes(filters: number): void {
    this.#subscribes?.take(filters);
    if (this.#subscribes?.isEmpty) this.isOver = true;
  }
}
