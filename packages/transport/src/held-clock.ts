/**
 * A clock for this package's tests: nothing is due before the test says so. That of the testkit,
 * which stands above this package, cannot be had here.
 */
import type { Clock, Timer } from '@godwit/runtime';

export class HeldClock implements Clock {
  /** What is set, with its delay, in the order in which it was. */
  readonly timers: Map<() => void, number>;
  #wake: () => void;

  constructor() {
    this.timers = new Map();
    this.#wake = () => {};
  }

  readonly wallMs = (): number => 0;

  readonly monotonicMs = (): number => 0;

  readonly defer = (call: () => void): void => call();

  readonly after = (delayMs: number, call: () => void): Timer => {
    this.timers.set(call, delayMs);
    this.#wake();
    return { cancel: () => void this.timers.delete(call) };
  };

  /** Resolves when as many are set. */
  async set(count: number): Promise<void> {
    while (this.timers.size < count) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  /** Runs what is set. */
  expire(): void {
    const due = [...this.timers.keys()];
    this.timers.clear();
    for (const call of due) call();
  }
}
