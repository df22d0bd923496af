/**
 * What an accept log says, item by item: an entry, whose place is that of the record and the item;
 * an entry that moved here and keeps its old place; a release.
 */

import type { LogWriter } from '../log/log-writer.ts';
import type { FoundRecord } from '../log/segment-scan.ts';
import type { EntryIndex } from './entry-index.ts';

const Kind = { entry: 1, moved: 2, release: 3 } as const;

/** Bytes of each item besides those of its entry. */
export const MOVED_BYTES = 17;
export const RELEASE_BYTES = 13;

/** What is done with the items of a record: plain numbers, for there may be millions. */
export interface RecordVisitor {
  /** An entry with its place; its bytes are at `at` in the record's body. */
  entry(sequence: number, index: number, at: number, length: number): void;
  release(sequence: number, index: number): void;
}

/** Writes an entry; gives where its bytes are in the body. */
export function writeEntry(to: LogWriter, bytes: Uint8Array): number {
  to.count += 1;
  to.u8(Kind.entry);
  return to.bytes(bytes);
}

/** Writes an entry that was accepted in an earlier record; gives where its bytes are. */
export function writeMoved(
  to: LogWriter,
  sequence: number,
  index: number,
  bytes: Uint8Array,
): number {
  to.u8(Kind.moved);
  to.f64(sequence);
  to.u32(index);
  return to.bytes(bytes);
}

export function writeRelease(to: LogWriter, sequence: number, index: number): void {
  to.u8(Kind.release);
  to.f64(sequence);
  to.u32(index);
}

/** Visits every item of a record, in order. */
export function readRecord({ body, sequence }: FoundRecord, visitor: RecordVisitor): void {
  let next = 0;
  for (let at = 0; at < body.length; ) {
    const kind = body[at];
    if (kind === Kind.entry) {
      const length = body.readUInt32LE(at + 1);
      visitor.entry(sequence, next, at + 5, length);
      next += 1;
      at += 5 + length;
      continue;
    }
    const placeSequence = body.readDoubleLE(at + 1);
    const placeIndex = body.readUInt32LE(at + 9);
    if (kind === Kind.release) {
      visitor.release(placeSequence, placeIndex);
      at += RELEASE_BYTES;
    } else if (kind === Kind.moved) {
      const length = body.readUInt32LE(at + 13);
      visitor.entry(placeSequence, placeIndex, at + MOVED_BYTES, length);
      at += MOVED_BYTES + length;
    } else {
      throw new Error(`an item of the unknown kind ${kind}`);
    }
  }
}

/** Puts what a record says into an index; `bodyAddress` is where its body is. */
export function indexRecord(record: FoundRecord, bodyAddress: number, index: EntryIndex): void {
  readRecord(record, {
    entry: (sequence, number, at, length) => index.put(sequence, number, bodyAddress + at, length),
    release: (sequence, number) => index.release(sequence, number),
  });
}
