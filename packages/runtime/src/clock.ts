/**
 * Time as the rest of Godwit sees it. A core is handed a `Clock` and never asks the system for
 * the time itself, so that tests and the simulator can run it on virtual time.
 */

/** A pending call made by {@link Clock.after}. */
export interface Timer {
  /** Stops the call from happening; harmless once it has happened. */
  cancel(): void;
}

/** Wall time, monotonic time, and calls in the future. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; may jump. For deadlines that outlive the process. */
  wallMs(): number;
  /** Milliseconds since some fixed moment; never goes back. For all other deadlines. */
  monotonicMs(): number;
  /** Calls `call` once, `delayMs` (0 to 2^31-1) from now. Keeps a process alive until then. */
  after(delayMs: number, call: () => void): Timer;
  /**
   * Calls `call` once, after the input that is ready now has been handled: on Node in the check
   * phase of this turn of the event loop. What several reads produced is so written at once.
   */
  defer(call: () => void): void;
}

const immediate: (call: () => void) => void =
  typeof globalThis.setImmediate === 'function'
    ? call => void globalThis.setImmediate(call)
    : call => void globalThis.setTimeout(call, 0);

/** The system's time. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, call) {
    const handle = globalThis.setTimeout(call, delayMs);
    return { cancel: () => globalThis.clearTimeout(handle) };
  },
  defer: immediate,
};
