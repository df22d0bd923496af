/** What the clients of a run count together: plain fields, added to for each message. */
import { LatencyHistogram } from '../measure/latency-histogram.ts';

export class Ledger {
  /** Messages written. */
  sent: number;
  /** Messages that arrived, of this run. */
  received: number;
  /** Bytes of their payloads. */
  receivedBytes: number;
  /** Of them: how many came for the first time. */
  unique: number;
  /** Came again. */
  duplicates: number;
  /** Came after one that was sent later. */
  reordered: number;
  /** Not of this run. */
  foreign: number;
  /** QoS 1 and 2: answered for good. */
  acknowledged: number;
  /** Of them: with a reason code of failure. */
  refused: number;
  /** Messages whose credit was given back after a second without a delivery. */
  givenUp: number;
  /** Connections that ended before the run did. */
  closed: number;
  /** Since the last sample was taken. */
  readonly interval: LatencyHistogram;

  constructor() {
    this.sent = 0;
    this.received = 0;
    this.receivedBytes = 0;
    this.unique = 0;
    this.duplicates = 0;
    this.reordered = 0;
    this.foreign = 0;
    this.acknowledged = 0;
    this.refused = 0;
    this.givenUp = 0;
    this.closed = 0;
    this.interval = new LatencyHistogram();
  }
}
