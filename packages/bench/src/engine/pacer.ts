/**
 * Open loop: wakes each publisher when a message of its is due. Sleeps while nothing is due for
 * some milliseconds, and else watches the clock: a timer alone would be late by up to one.
 */
import type { Publisher } from './publisher.ts';
import type { Tick } from './tick.ts';

/** Timers are trusted to be less late than this. */
const watchMs = 3;

export class Pacer {
  readonly #publishers: readonly Publisher[];
  readonly #tick: Tick;
  readonly #stepUs: number;
  #startUs: number;
  /** Messages that have become due, of all publishers in turn. */
  #due: number;
  #isRunning: boolean;
  readonly #step: () => void;

  /** @param rate messages per second, all publishers together */
  constructor(publishers: readonly Publisher[], rate: number, tick: Tick) {
    this.#publishers = publishers;
    this.#tick = tick;
    this.#stepUs = 1e6 / rate;
    this.#startUs = 0;
    this.#due = 0;
    this.#isRunning = false;
    this.#step = () => this.#wake();
  }

  start(): void {
    this.#startUs = this.#tick.nowUs();
    this.#isRunning = true;
    this.#publishers.forEach((publisher, index) => {
      publisher.start(this.#startUs + index * this.#stepUs);
    });
    this.#wake();
  }

  stop(): void {
    this.#isRunning = false;
  }

  #wake(): void {
    if (!this.#isRunning) return;
    const publishers = this.#publishers;
    const elapsedUs = this.#tick.nowUs() - this.#startUs;
    const due = Math.floor(elapsedUs / this.#stepUs) + 1;
    const from = Math.max(this.#due, due - publishers.length);
    for (let i = from; i < due; i += 1) publishers[i % publishers.length].touch();
    this.#due = due;
    const waitMs = (due * this.#stepUs - elapsedUs) / 1000;
    if (waitMs > watchMs) this.#tick.clock.after(waitMs - watchMs + 1, this.#step);
    else this.#tick.clock.defer(this.#step);
  }
}
