/** Bytes of a record on their way: a buffer that grows, with room for the header in front. */

import { RECORD_HEADER_BYTES } from './log-format.ts';

/** Larger buffers are not kept for the next record. */
const KEPT_BYTES_MAX = 8 * 1024 * 1024;

export class LogWriter {
  /** Items in it. */
  count = 0;
  #bytes: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #end = RECORD_HEADER_BYTES;

  /** Bytes of the body so far. */
  get bodyBytes(): number {
    return this.#end - RECORD_HEADER_BYTES;
  }

  /** The whole record, its header still to be filled in; valid until `clear`. */
  get record(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  clear(): void {
    this.count = 0;
    this.#end = RECORD_HEADER_BYTES;
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#bytes = Buffer.allocUnsafeSlow(64 * 1024);
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

  /** A length and bytes; gives the offset of the bytes in the body. */
  bytes(value: Uint8Array): number {
    this.u32(value.length);
    const at = this.#take(value.length);
    this.#bytes.set(value, at);
    return at - RECORD_HEADER_BYTES;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.u32(length);
    const at = this.#take(length);
    this.#bytes.write(value, at, length, 'utf8');
  }

  #take(length: number): number {
    const at = this.#end;
    this.#end += length;
    if (this.#end > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#end, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}
