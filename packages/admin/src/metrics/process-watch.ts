/**
 * Watches the process: how late the event loop is, and how long garbage collection takes. Runs from
 * its making until `close`, and costs one timer.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import type { Clock, Timer } from '@godwit/runtime';
import { Histogram } from './histogram.ts';

/** How often it is looked whether the event loop is in time. */
const sampleMs = 20;
const secondBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

export class ProcessWatch {
  /** Seconds that a timer was late. */
  readonly loopDelay: Histogram;
  /** Seconds that a garbage collection took. */
  readonly collections: Histogram;
  readonly #clock: Clock;
  readonly #observer: PerformanceObserver;
  #timer: Timer;

  constructor(clock: Clock) {
    this.loopDelay = new Histogram(secondBounds);
    this.collections = new Histogram(secondBounds);
    this.#clock = clock;
    this.#observer = new PerformanceObserver(list => {
      for (const { duration } of list.getEntries()) this.collections.observe(duration / 1000);
    });
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#timer = this.#sample();
  }

  close(): void {
    this.#timer.cancel();
    this.#observer.disconnect();
  }

  #sample(): Timer {
    const dueAt = this.#clock.monotonicMs() + sampleMs;
    return this.#clock.after(sampleMs, () => {
      const lateMs = Math.max(0, this.#clock.monotonicMs() - dueAt);
      this.loopDelay.observe(lateMs / 1000);
      this.#timer = this.#sample();
    });
  }
}
