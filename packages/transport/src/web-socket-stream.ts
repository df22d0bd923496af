/**
 * A WebSocket as a byte stream: the bytes of binary messages, one after the other, however they
 * were cut. Each block that is written is a frame, a large one several; those written while corked
 * leave together.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import type { ByteStream, PeerCertificate, StreamHandlers } from './byte-stream.ts';
import { type Peer, peerOf } from './peer.ts';
import { peerCertificateOf } from './peer-certificate.ts';

/** Larger blocks go as several frames, for a reader has to keep a frame until it is whole. */
const frameBytesMax = 64 * 1024;

/** Status codes of RFC 6455, 7.4.1. */
const statusNormal = 1000;
const statusUnsupportedData = 1003;

const binary = { binary: true } as const;

/** A block whose memory still belongs to the socket. */
interface PendingBlock {
  readonly bytes: number;
  done: (() => void) | undefined;
}

export class WebSocketStream implements ByteStream {
  readonly kind: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #onTaken: (error?: Error | null) => void;
  #handlers: StreamHandlers | null;
  /** Blocks that have not been taken, oldest first. */
  #pending: PendingBlock[];
  #bufferedBytes: number;
  /** Blocks that were given back, and those that the socket has reported: it may lag behind. */
  #releasedBlocks: number;
  #reportedBlocks: number;
  #owesDrain: boolean;
  #corks: number;
  #isPaused: boolean;
  /** What still came of the chunk during which reading was paused, or before `open`. */
  #held: Uint8Array[];
  #ended: boolean;
  #destroyed: boolean;
  /** The WebSocket is gone; `onClose` follows when what is held has been read. */
  #closed: boolean;
  #error: Error | null;

