/**
 * Connections from being accepted to being streams: what a proxy says of the client, TLS, the
 * request for a WebSocket. Bounds how long that takes and how many are at it; does none of it.
 */
import type { Socket } from 'node:net';
import { type Clock, systemClock, type Timer } from '@godwit/runtime';
import { Networks } from './networks.ts';
import { type Peer, peerOf } from './peer.ts';
import type { ProxyHeader } from './proxy-header.ts';

/** Options that every kind of listener has for what comes before a stream. */
export interface ArrivalOptions {
  /**
   * Networks, as `10.0.0.0/8`, of the proxies that say in a PROXY header (version 1 or 2) for whom
   * they have connected; every connection must, and one from elsewhere is closed. On a Unix socket
   * its permissions decide instead. By default nobody may.
   */
  readonly proxyProtocol?: readonly string[] | undefined;
  /** From accepting a connection to its being a stream, in milliseconds; 10,000 by default. */
  readonly handshakeTimeoutMs?: number | undefined;
  /** How many may be that far; one more closes the one that has taken longest. 4,096 by default. */
  readonly handshakesMax?: number | undefined;
  /** For `handshakeTimeoutMs`; the system's by default. */
  readonly clock?: Clock | undefined;
  /** A connection was refused, or did not become a stream; it cost that connection only. */
  readonly onHandshakeError?: ((error: Error, remoteAddress: string) => void) | undefined;
}

/** A way to take the header off a kind of socket. */
type ReadHeader = (
  socket: Socket,
  handlers: {
    onHeader: (header: ProxyHeader, rest: Uint8Array) => void;
    onError: (error: Error) => void;
  },
) => void;

const handshakeMsDefault = 10_000;
const handshakesMaxDefault = 4096;

export class Arrivals {
  readonly #options: ArrivalOptions;
  readonly #proxies: Networks | null;
  /** Oldest first. */
  readonly #waiting: Set<Arrival>;
  #isOpen: boolean;

  /** @throws RangeError when `proxyProtocol` has something that is no network */
  constructor(options: ArrivalOptions) {
    this.#options = options;
    this.#proxies =
      options.proxyProtocol === undefined ? null : new Networks(options.proxyProtocol);
    this.#waiting = new Set();
    this.#isOpen = true;
  }

  /**
   * @param readHeader for the kind of socket
   * @param onward goes on with the connection, which is still one that arrives; `rest` came first
   */
  begin(
    socket: Socket,
    readHeader: ReadHeader,
    onward: (arrival: Arrival, rest: Uint8Array) => void,
  ): void {
    if (!this.#isOpen) {
      socket.destroy();
      return;
    }
    const arrival = this.#add(socket);
    if (this.#proxies === null) {
      onward(arrival, nothing);
      return;
    }
    const { remoteAddress } = arrival.peer;
    // A Unix socket's peer has no address.
    if (remoteAddress !== '' && !this.#proxies.has(remoteAddress)) {
      arrival.fail(new Error('is none of the proxies that may connect'));
      return;
    }
    socket.once('end', arrival.ended);
    readHeader(socket, {
      onError: error => arrival.fail(error),
      onHeader({ client }, rest) {
        socket.off('end', arrival.ended);
        if (arrival.isOver) return;
        if (client !== null) arrival.peer = client;
        onward(arrival, rest);
      },
    });
  }

  /** Closes those that are not streams yet. */
  close(): void {
    this.#isOpen = false;
    for (const arrival of this.#waiting) arrival.drop();
  }

  #add(socket: Socket): Arrival {
    const {
      clock = systemClock,
      handshakeTimeoutMs: ms = handshakeMsDefault,
      handshakesMax = handshakesMaxDefault,
    } = this.#options;
    // Who has just come is likelier to be honest than who has been at it for seconds.
    if (this.#waiting.size >= handshakesMax) {
      const [oldest] = this.#waiting;
      oldest.fail(new Error(`was the oldest of ${handshakesMax} that had not finished`));
    }
    const arrival = new Arrival(socket, this.#waiting, this.#options);
    arrival.deadline = clock.after(ms, () => {
      arrival.fail(new Error(`had not finished after ${ms} ms`));
    });
    return arrival;
  }
}

/** One connection that is not a stream yet. */
export class Arrival {
  readonly socket: Socket;
  /** Whom the stream will be from. */
  peer: Peer;
  deadline: Timer | null;
  /** The other end has closed too early. */
  readonly ended: () => void;
  readonly #waiting: Set<Arrival>;
  readonly #options: ArrivalOptions;
  readonly #failed: (error: Error) => void;
  readonly #closed: () => void;

  constructor(socket: Socket, waiting: Set<Arrival>, options: ArrivalOptions) {
    this.socket = socket;
    this.peer = peerOf(socket);
    this.deadline = null;
    this.ended = () => this.fail(new Error('closed before its PROXY header was whole'));
    this.#waiting = waiting;
    this.#options = options;
    this.#failed = error => this.fail(error);
    this.#closed = () => void this.complete();
    waiting.add(this);
    socket.on('error', this.#failed);
    socket.on('close', this.#closed);
  }

  get isOver(): boolean {
    return !this.#waiting.has(this);
  }

  /** It is a stream now. @returns false where it has been given up meanwhile */
  complete(): boolean {
    if (!this.#waiting.delete(this)) return false;
    this.deadline?.cancel();
    this.socket.off('close', this.#closed);
    // An error that is on its way must find somebody: the stream listens by then.
    queueMicrotask(() => this.socket.off('error', this.#failed));
    return true;
  }

  /**
   * It will be none: tells, and closes.
   * @param top the secured socket, from within whose events its own must not be destroyed
   */
  fail(error: Error, top: Socket = this.socket): void {
    if (!this.isOver) this.#options.onHandshakeError?.(error, this.peer.remoteAddress);
    this.drop(top);
  }

  drop(top: Socket = this.socket): void {
    this.#waiting.delete(this);
    this.deadline?.cancel();
    top.destroy();
  }
}

const nothing = new Uint8Array(0);
