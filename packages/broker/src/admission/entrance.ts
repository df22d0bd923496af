/** A way in: one listener's own bounds and what has come by it. */
import type { Clock } from '@godwit/runtime';
import type { AckLevel } from '../durable/ack-level.ts';
import { bucketOf, type TokenBucket } from '../token-bucket.ts';

/** How clients of one listener are served; see {@link Broker.entrance}. */
export interface EntranceOptions {
  /** What acknowledgements promise; the broker's by default. */
  readonly ack?: AckLevel | undefined;
  /** Open connections; one more is closed unanswered (`connectionsRefusedListener`). */
  readonly connectionsMax?: number | undefined;
  /** Connections a second; those above are refused with 0x9F (`connectsRefusedRate`). */
  readonly connectsPerSecond?: number | undefined;
}

export class Entrance {
  readonly ack: AckLevel;
  readonly connectionsMax: number;
  /** Null where the rate is not bounded. */
  readonly rate: TokenBucket | null;
  connections: number;

  /** @throws RangeError for a bound that is no whole number above 0 */
  constructor(options: EntranceOptions, ack: AckLevel, burstMs: number, clock: Clock) {
    const { connectionsMax = Number.POSITIVE_INFINITY, connectsPerSecond } = options;
    for (const name of ['connectionsMax', 'connectsPerSecond'] as const) {
      const value = options[name];
      if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
      throw new RangeError(`${name}: is ${value}, expected a whole number above 0`);
    }
    this.ack = options.ack ?? ack;
    this.connectionsMax = connectionsMax;
    this.rate = bucketOf(connectsPerSecond ?? 0, burstMs, clock.monotonicMs());
    this.connections = 0;
  }
}
