/**
 * What one connection is about to send: bytes are appended all through a tick and leave in one
 * write at its end. While a write is pending the next one fills. Knows bytes only, no packets.
 */
import { copyBytes } from '@godwit/protocol';
import type { ByteStream } from '@godwit/transport';
import type { Context } from '../context.ts';
import type { Metrics } from '../metrics.ts';
import type { Flusher } from './flusher.ts';
import type { OutboundBudget } from './outbound-budget.ts';
import type { SharedBlock } from './shared-block.ts';
import { largeSlabBytes, newBlock, type SlabPool, smallSlabBytes } from './slab-pool.ts';

const none = new Uint8Array(0);
/** Written at once: the client's progress shows in steps of this size. */
const writtenBytesMax = 262_144;

/** Told when an outbox is over its budget, and when it has room again. */
export interface OutboxOwner {
  onOutboxFull(): void;
  onOutboxDrained(): void;
}

/** A part of what is to be written, and what to give back after it. */
interface Block {
  readonly bytes: Uint8Array;
  /** Null: not ours. */
  readonly slab: Uint8Array | null;
  readonly shared: SharedBlock | null;
  /** Of the budget; a shared block sees to that itself. */
  readonly ownBytes: number;
}

type OutboxContext = Pick<Context, 'slabs' | 'flusher' | 'metrics' | 'limits' | 'outbound'>;

export class Outbox {
  /** The block being filled; write at what {@link claim} returned. */
  bytes: Uint8Array;
  /** Bytes appended and not yet taken by the operating system. */
  queuedBytes: number;
  /** Of all that was appended, what the operating system has taken. */
  takenBytes: number;
  /** Sees what is written; null: nobody does. */
  tap: { sent(bytes: Uint8Array): void } | null;
  /** `queuedBytes` is above the budget: send nothing that can wait or be dropped. */
  isFull: boolean;
  readonly #stream: ByteStream;
  readonly #pool: SlabPool;
  readonly #flusher: Flusher;
  readonly #metrics: Metrics;
  readonly #owner: OutboxOwner;
  readonly #budget: OutboundBudget;
  readonly #overrunBytes: number;
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
    this.takenBytes = 0;
    this.tap = null;
    this.isFull = false;
    this.#stream = stream;
    this.#pool = context.slabs;
    this.#flusher = context.flusher;
    this.#metrics = context.metrics;
    this.#owner = owner;
    this.#budget = context.outbound;
    this.#overrunBytes = 2 * context.limits.outboundBytesMax;
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
    return this.queuedBytes > this.#overrunBytes;
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

  /** Appends the bytes of `block` without copying them: nobody may change them any more. */
  appendShared(block: SharedBlock): void {
    if (this.#length > 0) this.#closeBlock();
    block.hold(this.#budget);
    this.#addBlock(block.bytes, null, block);
    this.#grew(block.bytes.length);
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
    const blocks = this.#nextBlocks(this.#blocks);
    this.#writingBlocks = blocks;
    // All of them from the start: the first may be taken over before the next is written.
    this.#writing = blocks.length;
    this.#stream.cork();
    for (const { bytes } of blocks) {
      this.#metrics.bytesSent += bytes.length;
      if (this.tap !== null) this.tap.sent(bytes);
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
    for (const block of this.#blocks ?? []) this.#giveBack(block);
    this.bytes = none;
    this.#length = 0;
    this.#blocks = null;
  }

  #grew(size: number): void {
    this.queuedBytes += size;
    if (this.queuedBytes > this.#budget.bytesMax && !this.isFull) {
      this.isFull = true;
      this.#owner.onOutboxFull();
    }
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
    this.#budget.add(this.#length);
    this.#addBlock(slab.subarray(0, this.#length), slab, null);
    this.bytes = none;
    this.#length = 0;
  }

  /** A large block becomes several, with the last of which it is given back. */
  #addBlock(bytes: Uint8Array, slab: Uint8Array | null, shared: SharedBlock | null): void {
    this.#blocks ??= [];
    let at = 0;
    for (; bytes.length - at > writtenBytesMax; at += writtenBytesMax) {
      const part = bytes.subarray(at, at + writtenBytesMax);
      const ownBytes = slab === null ? 0 : writtenBytesMax;
      this.#blocks.push({ bytes: part, slab: null, shared: null, ownBytes });
    }
    const rest = at === 0 ? bytes : bytes.subarray(at);
    this.#blocks.push({ bytes: rest, slab, shared, ownBytes: slab === null ? 0 : rest.length });
  }

  /** Takes what is to be written next from `blocks`, which are {@link #blocks}. */
  #nextBlocks(blocks: Block[]): Block[] {
    let count = 0;
    for (let size = 0; count < blocks.length && size < writtenBytesMax; count += 1) {
      size += blocks[count].bytes.length;
    }
    if (count === blocks.length) {
      this.#blocks = null;
      return blocks;
    }
    this.#dirty = true;
    return blocks.splice(0, count);
  }

  #giveBack({ slab, shared, ownBytes }: Block): void {
    this.#budget.remove(ownBytes);
    if (slab !== null) this.#pool.give(slab);
    shared?.release(this.#budget);
  }

  #writeSlab(): void {
    const slab = this.bytes;
    const size = this.#length;
    this.bytes = none;
    this.#length = 0;
    this.#writing = 1;
    this.#writingSlab = slab;
    this.#writingSize = size;
    this.#budget.add(size);
    this.#metrics.bytesSent += size;
    const bytes = slab.subarray(0, size);
    if (this.tap !== null) this.tap.sent(bytes);
    this.#stream.write(bytes, this.#onWritten);
  }

  /** The oldest write under way is done. */
  #written(): void {
    const blocks = this.#writingBlocks;
    if (blocks === null) {
      this.queuedBytes -= this.#writingSize;
      this.takenBytes += this.#writingSize;
      this.#budget.remove(this.#writingSize);
      this.#pool.give(this.#writingSlab);
      this.#writingSlab = none;
    } else {
      const block = blocks[blocks.length - this.#writing];
      this.queuedBytes -= block.bytes.length;
      this.takenBytes += block.bytes.length;
      this.#giveBack(block);
      if (this.#writing === 1) this.#writingBlocks = null;
    }
    this.#writing -= 1;
    if (this.#closed || this.#writing > 0) return;
    if (this.#dirty) this.flush();
    this.#endIfWritten();
    if (this.isFull && this.queuedBytes <= this.#budget.bytesMax / 2) {
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
