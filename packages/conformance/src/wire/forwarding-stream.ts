/** A byte stream that is another one: to derive from where some of it shall be different. */
import type { ByteStream, StreamHandlers } from '@godwit/transport';

export class ForwardingStream implements ByteStream {
  readonly inner: ByteStream;

  constructor(inner: ByteStream) {
    this.inner = inner;
  }

  get kind(): string {
    return this.inner.kind;
  }

  get remoteAddress(): string {
    return this.inner.remoteAddress;
  }

  get remotePort(): number {
    return this.inner.remotePort;
  }

  get bufferedBytes(): number {
    return this.inner.bufferedBytes;
  }

  open(handlers: StreamHandlers): void {
    this.inner.open(handlers);
  }

  write(bytes: Uint8Array, done?: () => void): void {
    this.inner.write(bytes, done);
  }

  cork(): void {
    this.inner.cork();
  }

  uncork(): void {
    this.inner.uncork();
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }

  end(): void {
    this.inner.end();
  }

  destroy(): void {
    this.inner.destroy();
  }
}
