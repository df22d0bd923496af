/**
 * How bytes lie in a segment: a header, then records one after the other, then zeros. All numbers
 * are little-endian. Each segment has a secret of its own in the checksums of its headers, so that
 * nothing a peer sends can look like a record.
 *
 *     segment  magic u32, previousEnd u32, base f64, sequence f64, salt u32, checksum u32
 *     record   magic u32, bodyBytes u32, sequence f64, count u32, durableEnd u32,
 *              checksum of the body u32, salted checksum of the header u32, body
 */

import { crc32 } from 'node:zlib';

const SEGMENT_MAGIC = 0x31535747; // GWS1
const RECORD_MAGIC = 0x31525747; // GWR1

export const SEGMENT_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 32;

export interface SegmentHeader {
  /** Where the segment before ended when this one was begun; 0 for the first of a log. */
  readonly previousEnd: number;
  /** Address of the segment's first byte in its log. */
  readonly base: number;
  /** Greater than every sequence number used in the log before. */
  readonly sequence: number;
  readonly salt: number;
}

export interface RecordHeader {
  readonly bodyBytes: number;
  /** The first number that the record uses. */
  readonly sequence: number;
  readonly count: number;
  /**
   * How much of the segment was synced when this was written. A bad record before it is not the
   * torn end of a log, but damage.
   */
  readonly durableEnd: number;
  readonly bodyChecksum: number;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.writeUInt32LE(SEGMENT_MAGIC, 0);
  bytes.writeUInt32LE(header.previousEnd, 4);
  bytes.writeDoubleLE(header.base, 8);
  bytes.writeDoubleLE(header.sequence, 16);
  bytes.writeUInt32LE(header.salt, 24);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28);
  return bytes;
}

/** Null when the bytes are not a segment's header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES || bytes.readUInt32LE(0) !== SEGMENT_MAGIC) return null;
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) return null;
  return {
    previousEnd: bytes.readUInt32LE(4),
    base: bytes.readDoubleLE(8),
    sequence: bytes.readDoubleLE(16),
    salt: bytes.readUInt32LE(24),
  };
}

/** Puts the header in front of the body, which begins at `RECORD_HEADER_BYTES` of `record`. */
export function sealRecord(
  record: Buffer,
  sequence: number,
  count: number,
  durableEnd: number,
  salt: number,
): void {
  record.writeUInt32LE(RECORD_MAGIC, 0);
  record.writeUInt32LE(record.length - RECORD_HEADER_BYTES, 4);
  record.writeDoubleLE(sequence, 8);
  record.writeUInt32LE(count, 16);
  record.writeUInt32LE(durableEnd, 20);
  record.writeUInt32LE(crc32(record.subarray(RECORD_HEADER_BYTES)), 24);
  record.writeUInt32LE(crc32(record.subarray(0, 28), salt), 28);
}

/** The record's header at `at`; null when there is none. Its body is not looked at. */
export function recordHeaderAt(bytes: Buffer, at: number, salt: number): RecordHeader | null {
  if (at + RECORD_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== RECORD_MAGIC) {
    return null;
  }
  if (crc32(bytes.subarray(at, at + 28), salt) !== bytes.readUInt32LE(at + 28)) return null;
  return {
    bodyBytes: bytes.readUInt32LE(at + 4),
    sequence: bytes.readDoubleLE(at + 8),
    count: bytes.readUInt32LE(at + 16),
    durableEnd: bytes.readUInt32LE(at + 20),
    bodyChecksum: bytes.readUInt32LE(at + 24),
  };
}

/** The record's body at `at`; null when it is not what was written. */
export function recordBodyAt(bytes: Buffer, at: number, header: RecordHeader): Buffer | null {
  const from = at + RECORD_HEADER_BYTES;
  const to = from + header.bodyBytes;
  if (to > bytes.length) return null;
  const body = bytes.subarray(from, to);
  return crc32(body) === header.bodyChecksum ? body : null;
}

/** The first place from `from` on that looks like the beginning of a record; -1: none. */
export function nextRecordMark(bytes: Buffer, from: number): number {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(RECORD_MAGIC);
  return bytes.indexOf(mark, from);
}
