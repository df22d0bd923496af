/**
 * A file of the simulated disk: what processes see of it, what the platter has, and the writes in
 * between, which a power cut tears at sectors and takes in any order.
 */

import type { Random } from '@godwit/runtime';

/** What real disks write as a whole. */
const SECTOR_BYTES = 512;

/** A write that was not synced; without bytes, a change of length. */
interface Unsynced {
  readonly at: number;
  readonly bytes: Uint8Array | null;
}

export class SimulatedFile {
  #seen = new Content();
  #platter = new Content();
  #unsynced: Unsynced[] = [];

  /** In bytes, as processes see it. */
  get length(): number {
    return this.#seen.length;
  }

  get content(): Uint8Array {
    return this.#seen.bytes;
  }

  write(bytes: Uint8Array, at: number): void {
    this.#seen.write(bytes, at);
    this.#unsynced.push({ at, bytes });
  }

  read(into: Uint8Array, at: number): number {
    const found = this.content.subarray(at, at + into.length);
    into.set(found);
    return found.length;
  }

  truncate(size: number): void {
    this.#seen.resize(size);
    this.#unsynced.push({ at: size, bytes: null });
  }

  sync(): void {
    this.#persist(null);
  }

  /**
   * A sync has failed: the system has written some of it, and takes all of it for written. Only a
   * power cut will show what is missing.
   */
  dropUnsynced(random: Random): void {
    this.#persist(() => coin(random));
  }

  /** A power cut: the platter has what was synced, and of the rest what chance decides. */
  lose(random: Random): void {
    const mood = random.uint32() % 4;
    this.#persist(mood === 0 ? () => false : mood === 1 ? null : () => coin(random));
    this.#seen = new Content();
    this.#seen.write(this.#platter.bytes, 0);
  }

  /** `keep` is asked for each sector; null: all of them. */
  #persist(keep: (() => boolean) | null): void {
    for (const { at, bytes } of this.#unsynced) {
      if (bytes === null) {
        if (keep === null || keep()) this.#platter.resize(at);
      } else if (keep === null) {
        this.#platter.write(bytes, at);
      } else {
        this.#persistSectors(bytes, at, keep);
      }
    }
    this.#unsynced = [];
  }

  #persistSectors(bytes: Uint8Array, at: number, keep: () => boolean): void {
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
      if (keep()) this.#platter.write(bytes.subarray(from, to), at + from);
      from = to;
    }
  }
}

/** Bytes that grow. */
class Content {
  length = 0;
  #bytes = new Uint8Array(0);

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  write(bytes: Uint8Array, at: number): void {
    if (at + bytes.length > this.length) this.resize(at + bytes.length);
    this.#bytes.set(bytes, at);
  }

  resize(size: number): void {
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, 2 * this.length));
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    if (size < this.length) this.#bytes.fill(0, size, this.length);
    this.length = size;
  }
}

function coin(random: Random): boolean {
  return random.uint32() >>> 31 === 1;
}
