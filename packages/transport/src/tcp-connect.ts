/** Opens a TCP connection as a byte stream. */
import { type Clock, systemClock } from '@godwit/runtime';
import type { ByteStream } from './byte-stream.ts';
import { TcpStream, tcpSocket } from './tcp-stream.ts';

/** Options of {@link connectTcp}. */
export interface ConnectTcpOptions {
  /** Address or name; of a name with several addresses the first that answers is taken. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  /** Until connected, in milliseconds, looking up the name included; no bound by default. */
  readonly timeoutMs?: number;
  /** Gives up the attempt; has no effect once connected. */
  readonly signal?: AbortSignal;
  /** For `timeoutMs`; the system's by default. */
  readonly clock?: Clock;
}

/**
 * Connects.
 *
 * @throws Error with a `code`: the system's (`ECONNREFUSED`, `ENOTFOUND`, …), `ETIMEDOUT` after
 *   `timeoutMs`, or `ABORT_ERR`, with the signal's reason as its `cause`
 */
export function connectTcp(options: ConnectTcpOptions): Promise<ByteStream> {
  const { host, port, timeoutMs, signal, clock = systemClock } = options;
  return new Promise((resolve, reject) => {
    const socket = tcpSocket();
    const stop = (): void => {
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
    };
    const fail = (error: Error): void => {
      stop();
      socket.destroy();
      reject(error);
    };
    const abort = (): void => fail(connectError('ABORT_ERR', 'was given up', signal?.reason));
    const timer =
      timeoutMs === undefined
        ? undefined
        : clock.after(timeoutMs, () =>
            fail(connectError('ETIMEDOUT', `took more than ${timeoutMs} ms`)),
          );
    socket.once('error', fail);
    socket.once('connect', () => {
      stop();
      socket.off('error', fail);
      resolve(new TcpStream(socket));
    });
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    else socket.connect({ host, port });
  });
}

function connectError(code: string, what: string, cause?: unknown): Error {
  return Object.assign(new Error(`connecting ${what}`, { cause }), { code });
}
