/** Takes over what the accept log of earlier runs holds: each entry once, the last value of marks. */

import type { AcceptLogVisitor } from '@godwit/storage';
import type { FoundRecord } from '../log/segment-scan.ts';
import type { SegmentSet } from '../log/segment-set.ts';
import { type RecordVisitor, readRecord } from './accept-items.ts';
import type { EntryIndex } from './entry-index.ts';
import type { MarkBook } from './mark-book.ts';

export interface AcceptLoaderOptions {
  readonly set: SegmentSet;
  readonly index: EntryIndex;
  readonly marks: MarkBook;
  readonly visitor: AcceptLogVisitor;
  /** An entry of so many bytes is held. */
  readonly onHeld: (length: number) => void;
}

export class AcceptLoader implements RecordVisitor {
  readonly #options: AcceptLoaderOptions;
  /** Entries that were let go of, of those that can come up again. */
  readonly #gone = new Set<number>();
  readonly #values = new Map<number, Uint8Array>();
  #body: Uint8Array = new Uint8Array(0);
  #bodyAddress = 0;

  constructor(options: AcceptLoaderOptions) {
    this.#options = options;
  }

  /** Takes over a record. */
  record(record: FoundRecord, bodyAddress: number): void {
    this.#body = record.body;
    this.#bodyAddress = bodyAddress;
    readRecord(record, this);
  }

  /** To be called after the last record. */
  finish(): void {
    for (const [key, bytes] of this.#values) this.#options.visitor.mark(key, bytes);
  }

  entry(position: number, at: number, length: number, moved: boolean): void {
    const { index, set, visitor, onHeld } = this.#options;
    const address = this.#bodyAddress + at;
    const before = index.addressOf(position);
    if (before >= 0) {
      set.count(before, -1);
      set.count(address, 1);
      index.move(position, address);
      return;
    }
    // Where it was first is still there, and was let go of; or it has moved before, likewise.
    if (moved && (position >= set.oldest.sequence || this.#gone.has(position))) return;
    const holders = visitor.entry(position, this.#bytes(at, length));
    if (holders > 0) {
      index.add(position, address, length, holders);
      set.count(address, 1);
      onHeld(length);
    } else if (moved) {
      this.#gone.add(position);
    }
  }

  mark(key: number, at: number, length: number): void {
    this.#options.marks.put(key, this.#bodyAddress + at, length);
    this.#values.set(key, this.#bytes(at, length).slice());
  }

  forgotten(key: number): void {
    this.#options.marks.removed(key);
    this.#values.delete(key);
  }

  #bytes(at: number, length: number): Uint8Array {
    const { buffer, byteOffset } = this.#body;
    return new Uint8Array(buffer, byteOffset + at, length);
  }
}
