/** Seeds that once found something wrong with the broker or its engine; they run for ever. */

export interface FailedOnce {
  readonly seed: number;
  readonly steps: number;
}

export const failedOnce: readonly FailedOnce[] = [
  // A session that got a message by two ways gave both the same packet identifier.
  { seed: 5, steps: 100 },
  { seed: 69, steps: 40 },
  // A QoS 2 message of 3.1.1 that waited for room in vain was taken for known when it came again.
  { seed: 120, steps: 200 },
];
