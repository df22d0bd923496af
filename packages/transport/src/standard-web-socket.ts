/**
 * The WebSocket that browsers, Node, Deno and Bun have by themselves, as a byte stream. It tells
 * nothing of its progress but a number, `bufferedAmount`, which is looked at again and again while
 * it is high; and it cannot stop reading, so that a pause only holds back what arrives.
 */
import { type Clock, systemClock, type Timer } from '@godwit/runtime';
import { type AttemptOptions, attempt } from './attempt.ts';
import type { ByteStream, StreamHandlers } from './byte-stream.ts';

/** Options of {@link connectStandardWebSocket}. */
export interface StandardWebSocketOptions extends AttemptOptions {
  /** `ws://host:port/path`, or `wss:`. */
  readonly url: string;
}

/** Larger blocks go as several messages, for a reader has to keep a message until it is whole. */
const messageBytesMax = 64 * 1024;
/** With more than this waiting, blocks are kept back from their writer. */
const bufferedBytesMax = 256 * 1024;
/** Time between two looks. */
const lookMs = 20;
/** What may arrive during a pause. */
const heldBytesMax = 16 * 1024 * 1024;

/**
 * Connects, offering the subprotocol `mqtt`, which the server has to select.
 *
 * @throws Error with a `code`: `ECONNREFUSED` when there is no WebSocket, for reasons that are not
 *   told, `ETIMEDOUT` after `timeoutMs`, or `ABORT_ERR`, with the signal's reason as its `cause`
 */
export function connectStandardWebSocket({
  url,
  ...options
}: StandardWebSocketOptions): Promise<ByteStream> {
  return attempt(options, ({ succeed, fail }) => {
    // [MQTT-6.0.0-3]
    const webSocket = new WebSocket(url, ['mqtt']);
    webSocket.binaryType = 'arraybuffer';
    const refuse = (): void => fail(coded('ECONNREFUSED', 'no WebSocket could be opened'));
    webSocket.onerror = refuse;
    webSocket.onclose = refuse;
    // a server that does not select it fails the handshake
    webSocket.onopen = () => succeed(new StandardWebSocketStream(webSocket, options));
    return () => webSocket.close();
  });
}

class StandardWebSocketStream implements ByteStream {
  readonly kind: string;
  /** A page is not told. */
  readonly remoteAddress: string = '';
  readonly remotePort: number = 0;
  readonly #webSocket: WebSocket;
  readonly #clock: Clock;
  #handlers: StreamHandlers | null;
  /** Of the blocks that are kept back, oldest first. */
  #pending: (() => void)[];
  #timer: Timer | null;
  #corks: number;
  #corked: { bytes: Uint8Array; done: (() => void) | undefined }[];
  #isPaused: boolean;
  /** What arrived before `open`, and during a pause. */
  #held: Uint8Array[];
  #heldBytes: number;
  #ended: boolean;
  /** The WebSocket is gone, or given up; `onClose` follows when what is held has been read. */
  #closed: boolean;
  #error: Error | null;

  constructor(webSocket: WebSocket, { clock = systemClock }: AttemptOptions) {
    this.kind = webSocket.url.startsWith('wss:') ? 'wss' : 'ws';
    this.#webSocket = webSocket;
    this.#clock = clock;
    this.#handlers = null;
    this.#pending = [];
    this.#timer = null;
    this.#corks = 0;
    this.#corked = [];
    this.#isPaused = true;
    this.#held = [];
    this.#heldBytes = 0;
    this.#ended = false;
    this.#closed = false;
    this.#error = null;
    webSocket.onmessage = ({ data }) => this.#receive(data);
    webSocket.onerror = () => {
      this.#error ??= coded('ECONNRESET', 'the WebSocket broke');
    };
    webSocket.onclose = ({ wasClean }) => {
      if (!wasClean) this.#error ??= coded('ECONNRESET', 'the WebSocket broke off');
      this.#gone();
    };
  }

  get bufferedBytes(): number {
    const corked = this.#corked.reduce((sum, { bytes }) => sum + bytes.length, 0);
    return this.#closed ? 0 : this.#webSocket.bufferedAmount + corked;
  }