  /**
   * @param webSocket open
   * @param socket that it goes over
   * @param peer whose certificate counts where the socket's own peer has shown none
   */
  constructor(webSocket: WebSocket, socket: Socket, peer: Peer = peerOf(socket)) {
    const isSecure = socket instanceof TLSSocket;
    this.kind = isSecure ? 'wss' : 'ws';
    this.remoteAddress = peer.remoteAddress;
    this.remotePort = peer.remotePort;
    this.peerCertificate =
      (isSecure ? peerCertificateOf(socket) : undefined) ?? peer.peerCertificate;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#onTaken = error => this.#taken(error ?? null);
    this.#handlers = null;
    this.#pending = [];
    this.#bufferedBytes = 0;
    this.#releasedBlocks = 0;
    this.#reportedBlocks = 0;
    this.#owesDrain = false;
    this.#corks = 0;
    this.#isPaused = true;
    this.#held = [];
    this.#ended = false;
    this.#destroyed = false;
    this.#closed = false;
    this.#error = null;
    webSocket.pause();
    webSocket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    webSocket.on('error', error => this.#failed(error));
    webSocket.on('close', () => this.#gone());
    // The WebSocket keeps the errors of its socket to itself.
    socket.on('error', error => this.#failed(error));
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  open(handlers: StreamHandlers): void {
    if (this.#handlers !== null) throw new TypeError('stream has been opened before');
    this.#handlers = handlers;
    if (this.#closed) this.#finish();
    else this.resume();
  }

  write(bytes: Uint8Array, done?: () => void): void {
    if (!this.#isWritable()) done?.();
    else if (bytes.length === 0) this.#afterPending(done);
    else {
      this.#bufferedBytes += bytes.length;
      this.#pending.push({ bytes: bytes.length, done });
      const last = bytes.length - frameBytesMax;
      let offset = 0;
      for (; offset < last; offset += frameBytesMax) {
        this.#webSocket.send(bytes.subarray(offset, offset + frameBytesMax), binary);
      }
      this.#webSocket.send(bytes.subarray(offset), binary, this.#onTaken);
      this.#releaseTaken();
    }
  }

  cork(): void {
    if (!this.#isWritable()) return;
    this.#corks += 1;
    this.#socket.cork();
  }

  uncork(): void {
    if (this.#corks === 0) return;
    this.#corks -= 1;
    this.#socket.uncork();
    if (this.#corks === 0) this.#releaseTaken();
  }

  pause(): void {
    if (this.#ended || this.#handlers === null) return;
    this.#isPaused = true;
    this.#webSocket.pause();
  }

  resume(): void {
    if (this.#handlers === null) return;
    this.#isPaused = false;
    if (this.#held.length > 0) queueMicrotask(() => this.#deliverHeld());
    else this.#webSocket.resume();
  }

  end(): void {
    if (this.#ended || this.#destroyed) return;
    this.#stopReading();
    this.#webSocket.close(statusNormal);
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#held = [];
    if (this.#closed) queueMicrotask(() => this.#finish());
    else this.#webSocket.terminate();
  }

  #isWritable(): boolean {
    return !this.#ended && !this.#destroyed && this.#webSocket.readyState === WebSocket.OPEN;
  }

  /** From now on what arrives is dropped; it is read, so that the peer's Close is found. */
  #stopReading(): void {
    this.#ended = true;
    this.#held = [];
    for (; this.#corks > 0; this.#corks -= 1) this.#socket.uncork();
    if (this.#closed) queueMicrotask(() => this.#finish());
    else this.#webSocket.resume();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#ended || this.#destroyed) return;
    if (!isBinary) this.#refuseText();
    else if (data.length === 0) return;
    else if (this.#isPaused || this.#held.length > 0) this.#held.push(data);
    else this.#handlers?.onData(data);
  }

  /** [MQTT-6.0.0-1] */
  #refuseText(): void {
    const message = 'a text frame was received, expected binary frames only';
    this.#failed(Object.assign(new Error(message), { code: 'ERR_TEXT_FRAME' }));
    this.#stopReading();
    this.#webSocket.close(statusUnsupportedData);
    this.#socket.end();
  }

  #deliverHeld(): void {
    while (!this.#isPaused && this.#held.length > 0) this.#handlers?.onData(this.#held.shift()!);
    if (this.#isPaused) return;
    if (this.#closed) this.#finish();
    else this.#webSocket.resume();
  }

  /** Gives an empty block back when those before it are. */
  #afterPending(done: (() => void) | undefined): void {
    const last = this.#pending.at(-1);
    if (last === undefined) done?.();
    else if (done !== undefined) {
      const lastDone = last.done;
      last.done = () => {
        lastDone?.();
        done();
      };
    }
  }

  /** The socket has reported a block, which may have been given back already. */
  #taken(error: Error | null): void {
    // While closing, the kernel may still read from what was not taken.
    if (error !== null || this.#destroyed || this.#closed) return;
    this.#reportedBlocks += 1;
    while (this.#releasedBlocks < this.#reportedBlocks) this.#releaseBlock();
    if (this.#bufferedBytes > 0 || !this.#owesDrain) return;
    this.#owesDrain = false;
    if (!this.#ended) this.#handlers?.onDrain();
  }

  /** What the kernel has taken at once need not wait to be reported. */
  #releaseTaken(): void {
    if (this.#corks === 0 && this.#socket.writableLength === 0) {
      while (this.#pending.length > 0) this.#releaseBlock();
    }
    if (this.#bufferedBytes > 0) this.#owesDrain = true;
  }

  #releaseBlock(): void {
    this.#releasedBlocks += 1;
    const block = this.#pending.shift()!;
    this.#bufferedBytes -= block.bytes;
    block.done?.();
  }

  #failed(error: Error): void {
    if (!this.#destroyed && !this.#ended) this.#error ??= error;
  }

  #gone(): void {
    this.#closed = true;
    const pending = this.#pending;
    this.#pending = [];
    this.#bufferedBytes = 0;
    for (const { done } of pending) done?.();
    if (this.#held.length === 0 && this.#handlers !== null) this.#finish();
  }

  #finish(): void {
    const handlers = this.#handlers;
    if (handlers === null || this.#held.length > 0) return;
    const isOrderly = this.#error === null && !this.#ended && !this.#destroyed;
    this.#ended = true;
    this.#destroyed = true;
    if (isOrderly) handlers.onEnd();
    handlers.onClose(this.#error);
    this.#handlers = finished;
  }
}

/** Takes the place of the owner's handlers after `onClose`. */
const finished: StreamHandlers = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };
