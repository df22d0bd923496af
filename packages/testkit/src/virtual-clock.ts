/**
 * Time that a test moves by hand. Nothing happens by itself: timers run in {@link
 * VirtualClock.advance}, deferred calls there and in {@link VirtualClock.settle}.
 */
import { type Clock, systemClock, type Timer } from '@godwit/runtime';

/** Turns without rest after which {@link VirtualClock.settle} gives up. */
const turnsMax = 10_000;

interface PendingTimer {
  readonly dueMs: number;
  readonly call: () => void;
}

/**
 * A deterministic {@link Clock}. Timers run in the order in which they are due, those due at the
 * same time in the order in which they were set.
 *
 * ```ts
 * const clock = new VirtualClock();
 * clock.after(1_000, () => events.push('due'));
 * await clock.advance(1_000);
 * ```
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  /** Wall time minus monotonic time. */
  #wallOffsetMs: number;
  /** In the order in which they run. */
  #timers: PendingTimer[];
  #deferred: (() => void)[];

  /** @param wallMs wall time at the beginning; monotonic time begins at 0 */
  constructor(wallMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = 0;
    this.#wallOffsetMs = wallMs;
    this.#timers = [];
    this.#deferred = [];
  }

  readonly wallMs = (): number => this.#nowMs + this.#wallOffsetMs;

  readonly monotonicMs = (): number => this.#nowMs;

  readonly after = (delayMs: number, call: () => void): Timer => {
    if (!(delayMs >= 0 && delayMs < 2 ** 31)) {
      throw new RangeError(`delay is ${delayMs} ms, must be 0 to 2^31-1`);
    }
    const timer: PendingTimer = { dueMs: this.#nowMs + delayMs, call };
    let index = this.#timers.length;
    while (index > 0 && this.#timers[index - 1].dueMs > timer.dueMs) index -= 1;
    this.#timers.splice(index, 0, timer);
    return { cancel: () => this.#cancel(timer) };
  };

  readonly defer = (call: () => void): void => {
    this.#deferred.push(call);
  };

  /** Timers that are set and have not run. */
  get timerCount(): number {
    return this.#timers.length;
  }

  /** Makes wall time jump, as an administrator or NTP does; monotonic time goes on. */
  setWallMs(wallMs: number): void {
    this.#wallOffsetMs = wallMs - this.#nowMs;
  }

  /**
   * Lets `ms` pass: runs every timer that becomes due, at its time, and settles before the first,
   * after each and at the end.
   */
  async advance(ms: number): Promise<void> {
    await this.advanceUntil(() => false, ms);
  }

  /**
   * As {@link advance}, but stops as soon as `isTrue` holds after settling.
   * @returns whether it held before more than `msMax` had passed
   */
  async advanceUntil(isTrue: () => boolean, msMax: number): Promise<boolean> {
    if (!(msMax >= 0)) throw new RangeError(`time cannot advance by ${msMax} ms`);
    const endMs = this.#nowMs + msMax;
    await this.settle();
    while (!isTrue()) {
      if (this.#timers.length === 0 || this.#timers[0].dueMs > endMs) {
        this.#nowMs = endMs;
        return false;
      }
      const timer = this.#timers.shift()!;
      this.#nowMs = timer.dueMs;
      timer.call();
      await this.settle();
    }
    return true;
  }

  /**
   * Runs deferred calls, and waits for promises to be followed up, until neither is left. Time
   * stands still.
   *
   * @throws Error when there is no end to it
   */
  async settle(): Promise<void> {
    for (let turn = 0; turn < turnsMax; turn += 1) {
      await microtasks();
      if (this.#deferred.length === 0) return;
      const calls = this.#deferred;
      this.#deferred = [];
      for (const call of calls) call();
    }
    throw new Error(`calls were still being deferred after ${turnsMax} turns`);
  }

  #cancel(timer: PendingTimer): void {
    const index = this.#timers.indexOf(timer);
    if (index >= 0) this.#timers.splice(index, 1);
  }
}

/** Resolves once all microtasks, and those that they queue, have run. */
function microtasks(): Promise<void> {
  return new Promise(resolve => systemClock.defer(resolve));
}
