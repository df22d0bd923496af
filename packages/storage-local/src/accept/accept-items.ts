/**
 * What the accept log says, item by item: an entry, whose position follows from its place in the
 * record; an entry that moved here and keeps its position; the value of a mark; the end of a mark.
 */

import type { LogWriter } from '../log/log-writer.ts';
import type { FoundRecord } from '../log/segment-scan.ts';

const Kind = { entry: 1, moved: 2, mark: 3, forgotten: 4 } as const;

/** Bytes of each item besides its own. */
const ENTRY_BYTES = 5;
export const MOVED_BYTES = 13;
export const MARK_BYTES = 9;

/** What is done with the items of a record; bytes are at `at` in its body. */
export interface RecordVisitor {
  entry(position: number, at: number, length: number, moved: boolean): void;
  mark(key: number, at: number, length: number): void;
  forgotten(key: number): void;
}

/** Writes `bytes[start..end)` as an entry; gives where they are in the body. */
export function writeEntry(to: LogWriter, bytes: Uint8Array, start: number, end: number): number {
  to.count += 1;
  return to.item(Kind.entry, bytes, start, end);
}

/** Writes an entry that was accepted in an earlier record; gives where its bytes are. */
export function writeMoved(to: LogWriter, position: number, bytes: Uint8Array): number {
  to.u8(Kind.moved);
  to.f64(position);
  return to.bytes(bytes);
}

/** Writes the value of a mark; gives where it is in the body. */
export function writeMark(to: LogWriter, key: number, bytes: Uint8Array, length: number): number {
  to.u8(Kind.mark);
  to.u32(key);
  return to.bytes(bytes.subarray(0, length));
}

export function writeForgotten(to: LogWriter, key: number): void {
  to.u8(Kind.forgotten);
  to.u32(key);
}

/** Visits every item of a record, in order. */
export function readRecord({ body, sequence }: FoundRecord, visitor: RecordVisitor): void {
  let position = sequence;
  for (let at = 0; at < body.length; ) {
    const kind = body[at];
    if (kind === Kind.entry) {
      const length = body.readUInt32LE(at + 1);
      visitor.entry(position, at + ENTRY_BYTES, length, false);
      position += 1;
      at += ENTRY_BYTES + length;
    } else if (kind === Kind.moved) {
      const length = body.readUInt32LE(at + 9);
      visitor.entry(body.readDoubleLE(at + 1), at + MOVED_BYTES, length, true);
      at += MOVED_BYTES + length;
    } else if (kind === Kind.mark) {
      const length = body.readUInt32LE(at + 5);
      visitor.mark(body.readUInt32LE(at + 1), at + MARK_BYTES, length);
      at += MARK_BYTES + length;
    } else if (kind === Kind.forgotten) {
      visitor.forgotten(body.readUInt32LE(at + 1));
      at += 5;
    } else {
      throw new Error(`an item of the unknown kind ${kind}`);
    }
  }
}
