/**
 * Reads stored bytes by address. Readers who follow a log, alone or many at once, read it in blocks
 * and share them, so that the disk is not asked for each item.
 */

import type { Segment } from './segment.ts';
import type { SegmentSet } from './segment-set.ts';

const BLOCK_BYTES = 256 * 1024;

/** Blocks kept: those read last. */
const BLOCKS_MAX = 128;

/** Bytes whose file stays, whatever is removed, until they are released. */
export interface PinnedBytes {
  readonly segment: Segment;
  readonly offset: number;
  readonly length: number;
}

export class LogReader {
  readonly #log: SegmentSet;
  /** By the address of their first byte, last read last. */
  readonly #blocks = new Map<number, Buffer>();
  /** Blocks that are being read. */
  readonly #coming = new Map<number, Promise<Buffer>>();

  constructor(log: SegmentSet) {
    this.#log = log;
  }

  /** Finds bytes that are stored now, and keeps their file until they are released. */
  pin(address: number, length: number): PinnedBytes {
    const segment = this.#log.at(address);
    segment.pin();
    return { segment, offset: address - segment.base, length };
  }

  /** Lets go of what was pinned, read or not. */
  release({ segment }: PinnedBytes): void {
    segment.unpin();
  }

  /** A copy of the bytes, and no more of the disk than these. */
  async read({ segment, offset, length }: PinnedBytes): Promise<Uint8Array> {
    return this.#copy(segment, offset, length) ?? readExactly(segment, offset, length);
  }

  /** A copy of the bytes; what lies around them is read along, for it will be wanted next. */
  follow({ segment, offset, length }: PinnedBytes): Uint8Array | Promise<Uint8Array> {
    return this.#copy(segment, offset, length) ?? this.#fetch(segment, offset, length);
  }

  /** The same by address, for what nobody removes. */
  followAt(address: number, length: number): Uint8Array | Promise<Uint8Array> {
    const segment = this.#log.at(address);
    const offset = address - segment.base;
    return this.#copy(segment, offset, length) ?? this.#fetch(segment, offset, length);
  }

  #copy(segment: Segment, offset: number, length: number): Uint8Array | null {
    const from = offset % BLOCK_BYTES;
    const block = this.#blocks.get(segment.base + offset - from);
    if (block === undefined || from + length > block.length) return null;
    return Uint8Array.prototype.slice.call(block, from, from + length);
  }

  async #fetch(segment: Segment, offset: number, length: number): Promise<Uint8Array> {
    const from = offset % BLOCK_BYTES;
    if (from + length > BLOCK_BYTES) return readExactly(segment, offset, length);
    const address = segment.base + offset - from;
    const coming = this.#coming.get(address) ?? this.#readBlock(segment, offset - from, address);
    const block = await coming;
    // It may have been asked for before these bytes were written.
    if (from + length > block.length) return readExactly(segment, offset, length);
    return Uint8Array.prototype.slice.call(block, from, from + length);
  }

  #readBlock(segment: Segment, offset: number, address: number): Promise<Buffer> {
    const coming = segment
      .read(offset, Math.min(BLOCK_BYTES, segment.end - offset))
      .then(block => {
        this.#blocks.delete(address);
        this.#blocks.set(address, block);
        if (this.#blocks.size > BLOCKS_MAX) {
          const [oldest] = this.#blocks.keys();
          this.#blocks.delete(oldest);
        }
        return block;
      })
      .finally(() => this.#coming.delete(address));
    this.#coming.set(address, coming);
    return coming;
  }
}

async function readExactly(segment: Segment, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await segment.read(offset, length);
  if (bytes.length < length) throw new Error(`${segment.name} ends before ${offset + length}`);
  return bytes;
}
