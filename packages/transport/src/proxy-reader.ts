/**
 * Takes the PROXY header off the front of a connection, whatever pieces it comes in, and leaves
 * what follows to whoever reads next. Deadlines are its caller's.
 */
import type { Socket } from 'node:net';
import { type ProxyHeader, readProxyHeader } from './proxy-header.ts';
import { readFirst } from './socket-stream.ts';

/** How it ends, once. */
interface HeaderHandlers {
  /** @param rest that came behind the header with it; empty where the socket has it again */
  readonly onHeader: (header: ProxyHeader, rest: Uint8Array) => void;
  readonly onError: (error: Error) => void;
}

/** Off the front of a socket that `plainSocket` has made. */
export function readPlainHeader(socket: Socket, { onHeader, onError }: HeaderHandlers): void {
  let bytes = Buffer.alloc(0);
  readFirst(socket, chunk => {
    bytes = Buffer.concat([bytes, chunk]);
    const header = headerIn(bytes, onError);
    if (header === undefined) return;
    socket.pause();
    onHeader(header, bytes.subarray(header.length));
  });
}

/** Off the front of a socket that `connectionSocket` has made. */
export function readSocketHeader(socket: Socket, { onHeader, onError }: HeaderHandlers): void {
  let bytes = Buffer.alloc(0);
  const read = (): void => {
    const chunk: Buffer | null = socket.read();
    if (chunk === null) return;
    bytes = Buffer.concat([bytes, chunk]);
    const header = headerIn(bytes, onError);
    if (header === undefined) return;
    socket.off('readable', read);
    if (bytes.length > header.length) socket.unshift(bytes.subarray(header.length));
    // By then, after all that waits for the next tick, the socket is as if nobody had read from it.
    queueMicrotask(() => onHeader(header, Buffer.alloc(0)));
  };
  socket.on('readable', read);
}

function headerIn(bytes: Buffer, onError: (error: Error) => void): ProxyHeader | undefined {
  try {
    return readProxyHeader(bytes);
  } catch (error) {
    onError(error as Error);
    return undefined;
  }
}
