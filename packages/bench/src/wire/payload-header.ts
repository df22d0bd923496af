/**
 * The 20 bytes at the front of each payload, by which a message is known again: which run and
 * publisher sent it, as its how manieth, and when. Integers have their most significant byte first.
 *
 *     0 mark    4 publisher    8 sequence    12 microseconds since 1970, 8 bytes
 */

/** Payloads are at least this long. */
export const headerBytes = 20;

const sequenceAt = 8;
const two32 = 2 ** 32;
/** "gb", in the mark's upper half. */
const magic = 0x6762;

/** The mark of a run: tells its messages from those of others. */
export function markOf(run: number): number {
  return ((magic << 16) | (run & 0xffff)) >>> 0;
}

/** Whether a payload begins with a header, of this or of another run. */
export function hasHeader(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start >= headerBytes && ((bytes[start] << 8) | bytes[start + 1]) === magic;
}

/** Writes what all messages of a publisher share. */
export function writeHeader(into: Uint8Array, at: number, mark: number, publisher: number): void {
  writeUint32(into, at, mark);
  writeUint32(into, at + 4, publisher);
}

/** Writes what each message has of its own; time as two halves of 32 bits. */
export function patchHeader(
  into: Uint8Array,
  at: number,
  sequence: number,
  timeHigh: number,
  timeLow: number,
): void {
  writeUint32(into, at + sequenceAt, sequence);
  writeUint32(into, at + 12, timeHigh);
  writeUint32(into, at + 16, timeLow);
}

/** The upper half of a time in microseconds; the lower one is `timeUs >>> 0`. */
export function timeHighOf(timeUs: number): number {
  return Math.floor(timeUs / two32);
}

export function readMark(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at);
}

export function readPublisher(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + 4);
}

export function readSequence(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + sequenceAt);
}

export function readTimeUs(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at + 12) * two32 + readUint32(bytes, at + 16);
}

function writeUint32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >> 24;
  into[at + 1] = value >> 16;
  into[at + 2] = value >> 8;
  into[at + 3] = value;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
