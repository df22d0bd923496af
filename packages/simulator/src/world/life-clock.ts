/**
 * The clock of one run of the broker: the world's time, until the process dies. What it was to call
 * later is then never called.
 */
import type { Clock, Timer } from '@godwit/runtime';

export class LifeClock implements Clock {
  readonly #clock: Clock;
  #isOver = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly wallMs = (): number => this.#clock.wallMs();

  readonly monotonicMs = (): number => this.#clock.monotonicMs();

  readonly after = (delayMs: number, call: () => void): Timer =>
    this.#clock.after(delayMs, () => this.#call(call));

  readonly defer = (call: () => void): void => this.#clock.defer(() => this.#call(call));

  /** The process is gone. */
  end(): void {
    this.#isOver = true;
  }

  #call(call: () => void): void {
    if (!this.#isOver) call();
  }
}
