/** What a run with messages came to. */
import type { LatencySummary } from '../measure/latency-histogram.ts';
import type { Sample } from '../measure/sample.ts';
import type { Usage } from '../measure/usage-meter.ts';

export interface TrafficResult {
  /** Of measurement, without warm-up. */
  readonly seconds: number;
  /** In that time: messages, also per second. */
  readonly sent: number;
  readonly sentRate: number;
  readonly received: number;
  readonly receivedRate: number;
  /** Payload bytes received, per second. */
  readonly receivedBytesRate: number;
  /** QoS 1 and 2: answered for good. */
  readonly acknowledged: number;
  readonly acknowledgedRate: number;
  /** Time from sending, or from when that was due, to `latencyTo`; null: nothing to measure. */
  readonly latency: LatencySummary | null;
  readonly latencyTo: 'delivery' | 'acknowledgement';
  /** Over the whole run, warm-up and what arrived afterwards included. */
  readonly checked: {
    /** Deliveries there should have been; null: publishers are elsewhere. */
    readonly expected: number | null;
    /** Deliveries that were missing a second after the last one. */
    readonly lost: number;
    readonly duplicates: number;
    /** Arrived after a later one; null in a shared subscription, where that means nothing. */
    readonly reordered: number | null;
    /** Acknowledgements with a reason code of failure. */
    readonly refused: number;
    /** Messages that were not of this run. */
    readonly foreign: number;
    /** Messages whose credit was given back, as nothing had been delivered for a second. */
    readonly givenUp: number;
    /** Connections that ended before the run did. */
    readonly closed: number;
  };
  readonly usage: Usage;
  readonly samples: readonly Sample[];
}
