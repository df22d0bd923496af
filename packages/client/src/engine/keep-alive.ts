/**
 * Keeps the connection alive in both directions with one deadline on the monotonic clock, moved
 * only when it is reached: traffic costs two stamps and no timer.
 */
import type { Clock, Timer } from '@godwit/runtime';

export interface KeepAliveHandlers {
  /** Nothing was sent, or nothing came, for the interval: time for a PINGREQ. */
  ping(): void;
  /** And nothing came for another interval after it. */
  expire(): void;
}

/** Longest wait for the answer to a PINGREQ. */
const answerMsMax = 30_000;

export class KeepAlive {
  readonly #clock: Clock;
  readonly #handlers: KeepAliveHandlers;
  #intervalMs: number;
  #sentAt: number;
  #receivedAt: number;
  /** When the PINGREQ that nothing followed yet was sent, or -1. */
  #pingedAt: number;
  #timer: Timer | null;

  constructor(clock: Clock, handlers: KeepAliveHandlers) {
    this.#clock = clock;
    this.#handlers = handlers;
    this.#intervalMs = 0;
    // CONNECT is about to go out
    this.#sentAt = clock.monotonicMs();
    this.#receivedAt = 0;
    this.#pingedAt = -1;
    this.#timer = null;
  }

  /** CONNACK has come, and says how long; with an interval of 0 nothing is done. */
  start(intervalMs: number): void {
    if (intervalMs === 0) return;
    this.#intervalMs = intervalMs;
    this.#receivedAt = this.#clock.monotonicMs();
    this.#arm(this.#receivedAt);
  }

  /** After a pause of which the timer may know nothing: is the server still there? */
  probe(): void {
    if (this.#intervalMs === 0 || this.#pingedAt >= 0) return;
    this.#timer?.cancel();
    this.#ping(this.#clock.monotonicMs());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#intervalMs = 0;
  }

  sent(): void {
    if (this.#intervalMs > 0) this.#sentAt = this.#clock.monotonicMs();
  }

  received(): void {
    if (this.#intervalMs === 0) return;
    this.#receivedAt = this.#clock.monotonicMs();
    this.#pingedAt = -1;
  }

  #deadline(): number {
    if (this.#pingedAt >= 0) return this.#pingedAt + Math.min(this.#intervalMs, answerMsMax);
    return Math.min(this.#sentAt, this.#receivedAt) + this.#intervalMs;
  }

  #arm(now: number): void {
    const delayMs = Math.max(1, Math.ceil(this.#deadline() - now));
    this.#timer = this.#clock.after(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    const now = this.#clock.monotonicMs();
    if (now >= this.#deadline()) {
      if (this.#pingedAt >= 0) {
        // the answer may be waiting to be read, if this process was held up
        this.#clock.defer(() => this.#onSilence());
        return;
      }
      // [MQTT-3.1.2-20] the longest silence; a server that only reads is asked for a sign of life
      this.#ping(now);
    } else this.#arm(now);
  }

  #ping(now: number): void {
    this.#handlers.ping();
    this.#pingedAt = now;
    this.#sentAt = now;
    this.#arm(now);
  }

  #onSilence(): void {
    if (this.#intervalMs === 0) return;
    if (this.#pingedAt < 0) {
      this.#arm(this.#clock.monotonicMs());
      return;
    }
    this.stop();
    this.#handlers.expire();
  }
}
