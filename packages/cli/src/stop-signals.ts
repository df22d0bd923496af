/**
 * SIGINT and SIGTERM, told apart: the first asks to stop, another one some time later insists. The
 * time is needed because Ctrl-C reaches a program several times at once: from the terminal, and
 * from npm or the launcher, which pass it on.
 */
import type { EventEmitter } from 'node:events';
import { type Clock, systemClock } from '@godwit/runtime';

const signals = ['SIGINT', 'SIGTERM'] as const;
const repeatedMs = 500;

/**
 * @param onStop at the first signal
 * @param onForce at a later one
 * @returns a function that ends it
 */
export function onStopSignals(
  onStop: (signal: string) => void,
  onForce: () => void,
  clock: Clock = systemClock,
  source: EventEmitter = process,
): () => void {
  let stoppedAt: number | undefined;
  const listener = (signal: string): void => {
    if (stoppedAt === undefined) {
      stoppedAt = clock.monotonicMs();
      onStop(signal);
    } else if (clock.monotonicMs() - stoppedAt > repeatedMs) onForce();
  };
  for (const signal of signals) source.on(signal, listener);
  return () => {
    for (const signal of signals) source.off(signal, listener);
  };
}
