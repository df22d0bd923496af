/**
 * A connection inside one process, for tests and for embedding: a pair of streams, each delivering
 * to the other what is written, later in the same turn's deferred calls. Bytes are handed over, not
 * copied: the reader sees the writer's memory until `done`.
 */
import type { Clock } from '@godwit/runtime';
import type { ByteStream, StreamHandlers } from './byte-stream.ts';

/** Options of {@link memoryPair}. */
export interface MemoryPairOptions {
  /** `remoteAddress` as the first and as the second end see it; '' by default. */
  readonly remoteAddresses?: readonly [first: string, second: string];
}

/**
 * Two connected ends.
 *
 * @param defer calls back later, in order; {@link Clock.defer} does. All delivery happens there.
 */
export function memoryPair(
  defer: Clock['defer'],
  options: MemoryPairOptions = {},
): [ByteStream, ByteStream] {
  const [firstAddress, secondAddress] = options.remoteAddresses ?? ['', ''];
  const first = new MemoryStream(defer, firstAddress);
  const second = new MemoryStream(defer, secondAddress);
  first.connect(second);
  second.connect(first);
  return [first, second];
}

/** As a socket would give at most, so that a large block can be paused within. */
const chunkBytesMax = 64 * 1024;

interface Block {
  /** What the peer has not taken. */
  bytes: Uint8Array;
  readonly done: (() => void) | undefined;
}

/** One end; keeps what it has written until the other end takes it. */
class MemoryStream implements ByteStream {
  readonly kind: string = 'memory';
  readonly remoteAddress: string;
  readonly remotePort: number = 0;
  readonly #defer: Clock['defer'];
  #peer: MemoryStream;
  #handlers: StreamHandlers | null;
  #blocks: Block[];
  #bufferedBytes: number;
  #corks: number;
  #paused: boolean;
  #pumpDeferred: boolean;
  #ended: boolean;
  /** The peer has been told that no more comes. */
  #endDelivered: boolean;
  #destroyed: boolean;

  constructor(defer: Clock['defer'], remoteAddress: string) {
    this.remoteAddress = remoteAddress;
    this.#defer = defer;
    this.#peer = this;
    this.#handlers = null;
    this.#blocks = [];
    this.#bufferedBytes = 0;
    this.#corks = 0;
    this.#paused = false;
    this.#pumpDeferred = false;
    this.#ended = false;
    this.#endDelivered = false;
    this.#destroyed = false;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Called once by {@link memoryPair}. */
  connect(peer: MemoryStream): void {
    this.#peer = peer;
  }

  open(handlers: StreamHandlers): void {
    if (this.#handlers !== null) throw new TypeError('stream has been opened before');
    this.#handlers = handlers;
    this.#peer.#schedulePump();
  }

  write(bytes: Uint8Array, done?: () => void): void {
    if (this.#ended || this.#destroyed) {
      done?.();
      return;
    }
    this.#blocks.push({ bytes, done });
    this.#bufferedBytes += bytes.length;
    this.#schedulePump();
  }

  cork(): void {
    this.#corks += 1;
  }

  uncork(): void {
    if (this.#corks === 0) return;
    this.#corks -= 1;
    this.#schedulePump();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#peer.#schedulePump();
  }

  end(): void {
    if (this.#ended || this.#destroyed) return;
    this.#ended = true;
    this.#corks = 0;
    this.#schedulePump();
    // From now on what arrives is dropped, also when reading was paused.
    this.#peer.#schedulePump();
  }

  destroy(): void {
    const peer = this.#peer;
    this.#close(null);
    peer.#close(connectionReset());
  }

  #schedulePump(): void {
    if (this.#pumpDeferred || this.#destroyed) return;
    this.#pumpDeferred = true;
    this.#defer(() => {
      this.#pumpDeferred = false;
      this.#pump();
    });
  }

  /** Delivers what had been written when the turn began; what a handler adds waits for the next. */
  #pump(): void {
    let blocks = this.#blocks.length;
    while (blocks > 0 && this.#mayDeliver()) {
      const block = this.#blocks[0];
      const chunk = block.bytes.subarray(0, chunkBytesMax);
      block.bytes = block.bytes.subarray(chunk.length);
      this.#bufferedBytes -= chunk.length;
      if (block.bytes.length === 0) {
        this.#blocks.shift();
        blocks -= 1;
      }
      if (chunk.length > 0) this.#peer.#receive(chunk);
      if (block.bytes.length > 0) continue;
      block.done?.();
      if (this.#bufferedBytes === 0 && chunk.length > 0 && !this.#destroyed) {
        this.#handlers?.onDrain();
      }
    }
    if (this.#blocks.length > 0) {
      if (this.#mayDeliver()) this.#schedulePump();
    } else if (this.#ended && !this.#endDelivered && this.#mayDeliver()) this.#deliverEnd();
  }

  #mayDeliver(): boolean {
    const peer = this.#peer;
    const reads = peer.#ended || (peer.#handlers !== null && !peer.#paused);
    return reads && this.#corks === 0 && !this.#destroyed;
  }

  #receive(bytes: Uint8Array): void {
    if (!this.#ended) this.#handlers?.onData(bytes);
  }

  #deliverEnd(): void {
    const peer = this.#peer;
    this.#endDelivered = true;
    if (!peer.#ended) peer.#handlers?.onEnd();
    if (peer.#endDelivered) {
      this.#close(null);
      peer.#close(null);
    }
  }

  #close(error: Error | null): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    const blocks = this.#blocks;
    this.#blocks = [];
    this.#bufferedBytes = 0;
    this.#defer(() => {
      for (const { done } of blocks) done?.();
      this.#handlers?.onClose(error);
    });
  }
}

function connectionReset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}
