/** Accepts TCP connections as byte streams. */
import { bindPort, type ListenPortOptions } from './bound-server.ts';
import type { ByteStream, Listener } from './byte-stream.ts';
import { plainSocket, tcpStream } from './socket-stream.ts';

/**
 * Binds and listens.
 *
 * @param onStream gets each connection; calls `open` on it, at once or later
 * @throws Error with the system's `code` (`EADDRINUSE`, `EACCES`, …)
 */
export function listenTcp(
  options: ListenPortOptions,
  onStream: (stream: ByteStream) => void,
): Promise<Listener> {
  return bindPort(options, handle => onStream(tcpStream(plainSocket({ handle }))));
}
