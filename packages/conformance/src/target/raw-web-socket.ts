/** A WebSocket to a server, frame by frame: for what a byte stream hides. */
import { WebSocket } from 'ws';
import type { TargetTls } from './url-target.ts';

export class RawWebSocket {
  /** The subprotocol that the server has selected; '' is none. */
  readonly protocol: string;
  readonly #webSocket: WebSocket;
  #received: Uint8Array[];
  #isClosed: boolean;
  #wake: () => void;

  /** @throws Error when the server refuses */
  static open(url: string, subprotocols: readonly string[], tls: TargetTls): Promise<RawWebSocket> {
    const options = { ...tls, perMessageDeflate: false };
    return new Promise((resolve, reject) => {
      const webSocket = new WebSocket(url, [...subprotocols], options);
      webSocket.on('error', reject);
      webSocket.once('open', () => resolve(new RawWebSocket(webSocket)));
    });
  }

  private constructor(webSocket: WebSocket) {
    this.protocol = webSocket.protocol;
    this.#webSocket = webSocket;
    this.#received = [];
    this.#isClosed = false;
    this.#wake = () => {};
    webSocket.on('message', data => {
      this.#received.push(data as Buffer);
      this.#wake();
    });
    webSocket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** Sends one frame: of text when it is one, otherwise binary. */
  send(data: string | Uint8Array): void {
    this.#webSocket.send(data);
  }

  /** All that came since the last call; waits for something. Null when the server has closed. */
  async next(): Promise<Uint8Array | null> {
    while (this.#received.length === 0 && !this.#isClosed) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
    const received = this.#received;
    this.#received = [];
    return received.length === 0 ? null : Buffer.concat(received);
  }

  destroy(): void {
    this.#webSocket.terminate();
  }
}
