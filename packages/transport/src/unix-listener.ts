/** Accepts connections over a Unix socket as byte streams. Looks after the socket's file. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { Arrivals } from './arrivals.ts';
import { type AcceptOptions, bindPath, type Handle } from './bound-server.ts';
import type { ByteStream, Listener } from './byte-stream.ts';
import { readPlainHeader } from './proxy-reader.ts';
import { plainSocket, unixStream } from './socket-stream.ts';
import { connectUnix } from './unix-connect.ts';

/** Options of {@link listenUnix}. */
export interface ListenUnixOptions extends AcceptOptions {
  /** Where the socket's file is made; the system allows some 100 bytes. */
  readonly path: string;
  /**
   * Permissions of the file, as 0o660: who may write to it may connect. What the process's umask
   * leaves by default.
   */
  readonly mode?: number;
}

/**
 * Binds and listens. A socket that a program has left behind, and that nobody listens on, is
 * removed first; `close` removes the file again.
 *
 * @param onStream gets each connection; calls `open` on it, at once or later
 * @throws Error with the system's `code`: `EADDRINUSE` when somebody listens there, or when the
 *   file is no socket
 */
export async function listenUnix(
  { path, mode, ...options }: ListenUnixOptions,
  onStream: (stream: ByteStream) => void,
): Promise<Listener> {
  await removeStale(path);
  const own = { remoteAddress: `unix:${path}`, remotePort: 0 };
  const arrivals = options.proxyProtocol === undefined ? undefined : new Arrivals(options);
  const accept = (handle: Handle): void => {
    const socket = plainSocket({ handle });
    if (arrivals === undefined) onStream(unixStream(socket, own));
    else {
      arrivals.begin(socket, readPlainHeader, (arrival, early) => {
        const peer = arrival.peer.remoteAddress === '' ? own : arrival.peer;
        if (arrival.complete()) onStream(unixStream(socket, peer, early));
      });
    }
  };
  const listener = await bindPath(path, options, accept, arrivals);
  if (mode === undefined) return listener;
  try {
    await chmod(path, mode);
  } catch (error) {
    await listener.close();
    throw error;
  }
  return listener;
}

/** Leaves the file alone unless nobody listens there: binding then says that it is taken. */
async function removeStale(path: string): Promise<void> {
  const file = await lstat(path).catch(() => undefined);
  if (!file?.isSocket()) return;
  try {
    (await connectUnix({ path })).destroy();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') await unlink(path);
  }
}