  open(handlers: StreamHandlers): void {
    if (this.#handlers !== null) throw new TypeError('stream has been opened before');
    this.#handlers = handlers;
    this.resume();
  }

  write(bytes: Uint8Array, done?: () => void): void {
    if (this.#ended || this.#closed) {
      done?.();
      return;
    }
    if (this.#corks > 0) {
      this.#corked.push({ bytes, done });
      return;
    }
    for (let at = 0; at < bytes.length; at += messageBytesMax) {
      // it copies the bytes
      this.#webSocket.send(bytes.subarray(at, at + messageBytesMax) as Uint8Array<ArrayBuffer>);
    }
    if (done !== undefined) this.#pending.push(done);
    this.#look();
  }

  cork(): void {
    this.#corks += 1;
  }

  uncork(): void {
    if (this.#corks === 0) return;
    this.#corks -= 1;
    if (this.#corks > 0) return;
    const corked = this.#corked;
    this.#corked = [];
    for (const { bytes, done } of corked) this.write(bytes, done);
  }

  pause(): void {
    if (!this.#ended) this.#isPaused = true;
  }

  resume(): void {
    if (this.#handlers === null) return;
    this.#isPaused = false;
    if (this.#held.length > 0 || this.#closed) queueMicrotask(() => this.#deliverHeld());
  }

  end(): void {
    if (this.#ended || this.#closed) return;
    this.#uncorkAll();
    this.#ended = true;
    this.#dropHeld();
    this.#webSocket.close(1000);
  }

  destroy(): void {
    if (this.#closed && this.#held.length === 0) return;
    this.#ended = true;
    this.#error = null;
    this.#dropHeld();
    this.#webSocket.close();
    this.#gone();
  }

  #receive(data: unknown): void {
    if (this.#ended || this.#closed) return;
    if (!(data instanceof ArrayBuffer)) {
      // [MQTT-6.0.0-1]
      this.#fail(coded('ERR_TEXT_FRAME', 'a text frame was received, expected binary frames only'));
    } else if (data.byteLength > 0) {
      const bytes = new Uint8Array(data);
      if (this.#isPaused || this.#held.length > 0) this.#hold(bytes);
      else this.#handlers?.onData(bytes);
    }
  }

  #hold(bytes: Uint8Array): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > heldBytesMax) {
      this.#fail(coded('ENOBUFS', `more than ${heldBytesMax} bytes arrived during a pause`));
    }
  }

  #dropHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #deliverHeld(): void {
    while (!this.#isPaused && this.#held.length > 0) {
      const bytes = this.#held.shift()!;
      this.#heldBytes -= bytes.length;
      this.#handlers?.onData(bytes);
    }
    if (this.#closed && this.#held.length === 0) this.#finish();
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#ended = true;
    this.#dropHeld();
    this.#webSocket.close();
    this.#gone();
  }

  /** Gives back what the WebSocket has sent, and looks again if that was not all. */
  #look(): void {
    const { bufferedAmount } = this.#webSocket;
    if (bufferedAmount <= bufferedBytesMax) this.#release();
    if (bufferedAmount === 0 || this.#timer !== null || this.#closed) return;
    this.#timer = this.#clock.after(lookMs, () => {
      this.#timer = null;
      this.#look();
      if (this.#timer === null && !this.#ended && !this.#closed) this.#handlers?.onDrain();
    });
  }

  #release(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const done of pending) done();
  }

  #uncorkAll(): void {
    this.#corks = Math.min(this.#corks, 1);
    this.uncork();
  }

  #gone(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#release();
    for (const { done } of this.#corked.splice(0)) done?.();
    if (this.#handlers !== null && this.#held.length === 0) queueMicrotask(() => this.#finish());
  }

  #finish(): void {
    const handlers = this.#handlers;
    if (handlers === null || handlers === finished) return;
    this.#handlers = finished;
    if (this.#error === null && !this.#ended) {
      this.#ended = true;
      handlers.onEnd();
    }
    handlers.onClose(this.#error);
  }
}

/** Takes the place of the owner's handlers after `onClose`. */
const finished: StreamHandlers = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
