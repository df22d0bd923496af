/** Time for tests on files: timers run when the test says so, deferred calls and I/O by themselves. */

import { type Clock, systemClock, type Timer } from '@godwit/runtime';

/** Turns of the event loop in which nothing happened, after which all is taken to be quiet. */
const QUIET_TURNS = 4;

interface PendingTimer {
  readonly atMs: number;
  readonly call: () => void;
}

export class HandClock implements Clock {
  /** Whether something outside is under way, a call of the system say. */
  busy: () => boolean = () => false;
  #nowMs = 0;
  #timers: PendingTimer[] = [];
  #deferred = 0;

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, call: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, call };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer);
      },
    };
  }

  defer(call: () => void): void {
    this.#deferred += 1;
    systemClock.defer(() => {
      this.#deferred -= 1;
      call();
    });
  }

  /** Moves on by `ms`, calling what becomes due and waiting until all is quiet each time. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await this.settle();
      const due = this.#timers.filter(timer => timer.atMs <= untilMs);
      if (due.length === 0) break;
      const next = due.reduce((a, b) => (b.atMs < a.atMs ? b : a));
      this.#timers = this.#timers.filter(other => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.call();
    }
    this.#nowMs = untilMs;
  }

  /** Waits until nothing is deferred or under way. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      await new Promise<void>(resolve => systemClock.defer(resolve));
      quiet = this.#deferred > 0 || this.busy() ? 0 : quiet + 1;
    }
  }
}
