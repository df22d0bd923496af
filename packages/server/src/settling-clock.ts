/** A clock for tests of what waits until the system tells of something: it runs when it is told. */
import type { Clock, Timer } from '@godwit/runtime';

export class SettlingClock implements Clock {
  readonly #due = new Set<() => void>();
  #wake = (): void => {};

  readonly wallMs = (): number => 0;
  readonly monotonicMs = (): number => 0;
  readonly defer = (call: () => void): void => call();

  readonly after = (_delayMs: number, call: () => void): Timer => {
    this.#due.add(call);
    this.#wake();
    return { cancel: () => void this.#due.delete(call) };
  };

  /** Waits until something is set, and runs it. */
  async settled(): Promise<void> {
    while (this.#due.size === 0) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    const due = [...this.#due];
    this.#due.clear();
    for (const call of due) call();
  }
}
