/**
 * A socket during a handshake in which both sides take turns: asks for as many bytes as are due.
 * More than that is never read on, so that what follows belongs to the next protocol.
 */
import type { Socket } from 'node:net';

/** @throws Error with the code `EPROXY` */
export function proxyError(message: string): Error {
  return Object.assign(new Error(message), { code: 'EPROXY' });
}

export class HandshakeSocket {
  readonly #socket: Socket;
  #received: Buffer;
  #isOver: boolean;
  #error: Error | null;
  #wake: () => void;

  /** @param socket connected, without listeners for data */
  constructor(socket: Socket) {
    this.#socket = socket;
    this.#received = Buffer.alloc(0);
    this.#isOver = false;
    this.#error = null;
    this.#wake = () => {};
    socket.on('data', this.#onData);
    socket.on('error', this.#onError);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onEnd);
  }

  write(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** The next `length` bytes. @throws Error when the socket ends before */
  async take(length: number): Promise<Buffer> {
    while (this.#received.length < length) await this.#more();
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }

  /**
   * What comes up to `end`, with it.
   * @throws Error when the socket ends before, or that is more than `bytesMax`
   */
  async takeThrough(end: string, bytesMax: number): Promise<Buffer> {
    for (;;) {
      const at = this.#received.indexOf(end, 0, 'latin1');
      const length = at < 0 ? this.#received.length : at + end.length;
      if (length > bytesMax) throw proxyError(`the proxy answers more than ${bytesMax} bytes`);
      if (at >= 0) return this.take(length);
      await this.#more();
    }
  }

  /**
   * Lets go of the socket, which is paused.
   * @throws Error when the proxy has sent more than was due
   */
  release(): void {
    this.#socket.pause();
    this.#socket.off('data', this.#onData);
    this.#socket.off('error', this.#onError);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('close', this.#onEnd);
    if (this.#received.length > 0) throw proxyError('the proxy has sent more than its answer');
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    // the next protocol's bytes, or a flood, stay where they are
    this.#socket.pause();
    this.#wake();
  };

  readonly #onError = (error: Error): void => {
    this.#error ??= error;
    this.#onEnd();
  };

  readonly #onEnd = (): void => {
    this.#isOver = true;
    this.#wake();
  };

  async #more(): Promise<void> {
    if (this.#isOver) throw this.#error ?? proxyError('the proxy closed the connection');
    const length = this.#received.length;
    this.#socket.resume();
    await new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    if (this.#received.length === length && this.#isOver) await this.#more();
  }
}
