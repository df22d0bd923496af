/** One side of what the crash test watches: it lives through the same crashes as all others. */
import type { Clock } from '@godwit/runtime';
import type { SeededRandom } from '@godwit/testkit';
import type { Faults } from './faults.ts';

export interface StrandContext {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly faults: Faults;
}

export interface Strand {
  /** The broker listens: makes load until {@link down}. */
  up(port: number): void;
  /** The broker is killed, or will be at any moment. */
  down(): void;
  /**
   * The broker is up and will stay: makes no new load, waits for all that is owed, and reports
   * what is wrong.
   */
  settle(): Promise<void>;
  /** Closes every connection. */
  close(): void;
}

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise(resolve => {
    clock.after(ms, resolve);
  });
}

const pollMs = 50;

/**
 * Waits until `isDone`, at most `patienceMs` after `progress` last gave another number.
 * @returns whether it is done
 */
export async function waitFor(
  clock: Clock,
  isDone: () => boolean,
  patienceMs: number,
  progress: () => number = () => 0,
): Promise<boolean> {
  let last = progress();
  let untilMs = clock.monotonicMs() + patienceMs;
  while (!isDone()) {
    await pause(clock, pollMs);
    if (progress() !== last) untilMs = clock.monotonicMs() + patienceMs;
    last = progress();
    if (clock.monotonicMs() > untilMs) return isDone();
  }
  return true;
}
