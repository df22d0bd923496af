/**
 * How a session's log lies in its file: a header, then one record a batch. Each file has a secret of
 * its own in the checksums of its record headers, so that no payload can look like a record.
 *
 *     file     magic u32, format u32, salt u32, checksum u32
 *     record   magic u32, body bytes u32, checksum of the body u32, salted checksum u32, body
 *     body     changes: key f64, value bytes u32 (or 'removed'), value
 *
 * Numbers are little-endian, checksums CRC-32.
 */
import { crc32 } from 'node:zlib';
import type { StoreChanges } from '../store/store-table.ts';

const fileMagic = 0x31465347; // GSF1
const recordMagic = 0x31525347; // GSR1
const format = 1;
const removed = 0xffff_ffff;

export const fileHeaderBytes = 16;
export const recordHeaderBytes = 16;
/** What a change takes besides its value. */
export const changeHeadBytes = 12;

export interface RecordHeader {
  readonly bodyBytes: number;
  readonly bodyChecksum: number;
}

export function encodeFileHeader(salt: number): Buffer {
  const bytes = Buffer.alloc(fileHeaderBytes);
  bytes.writeUInt32LE(fileMagic, 0);
  bytes.writeUInt32LE(format, 4);
  bytes.writeUInt32LE(salt, 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12)), 12);
  return bytes;
}

/** The file's salt. @throws RangeError when it is no such file, or of another format */
export function decodeFileHeader(bytes: Buffer): number {
  if (bytes.length < fileHeaderBytes || bytes.readUInt32LE(0) !== fileMagic) {
    throw new RangeError('not a session log');
  }
  if (crc32(bytes.subarray(0, 12)) !== bytes.readUInt32LE(12)) {
    throw new RangeError('damaged at byte 0');
  }
  const found = bytes.readUInt32LE(4);
  if (found !== format) throw new RangeError(`of format ${found}; expected ${format}`);
  return bytes.readUInt32LE(8);
}

/** A record of these changes. */
export function encodeRecord(changes: StoreChanges, salt: number): Buffer {
  let bodyBytes = 0;
  for (const value of changes.values()) bodyBytes += changeHeadBytes + (value?.length ?? 0);
  const bytes = Buffer.allocUnsafe(recordHeaderBytes + bodyBytes);
  let at = recordHeaderBytes;
  for (const [key, value] of changes) {
    bytes.writeDoubleLE(key, at);
    bytes.writeUInt32LE(value?.length ?? removed, at + 8);
    if (value !== null) bytes.set(value, at + changeHeadBytes);
    at += changeHeadBytes + (value?.length ?? 0);
  }
  bytes.writeUInt32LE(recordMagic, 0);
  bytes.writeUInt32LE(bodyBytes, 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(recordHeaderBytes)), 8);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 12), salt), 12);
  return bytes;
}

/** The header of the record that begins at `at`; null when none does. */
export function recordHeaderAt(bytes: Buffer, at: number, salt: number): RecordHeader | null {
  if (at + recordHeaderBytes > bytes.length || bytes.readUInt32LE(at) !== recordMagic) return null;
  if (crc32(bytes.subarray(at, at + 12), salt) !== bytes.readUInt32LE(at + 12)) return null;
  return { bodyBytes: bytes.readUInt32LE(at + 4), bodyChecksum: bytes.readUInt32LE(at + 8) };
}

/** Whether a record begins anywhere in these bytes. */
export function hasRecord(bytes: Buffer, salt: number): boolean {
  const mark = Buffer.alloc(4);
  mark.writeUInt32LE(recordMagic);
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) {
    if (recordHeaderAt(bytes, at, salt) !== null) return true;
  }
  return false;
}

/** Shows each change of a sound body, and where in it its value begins. */
export function forEachChange(
  body: Buffer,
  visit: (key: number, value: Buffer | null, valueAt: number) => void,
): void {
  for (let at = 0; at < body.length; ) {
    const size = body.readUInt32LE(at + 8);
    const valueAt = at + changeHeadBytes;
    at = size === removed ? valueAt : valueAt + size;
    visit(
      body.readDoubleLE(valueAt - changeHeadBytes),
      size === removed ? null : body.subarray(valueAt, at),
      valueAt,
    );
  }
}

export function isSound(body: Buffer, { bodyChecksum }: RecordHeader): boolean {
  return crc32(body) === bodyChecksum;
}
