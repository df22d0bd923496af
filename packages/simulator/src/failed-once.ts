/** Seeds that once found something wrong with the broker or its engine; they run for ever. */

export interface FailedOnce {
  readonly seed: number;
  readonly steps: number;
}

export const failedOnce: readonly FailedOnce[] = [
  // A session that got a message twice, by two ways, gave both the same packet identifier.
  { seed: 2, steps: 210 },
];
