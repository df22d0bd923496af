/**
 * A connected `net.Socket` as a byte stream: TCP, a Unix socket, or TLS over TCP. Without TLS all
 * sockets read into one shared buffer, and a write that the kernel takes over at once needs no
 * callback: these two are most of what can be saved per message here.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Handle } from './bound-server.ts';
import type { ByteStream, PeerCertificate, StreamHandlers } from './byte-stream.ts';
import { type Peer, peerOf } from './peer.ts';
import { peerCertificateOf } from './peer-certificate.ts';

const nothing = new Uint8Array(0);

/** Every socket reads into this: a chunk is used up before the next read, whoever it is for. */
const readBuffer = new Uint8Array(64 * 1024);

const owner = Symbol('owner');

/** Lets one set of listeners serve all sockets, instead of closures for each. */
interface OwnedSocket extends Socket {
  [owner]: SocketStream;
}

interface PlainSocketOptions extends Omit<SocketConstructorOpts, 'handle'> {
  /** An accepted connection, as the server's handle gives it. */
  handle?: Handle;
}

/** Makes the kind of socket that {@link plainStream} is built on; it does not read yet. */
export function plainSocket(options: PlainSocketOptions = {}): Socket {
  const socket = new Socket({
    ...options,
    allowHalfOpen: true,
    // So that 'drain' tells of every time that writableLength falls back to zero.
    writableHighWaterMark: 0,
    onread: {
      buffer: readBuffer,
      callback(bytes: number): boolean {
        socket[owner].receive(readBuffer.subarray(0, bytes));
        return true;
      },
    },
  } as SocketConstructorOpts) as OwnedSocket;
  socket.pause();
  return socket;
}

/**
 * Reads from a socket that is no stream yet, until it is paused or becomes one.
 * @param receive gets chunks that are only valid during the call
 */
export function readFirst(socket: Socket, receive: (chunk: Uint8Array) => void): void {
  (socket as OwnedSocket)[owner] = { receive } as SocketStream;
  socket.resume();
}

/** Makes the socket of an accepted connection on which TLS or HTTP will be spoken. */
export function connectionSocket(handle: Handle): Socket {
  return new Socket({ handle, allowHalfOpen: true } as SocketConstructorOpts);
}

/** A block whose memory still belongs to the socket. */
interface PendingBlock {
  /** What the stream had written in all, counting this block. */
  readonly endOffset: number;
  readonly done: () => void;
}

/**
 * A TCP connection.
 * @param socket connected, made by {@link plainSocket}
 * @param early bytes that were read from it before; the stream's from now on
 */
export function tcpStream(
  socket: Socket,
  peer: Peer = peerOf(socket),
  early: Uint8Array = nothing,
): ByteStream {
  return new SocketStream(socket, 'tcp', peer, early);
}

/**
 * A TCP connection through a proxy.
 * @param socket connected and paused, with `allowHalfOpen` and a `writableHighWaterMark` of 0; it
 *   emits 'data', as {@link plainSocket} does not
 */
export function tunnelStream(socket: Socket): ByteStream {
  const stream = new SocketStream(socket, 'tcp', peerOf(socket), nothing);
  socket.on('data', onData);
  return stream;
}

/**
 * A connection over a Unix socket.
 * @param socket connected, made by {@link plainSocket}
 * @param early as of {@link tcpStream}
 */
export function unixStream(socket: Socket, peer: Peer, early: Uint8Array = nothing): ByteStream {
  return new SocketStream(socket, 'unix', peer, early);
}

/**
 * A TLS connection.
 * @param socket connected and secured, with `allowHalfOpen`
 * @param peer whose certificate counts where the socket's own peer has shown none
 */
export function tlsStream(socket: TLSSocket, peer: Peer = peerOf(socket)): ByteStream {
  const peerCertificate = peerCertificateOf(socket) ?? peer.peerCertificate;
  return new SocketStream(socket, 'tls', { ...peer, peerCertificate }, nothing);
}

class SocketStream implements ByteStream {
  readonly kind: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly peerCertificate: PeerCertificate | undefined;
  readonly #socket: OwnedSocket;
  /** TLS never takes a block at once, and its 'drain' does not tell of every time. */
  readonly #isTls: boolean;
  #handlers: StreamHandlers | null;
  /** What was read before there was a stream, until it is delivered. */
  #early: Uint8Array;
  #writtenBytes: number;
  /** Over TLS: `#writtenBytes` when it last drained. */
  #drainedBytes: number;
  /** Blocks that the kernel has not taken, oldest first. */
  #pending: PendingBlock[];
  /** Given to writes behind a backlog, and to all over TLS; made when there is one. */
  #onTaken: (() => void) | null;
  #corks: number;
  /** The kernel had not taken everything when the current batch began. */
  #isBehind: boolean;
  #ended: boolean;
  #destroyed: boolean;
  #closed: boolean;
  #error: Error | null;

