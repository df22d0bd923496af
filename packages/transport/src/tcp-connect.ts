/** Opens a TCP connection as a byte stream. */
import { type AttemptOptions, attempt } from './attempt.ts';
import type { ByteStream } from './byte-stream.ts';
import { plainSocket, tcpStream } from './socket-stream.ts';

/** Options of {@link connectTcp}. */
export interface ConnectTcpOptions extends AttemptOptions {
  /** Address or name; of a name with several addresses the first that answers is taken. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  /** Address of this machine to connect from; the system chooses by default. */
  readonly localAddress?: string;
}

/**
 * Connects.
 *
 * @throws Error with a `code`: the system's (`ECONNREFUSED`, `ENOTFOUND`, …), `ETIMEDOUT` after
 *   `timeoutMs`, or `ABORT_ERR`, with the signal's reason as its `cause`
 */
export function connectTcp(options: ConnectTcpOptions): Promise<ByteStream> {
  const { host, port, localAddress } = options;
  return attempt(options, ({ succeed, fail }) => {
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
