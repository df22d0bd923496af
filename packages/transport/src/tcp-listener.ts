/** Accepts TCP connections as byte streams. */
import { Arrivals } from './arrivals.ts';
import { bindPort, type ListenPortOptions } from './bound-server.ts';
import type { ByteStream, Listener } from './byte-stream.ts';
import { readPlainHeader } from './proxy-reader.ts';
import { plainSocket, tcpStream } from './socket-stream.ts';

/**
 * Binds and listens.
 *
 * @param onStream gets each connection; calls `open` on it, at once or later
 * @throws Error with the system's `code` (`EADDRINUSE`, `EACCES`, …)
 */
export async function listenTcp(
  options: ListenPortOptions,
  onStream: (stream: ByteStream) => void,
): Promise<Listener> {
  if (options.proxyProtocol === undefined) {
    return await bindPort(options, handle => onStream(tcpStream(plainSocket({ handle }))));
  }
  const arrivals = new Arrivals(options);
  return await bindPort(
    options,
    handle => {
      arrivals.begin(plainSocket({ handle }), readPlainHeader, (arrival, early) => {
        if (arrival.complete()) onStream(tcpStream(arrival.socket, arrival.peer, early));
      });
    },
    arrivals,
  );
}
