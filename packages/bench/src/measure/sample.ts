/** What is seen of a run again and again while it lasts. */

export interface Sample {
  /** End of the interval, since the run began. */
  readonly atMs: number;
  /** Whether warm-up is over. */
  readonly isMeasured: boolean;
  /** Per second: messages, or connections made. */
  readonly sentRate: number;
  readonly receivedRate: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Of the server's process, where its pid was given. */
  readonly rssBytes?: number;
}
