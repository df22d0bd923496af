/** Entries on their way into the accept log: already encoded, with dense positions. */

import { LogWriter } from '../log/log-writer.ts';
import { writeEntry } from './accept-items.ts';

/** A batch takes no more entries once it has this many bytes. */
const BATCH_BYTES_MAX = 1024 * 1024;

export class AcceptBatch {
  readonly writer: LogWriter;
  /** Position of its first entry. */
  readonly first: number;
  /** Bytes of the body that are entries. */
  #entryBytes = 0;

  /** Follows `before` in memory if there is room. */
  constructor(first: number, before: LogWriter | null) {
    this.first = first;
    this.writer = new LogWriter(before);
  }

  /** Entries in it. */
  get count(): number {
    return this.writer.count;
  }

  get last(): number {
    return this.first + this.writer.count - 1;
  }

  get full(): boolean {
    return this.writer.bodyBytes >= BATCH_BYTES_MAX;
  }

  /** Adds an entry; gives where its bytes are in the body. */
  add(bytes: Uint8Array, start: number, end: number): number {
    return writeEntry(this.writer, bytes, start, end);
  }

  /** Takes no more entries: what comes now is something else. */
  close(): void {
    this.#entryBytes = this.writer.bodyBytes;
  }

  /** Takes back everything but the entries. */
  reduce(): void {
    this.writer.cut(this.#entryBytes);
  }
}
