/**
 * Bytes of a record on their way, with room for the header in front. Its buffer grows; what was
 * written into an earlier one stays there as it is, for those who still read it.
 */

import { RECORD_HEADER_BYTES } from './log-format.ts';

/** Size of the buffers that records are written into, one after the other. */
const BLOCK_BYTES = 1024 * 1024;

/** A new record is not begun where fewer bytes are left. */
const LEFT_BYTES_MIN = 16 * 1024;

export class LogWriter {
  /** Items in it that its header counts. */
  count = 0;
  #bytes: Buffer;
  #start: number;
  #end: number;
  /** How far it may write into the buffer. */
  #limit: number;

  /** After the record of `before`, if that is sealed and leaves room, else in a buffer of its own. */
  constructor(before: LogWriter | null = null) {
    const after = before?.roomAfter() ?? { bytes: EMPTY, at: 0 };
    this.#bytes = after.bytes;
    this.#start = after.at;
    this.#end = after.at + RECORD_HEADER_BYTES;
    this.#limit = after.bytes.length;
  }

  /** Bytes of the body so far. */
  get bodyBytes(): number {
    return this.#end - this.#start - RECORD_HEADER_BYTES;
  }

  /** The buffer that it is in, perhaps with others. */
  get block(): Buffer {
    return this.#bytes;
  }

  /** Where the record begins in its block. */
  get start(): number {
    return this.#start;
  }

  /** The whole record, its header still to be filled in; valid until `clear`. */
  get record(): Buffer {
    if (this.#bytes === EMPTY) this.#grow(0);
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Bytes of the body, valid also when it grows: a view. */
  view(at: number, length: number): Uint8Array {
    const from = this.#bytes.byteOffset + this.#start + RECORD_HEADER_BYTES + at;
    return new Uint8Array(this.#bytes.buffer, from, length);
  }

  /** Leaves what is behind it in its block to the next one; should it grow, it moves. */
  seal(): void {
    this.#limit = this.#end;
  }

  /** Takes back everything after the first `bodyBytes`. */
  cut(bodyBytes: number): void {
    this.#end = this.#start + RECORD_HEADER_BYTES + bodyBytes;
  }

  /** Makes it an empty record again, in the same place: for a writer that shares no block. */
  clear(): void {
    this.count = 0;
    if (this.#bytes.length > BLOCK_BYTES) {
      this.#bytes = EMPTY;
      this.#start = 0;
    }
    this.#limit = this.#bytes.length;
    this.#end = this.#start + RECORD_HEADER_BYTES;
  }

  u8(value: number): void {
    const at = this.#take(1);
    this.#bytes[at] = value;
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#bytes.writeUInt32LE(value, at);
  }

  f64(value: number): void {
    const at = this.#take(8);
    this.#bytes.writeDoubleLE(value, at);
  }

  /** A kind, a length and `bytes[start..end)`; gives the offset of the bytes in the body. */
  item(kind: number, bytes: Uint8Array, start: number, end: number): number {
    const length = end - start;
    const head = this.#take(5 + length);
    const target = this.#bytes;
    target[head] = kind;
    target[head + 1] = length;
    target[head + 2] = length >>> 8;
    target[head + 3] = length >>> 16;
    target[head + 4] = length >>> 24;
    const whole = start === 0 && end === bytes.length;
    target.set(whole ? bytes : bytes.subarray(start, end), head + 5);
    return head + 5 - this.#start - RECORD_HEADER_BYTES;
  }

  /** A length and bytes; gives the offset of the bytes in the body. */
  bytes(value: Uint8Array): number {
    this.u32(value.length);
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
    return at - this.#start - RECORD_HEADER_BYTES;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.u32(length);
    const at = this.#take(length);
    this.#bytes.write(value, at, length, 'utf8');
  }

  /** Where a record that follows may be written. */
  roomAfter(): { readonly bytes: Buffer; readonly at: number } | null {
    const sealed = this.#limit === this.#end;
    if (!sealed || this.#bytes.length - this.#end < LEFT_BYTES_MIN) return null;
    return { bytes: this.#bytes, at: this.#end };
  }

  #take(length: number): number {
    if (this.#end + length > this.#limit) this.#grow(length);
    const at = this.#end;
    this.#end += length;
    return at;
  }

  #grow(length: number): void {
    const used = this.#end - this.#start;
    const needed = used + length;
    const size = needed <= BLOCK_BYTES ? BLOCK_BYTES : Math.max(needed, 2 * used);
    const larger = Buffer.allocUnsafeSlow(size);
    larger.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = larger;
    this.#start = 0;
    this.#end = used;
    this.#limit = size;
  }
}

const EMPTY = Buffer.alloc(0);
