/** What an engine counts while it runs; plain numbers, to be read at any time. */

export class LocalStats {
  /** Batches written. */
  batches = 0;
  /** Syncs of a log, and how long the last and the longest took. */
  syncs = 0;
  syncMsLast = 0;
  syncMsMax = 0;
  /** Bytes written to both logs, with all that belongs to records. */
  bytesWritten = 0;
  /** Entries that have a holder, and their bytes. */
  entries = 0;
  entryBytes = 0;
  /** Files of both logs. */
  segments = 0;
  /** Bytes written again so that old files could go. */
  cleanedBytes = 0;
  /** Offers and puts refused for want of room. */
  fullRefusals = 0;
  /** Reads of the files after the start. */
  diskReads = 0;

  synced(tookMs: number): void {
    this.syncs += 1;
    this.syncMsLast = tookMs;
    this.syncMsMax = Math.max(this.syncMsMax, tookMs);
  }
}
