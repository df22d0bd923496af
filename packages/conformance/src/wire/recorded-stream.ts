/** A stream that tells of every packet that goes over it, and of its end. */
import type { ByteStream, StreamHandlers } from '@godwit/transport';
import { ForwardingStream } from './forwarding-stream.ts';
import { PacketTap, type TappedConnection, type TappedPacket } from './packet-tap.ts';

/** Who listens; `sent` and `received` are seen from the stream's owner. */
export interface StreamListener {
  sent(tapped: TappedPacket): void;
  received(tapped: TappedPacket): void;
  ended(how: string): void;
}

export class RecordedStream extends ForwardingStream {
  readonly #listener: StreamListener;
  readonly #sentTap: PacketTap;
  readonly #receivedTap: PacketTap;

  constructor(inner: ByteStream, connection: TappedConnection, listener: StreamListener) {
    super(inner);
    this.#listener = listener;
    this.#sentTap = new PacketTap(connection, tapped => listener.sent(tapped));
    this.#receivedTap = new PacketTap(connection, tapped => listener.received(tapped));
  }

  override open(handlers: StreamHandlers): void {
    super.open({
      onData: chunk => {
        this.#receivedTap.push(chunk);
        handlers.onData(chunk);
      },
      onEnd: () => {
        this.#listener.ended('the server ended the connection');
        handlers.onEnd();
      },
      onDrain: () => handlers.onDrain(),
      onClose: error => {
        this.#listener.ended(error === null ? 'closed' : `closed: ${error.message}`);
        handlers.onClose(error);
      },
    });
  }

  override write(bytes: Uint8Array, done?: () => void): void {
    this.#sentTap.push(bytes);
    super.write(bytes, done);
  }
}
