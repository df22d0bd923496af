/** What every kind of run is handed from outside, and the moments it tells of. */
import type { Clock, Random } from '@godwit/runtime';
import type { Sample } from '../measure/sample.ts';

export interface RunContext {
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the run early; what was measured by then is the result. */
  readonly signal: AbortSignal;
  readonly onSample?: (sample: Sample) => void;
}

/** A name that no other run has: for client identifiers. */
export function runName(run: number): string {
  return `bench-${run.toString(36)}`;
}
