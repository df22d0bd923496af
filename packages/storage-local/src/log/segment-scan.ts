/**
 * Reading a segment that was written before: where it ends, and what is in it. It tells a torn end,
 * which is cut, from damage, which is never passed over.
 */

import { EngineError } from '@godwit/storage';
import {
  nextRecordMark,
  RECORD_HEADER_BYTES,
  recordBodyAt,
  recordHeaderAt,
  SEGMENT_HEADER_BYTES,
} from './log-format.ts';

/** A record as it was found. */
export interface FoundRecord {
  /** Offset of its body in the segment. */
  readonly bodyAt: number;
  readonly body: Buffer;
  readonly sequence: number;
  readonly count: number;
}

/** How far a segment reaches. */
export interface Extent {
  /** End of its last good record. */
  readonly end: number;
  /** How much of it is known to have been synced. */
  readonly durableEnd: number;
}

/** What was written is not what is there. */
export function damage(disk: string, file: string, at: number, what: string): EngineError {
  return new EngineError('corrupt', `${disk}/${file} is damaged at byte ${at}: ${what}`);
}

/**
 * Finds the end of a segment, checking every record. `expectedEnd` is known when a segment follows.
 * Damage is at `end`.
 */
export function measureSegment(
  bytes: Buffer,
  salt: number,
  expectedEnd: number | null,
): Extent & { readonly damaged: boolean } {
  let end = SEGMENT_HEADER_BYTES;
  // Without a record, not even the header is known to be.
  let durableEnd = 0;
  while (expectedEnd === null || end < expectedEnd) {
    const header = recordHeaderAt(bytes, end, salt);
    if (header === null || recordBodyAt(bytes, end, header) === null) break;
    durableEnd = Math.max(durableEnd, header.durableEnd);
    end += RECORD_HEADER_BYTES + header.bodyBytes;
  }
  const damaged = expectedEnd === null ? provenBeyond(bytes, salt, end) : end !== expectedEnd;
  return { end, durableEnd, damaged };
}

/** Whether a later record says that the one missing at `end` had been synced. */
function provenBeyond(bytes: Buffer, salt: number, end: number): boolean {
  for (let at = nextRecordMark(bytes, end + 1); at >= 0; at = nextRecordMark(bytes, at + 1)) {
    const header = recordHeaderAt(bytes, at, salt);
    if (header !== null && header.durableEnd > end) return true;
  }
  return false;
}

/**
 * The records from `at` to `end`, all of them checked before; `bytes` are those of the segment
 * from `offset` on.
 */
export function* recordsIn(
  bytes: Buffer,
  salt: number,
  at: number,
  end: number,
  offset = 0,
): Generator<FoundRecord> {
  while (at < end) {
    const header = recordHeaderAt(bytes, at, salt)!;
    const from = at + RECORD_HEADER_BYTES;
    const to = from + header.bodyBytes;
    const { sequence, count } = header;
    yield { bodyAt: offset + from, body: bytes.subarray(from, to), sequence, count };
    at = to;
  }
}

/** Throws `EngineError`, `corrupt`, unless these are `length` bytes of good records. */
export function checkRecords(
  bytes: Buffer,
  length: number,
  { name, salt }: { readonly name: string; readonly salt: number },
  offset: number,
  disk: string,
): void {
  for (let at = 0; at < length; ) {
    const header = recordHeaderAt(bytes, at, salt);
    if (header === null || recordBodyAt(bytes, at, header) === null) {
      throw damage(disk, name, offset + at, 'no good record where one was written');
    }
    at += RECORD_HEADER_BYTES + header.bodyBytes;
  }
}
