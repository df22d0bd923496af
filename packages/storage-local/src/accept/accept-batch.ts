/** Entries on their way into the accept log: already encoded, each with its caller. */

import type { OfferDone } from '@godwit/storage';
import { LogWriter } from '../log/log-writer.ts';
import { writeEntry } from './accept-items.ts';

/** A batch takes no more entries once it has this many bytes. */
const BATCH_BYTES_MAX = 4 * 1024 * 1024;

export class AcceptBatch {
  readonly writer: LogWriter = new LogWriter();
  /** Callers of the entries, in order; then of those that came too late and are not in it. */
  readonly dones: OfferDone[] = [];
  /** Where each entry's bytes are in the body, and how many. */
  readonly places: number[] = [];
  /** Callers that have been told. */
  settled = 0;

  /** Entries in it. */
  get count(): number {
    return this.places.length / 2;
  }

  get full(): boolean {
    return this.writer.bodyBytes >= BATCH_BYTES_MAX;
  }

  add(entry: Uint8Array, done: OfferDone): void {
    this.places.push(writeEntry(this.writer, entry), entry.length);
    this.dones.push(done);
  }

  /** Makes it an empty batch again. */
  clear(): void {
    this.writer.clear();
    this.dones.length = 0;
    this.places.length = 0;
    this.settled = 0;
  }
}