  constructor(socket: Socket, kind: string, peer: Peer, early: Uint8Array) {
    this.kind = kind;
    // Kept here, for the socket forgets them when it closes.
    this.remoteAddress = peer.remoteAddress;
    this.remotePort = peer.remotePort;
    this.peerCertificate = peer.peerCertificate;
    this.#socket = socket as OwnedSocket;
    this.#isTls = kind === 'tls';
    this.#handlers = null;
    this.#early = early;
    this.#writtenBytes = 0;
    this.#drainedBytes = 0;
    this.#pending = nothingPending;
    this.#onTaken = null;
    this.#corks = 0;
    this.#isBehind = false;
    this.#ended = false;
    this.#destroyed = false;
    this.#closed = false;
    this.#error = null;
    this.#socket[owner] = this;
    socket.setNoDelay(true);
    if (this.#isTls) socket.pause().on('data', onData);
    else socket.on('drain', onDrain);
    socket.on('end', onEnd);
    socket.on('error', onError);
    socket.on('close', onClose);
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength;
  }

  open(handlers: StreamHandlers): void {
    if (this.#handlers !== null) throw new TypeError('stream has been opened before');
    this.#handlers = handlers;
    if (this.#closed) handlers.onClose(this.#error);
    else this.resume();
  }

  write(bytes: Uint8Array, done?: () => void): void {
    if (this.#ended || this.#destroyed) {
      done?.();
      return;
    }
    const socket = this.#socket;
    if (this.#corks === 0) this.#isBehind = socket.writableLength > 0;
    this.#writtenBytes += bytes.length;
    // Behind a backlog 'drain' may be long in coming, so each block reports for itself.
    if (this.#isBehind || this.#isTls) socket.write(bytes, this.#takenCallback());
    else socket.write(bytes);
    if (done === undefined) return;
    if (socket.writableLength === 0) done();
    else this.#keepPending(done);
  }

  cork(): void {
    if (this.#corks === 0) this.#isBehind = this.#socket.writableLength > 0;
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
    if (!this.#ended) this.#socket.pause();
  }

  resume(): void {
    if (this.#handlers === null) return;
    this.#socket.resume();
    // Before what the socket reads next, which is never in this turn of the loop.
    if (this.#early.length > 0) queueMicrotask(() => this.#deliverEarly());
  }

  end(): void {
    if (this.#ended || this.#destroyed) return;
    this.#ended = true;
    this.#corks = 0;
    if (this.#pending.length > 0) this.#socket.end(this.#takenCallback());
    else this.#socket.end();
    // What still arrives is dropped: closing on unread bytes would reset the connection.
    this.#socket.resume();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#socket.destroy();
  }

  // The rest of the public methods is called by the socket's listeners only.

  receive(chunk: Uint8Array): void {
    if (!this.#ended && !this.#destroyed) this.#handlers?.onData(chunk);
  }

  peerEnded(): void {
    if (!this.#ended && !this.#destroyed) this.#handlers?.onEnd();
  }

  drained(): void {
    this.#releaseTaken();
    if (!this.#ended && !this.#destroyed) this.#handlers?.onDrain();
  }

  failed(error: Error): void {
    if (!this.#destroyed) this.#error ??= error;
  }

  closed(): void {
    this.#destroyed = true;
    this.#closed = true;
    const pending = this.#pending;
    this.#pending = nothingPending;
    for (const { done } of pending) done();
    this.#handlers?.onClose(this.#error);
  }

  #deliverEarly(): void {
    if (this.#socket.isPaused()) return;
    const early = this.#early;
    this.#early = nothing;
    if (early.length > 0) this.receive(early);
  }

  #keepPending(done: () => void): void {
    if (this.#pending === nothingPending) this.#pending = [];
    this.#pending.push({ endOffset: this.#writtenBytes, done });
  }

  #takenCallback(): () => void {
    this.#onTaken ??= this.#isTls ? () => this.#takenByTls() : () => this.#releaseTaken();
    return this.#onTaken;
  }

  /** Blocks that went together report one after the other: only the first of them drains. */
  #takenByTls(): void {
    if (this.#drainedBytes === this.#writtenBytes) return;
    if (this.#socket.writableLength > 0) this.#releaseTaken();
    else {
      this.#drainedBytes = this.#writtenBytes;
      this.drained();
    }
  }

  #releaseTaken(): void {
    // While closing, the kernel may still read from what the socket no longer counts.
    if (this.#destroyed) return;
    const takenBytes = this.#writtenBytes - this.#socket.writableLength;
    const pending = this.#pending;
    while (pending.length > 0 && pending[0].endOffset <= takenBytes) pending.shift()!.done();
  }
}

function onData(this: OwnedSocket, chunk: Uint8Array): void {
  this[owner].receive(chunk);
}

function onEnd(this: OwnedSocket): void {
  this[owner].peerEnded();
}

function onDrain(this: OwnedSocket): void {
  this[owner].drained();
}

function onError(this: OwnedSocket, error: Error): void {
  this[owner].failed(error);
}

function onClose(this: OwnedSocket): void {
  this[owner].closed();
}

/** Shared by all streams that were never behind; stays empty. */
const nothingPending: PendingBlock[] = [];
