/** Opens a connection over a Unix socket as a byte stream. */
import { type AttemptOptions, attempt } from './attempt.ts';
import type { ByteStream } from './byte-stream.ts';
import { plainSocket, unixStream } from './socket-stream.ts';

/** Options of {@link connectUnix}. */
export interface ConnectUnixOptions extends AttemptOptions {
  /** The socket's file. */
  readonly path: string;
}

/**
 * Connects.
 *
 * @throws Error with a `code`: the system's (`ECONNREFUSED`, `ENOENT`, …), `ETIMEDOUT` after
 *   `timeoutMs`, or `ABORT_ERR`, with the signal's reason as its `cause`
 */
export function connectUnix({ path, ...options }: ConnectUnixOptions): Promise<ByteStream> {
  return attempt(options, ({ succeed, fail }) => {
    const socket = plainSocket();
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      succeed(unixStream(socket, { remoteAddress: `unix:${path}`, remotePort: 0 }));
    });
    socket.connect({ path });
    return () => socket.destroy();
  });
}
