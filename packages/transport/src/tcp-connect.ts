/** Opens a TCP connection as a byte stream. */
import { type AttemptOptions, attempt } from './attempt.ts';
import type { ByteStream } from './byte-stream.ts';
import { openTunnel } from './proxy/tunnel.ts';
import { plainSocket, tcpStream, tunnelStream } from './socket-stream.ts';

/** Options of {@link connectTcp}. */
export interface ConnectTcpOptions extends AttemptOptions {
  /** Address or name; of a name with several addresses the first that answers is taken. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  /** Address of this machine to connect from; the system chooses by default. */
  readonly localAddress?: string;
  /**
   * Goes through `socks5://[user:password@]host[:1080]` or `http://[user:password@]host[:8080]`
   * (CONNECT), which looks up `host`; `localAddress` has no effect then.
   */
  readonly proxy?: string | URL;
}

/**
 * Connects.
 *
 * @throws Error with a `code`: the system's (`ECONNREFUSED`, `ENOTFOUND`, …), `EPROXY` when the
 *   proxy refuses, `ETIMEDOUT` after `timeoutMs`, or `ABORT_ERR`, with the signal's reason as its
 *   `cause`
 * @throws TypeError for a proxy that is not well formed
 */
export function connectTcp(options: ConnectTcpOptions): Promise<ByteStream> {
  const { host, port, localAddress, proxy } = options;
  return attempt(options, ({ succeed, fail }) => {
    if (proxy !== undefined) {
      const { socket, ready } = openTunnel({ proxy, host, port });
      ready.then(() => succeed(tunnelStream(socket)), fail);
      return () => socket.destroy();
    }
    const socket = plainSocket();
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      succeed(tcpStream(socket));
    });
    socket.connect({ host, port, localAddress });
    return () => socket.destroy();
  });
}
