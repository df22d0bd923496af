/**
 * What one connection is about to send: bytes are appended all through a tick and leave in one
 * write at its end. While a write is pending the next one fills. Knows bytes only, no packets.
 */
import { copyBytes } from '@godwit/protocol';
import type { ByteStream } from '@godwit/transport';
import type { Context } from '../context.ts';
import type { Metrics } from '../metrics.ts';
import type { Flusher } from './flusher.ts';
import { largeSlabBytes, newBlock, type SlabPool, smallSlabBytes } from './slab-pool.ts';

const none = new Uint8Array(0);

/** Told when an outbox that was over its budget has room again. */
export interface OutboxOwner {
  onOutboxDrained(): void;
}

/** A part of what is to be written, and the slab to give back after it (null: not ours). */
interface Block {
  readonly bytes: Uint8Array;
  readonly slab: Uint8Array | null;
}

type OutboxContext = Pick<Context, 'slabs' | 'flusher' | 'metrics' | 'limits'>;

export class Outbox {
  /** The block being filled; write at what {@link claim} returned. */
  bytes: Uint8Array;
  /** Bytes appended and not yet taken by the operating system. */
  queuedBytes: number;
  /** `queuedBytes` is above the budget: send nothing that can wait or be dropped. */
  isFull: boolean;
  readonly #stream: ByteStream;
  readonly #pool: SlabPool;
  readonly #flusher: Flusher;
  readonly #metrics: Metrics;
  readonly #owner: OutboxOwner;
  readonly #bytesMax: number;
  #length: number;
  #dirty: boolean;
  #closed: boolean;
  /** Nothing more will be appended: end the stream once all is written. */
  #ending: boolean;
  /** Filled before `bytes`; null when there are none, as mostly. */
  #blocks: Block[] | null;
  /** Writes under way. */
  #writing: number;
  /** They are of these, the last ones of which are not taken yet; null: of one slab alone. */
  #writingBlocks: Block[] | null;
  #writingSlab: Uint8Array;
  #writingSize: number;
  readonly #onWritten: () => void;

  constructor(context: OutboxContext, stream: ByteStream, owner: OutboxOwner) {
    this.bytes = none;
    this.queuedBytes = 0;
    this.isFull = false;
    this.#stream = stream;
    this.#pool = context.slabs;
    this.#flusher = context.flusher;
    this.#metrics = context.metrics;
    this.#owner = owner;
    this.#bytesMax = context.limits.outboundBytesMax;
    this.#length = 0;
    this.#dirty = false;
    this.#closed = false;
    this.#ending = false;
    this.#blocks = null;
    this.#writing = 0;
    this.#writingBlocks = null;
    this.#writingSlab = none;
    this.#writingSize = 0;
    this.#onWritten = () => this.#written();
  }

  /**
   * What is sent regardless of the budget has reached twice of it: a client that takes no answers
   * is to be asked for nothing more.
   */
  get isOverrun(): boolean {
    return this.queuedBytes > 2 * this.#bytesMax;
  }

  /** Makes room for `size` bytes at once in {@link bytes} and returns the offset to write them at. */
  claim(size: number): number {
    let at = this.#length;
    if (at + size > this.bytes.length) {
      this.#makeRoom(size);
      at = this.#length;
    }
    this.#length = at + size;
    this.#grew(size);
    return at;
  }

  /** Appends a copy of `from[start..end)`. */
  append(from: Uint8Array, start: number, end: number): void {
    const at = this.claim(end - start);
    copyBytes(from, start, end, this.bytes, at);
  }

