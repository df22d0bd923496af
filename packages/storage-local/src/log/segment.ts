/** One file of a log: where it lies, how far it is written and synced, and what still needs it. */

import type { DiskFile } from '../disk/disk.ts';
import { diskFailure } from '../disk/disk-failure.ts';

export class Segment {
  readonly name: string;
  readonly number: number;
  readonly file: DiskFile;
  /** Address of its first byte in the log. */
  readonly base: number;
  readonly salt: number;
  /** Bytes that the file has. */
  readonly size: number;
  /** Up to where it is written. */
  end: number;
  /** Up to where it is synced. */
  durableEnd: number;
  /** Stored items in it that are not removed or moved. */
  live = 0;
  #pins = 0;
  #retired = false;

  constructor(
    place: Readonly<{ name: string; number: number; base: number; salt: number; size: number }>,
    file: DiskFile,
    end: number,
  ) {
    this.name = place.name;
    this.number = place.number;
    this.file = file;
    this.base = place.base;
    this.salt = place.salt;
    this.size = place.size;
    this.end = end;
    this.durableEnd = end;
  }

  /** Keeps the file open, also when it is removed, until `unpin`. */
  pin(): void {
    this.#pins += 1;
  }

  unpin(): void {
    this.#pins -= 1;
    // What is only read has nothing to lose when closing fails.
    if (this.#retired && this.#pins === 0) this.file.close().catch(() => {});
  }

  /** Reads `length` bytes from `offset` on, fewer only at the end. Rejects with `EngineError`. */
  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    try {
      const found = await this.file.read(bytes, offset);
      return bytes.subarray(0, found);
    } catch (error) {
      throw diskFailure(error);
    }
  }

  /** Closes the file as soon as nobody pins it. */
  async retire(): Promise<void> {
    if (this.#retired) return;
    this.#retired = true;
    if (this.#pins === 0) await this.file.close();
  }
}