  /** Appends `block` itself, without copying: nobody may change it any more. */
  appendShared(block: Uint8Array): void {
    if (this.#length > 0) this.#closeBlock();
    this.#addBlock(block, null);
    this.#grew(block.length);
  }

  /** Hands everything to the stream, unless a write is under way: its end calls this again. */
  flush(): void {
    if (this.#writing > 0 || this.#closed) return;
    this.#dirty = false;
    if (this.#blocks === null) {
      if (this.#length > 0) this.#writeSlab();
      return;
    }
    if (this.#length > 0) this.#closeBlock();
    const blocks = this.#blocks;
    this.#blocks = null;
    this.#writingBlocks = blocks;
    // All of them from the start: the first may be taken over before the next is written.
    this.#writing = blocks.length;
    this.#stream.cork();
    for (const { bytes } of blocks) {
      this.#metrics.bytesSent += bytes.length;
      this.#stream.write(bytes, this.#onWritten);
    }
    this.#stream.uncork();
  }

  /** Sends what was appended, then ends the stream. Nothing may be appended any more. */
  end(): void {
    this.#ending = true;
    this.flush();
    this.#endIfWritten();
  }

  /** Forgets what was not handed to the stream; nothing is sent from here on. */
  close(): void {
    this.#closed = true;
    if (this.bytes !== none) this.#pool.give(this.bytes);
    for (const { slab } of this.#blocks ?? []) if (slab !== null) this.#pool.give(slab);
    this.bytes = none;
    this.#length = 0;
    this.#blocks = null;
  }

  #grew(size: number): void {
    this.queuedBytes += size;
    if (this.queuedBytes > this.#bytesMax) this.isFull = true;
    if (!this.#dirty) {
      this.#dirty = true;
      if (this.#writing === 0) this.#flusher.add(this);
    }
  }

  #makeRoom(size: number): void {
    if (this.#length === 0 && this.bytes === none) {
      if (size <= smallSlabBytes) {
        this.bytes = this.#pool.takeSmall();
        return;
      }
    } else if (this.bytes.length === smallSlabBytes && this.#length + size <= largeSlabBytes) {
      const small = this.bytes;
      this.bytes = this.#pool.takeLarge();
      this.bytes.set(small.subarray(0, this.#length));
      this.#pool.give(small);
      return;
    } else if (this.#length > 0) this.#closeBlock();
    else this.#pool.give(this.bytes);
    this.bytes = size <= largeSlabBytes ? this.#pool.takeLarge() : newBlock(size);
  }

  #closeBlock(): void {
    const slab = this.bytes;
    this.#addBlock(slab.subarray(0, this.#length), slab);
    this.bytes = none;
    this.#length = 0;
  }

  #addBlock(bytes: Uint8Array, slab: Uint8Array | null): void {
    this.#blocks ??= [];
    this.#blocks.push({ bytes, slab });
  }

  #writeSlab(): void {
    const slab = this.bytes;
    const size = this.#length;
    this.bytes = none;
    this.#length = 0;
    this.#writing = 1;
    this.#writingSlab = slab;
    this.#writingSize = size;
    this.#metrics.bytesSent += size;
    this.#stream.write(slab.subarray(0, size), this.#onWritten);
  }

  /** The oldest write under way is done. */
  #written(): void {
    const blocks = this.#writingBlocks;
    if (blocks === null) {
      this.queuedBytes -= this.#writingSize;
      this.#pool.give(this.#writingSlab);
      this.#writingSlab = none;
    } else {
      const { bytes, slab } = blocks[blocks.length - this.#writing];
      this.queuedBytes -= bytes.length;
      if (slab !== null) this.#pool.give(slab);
      if (this.#writing === 1) this.#writingBlocks = null;
    }
    this.#writing -= 1;
    if (this.#closed || this.#writing > 0) return;
    if (this.#dirty) this.flush();
    this.#endIfWritten();
    if (this.isFull && this.queuedBytes <= this.#bytesMax / 2) {
      this.isFull = false;
      this.#owner.onOutboxDrained();
    }
  }

  #endIfWritten(): void {
    if (!this.#ending || this.#writing > 0) return;
    this.#ending = false;
    this.#stream.end();
  }
}
