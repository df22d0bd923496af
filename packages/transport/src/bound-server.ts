/**
 * Binds an address and accepts connections as bare handles, from which each transport makes its own
 * kind of socket: those that `net.Server` makes cannot be given a shared read buffer.
 */
import { strict as assert } from 'node:assert';
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net';
import type { ArrivalOptions, Arrivals } from './arrivals.ts';
import type { Listener } from './byte-stream.ts';

/** Options that every kind of listener has. */
export interface AcceptOptions extends ArrivalOptions {
  /** Connections that may wait to be accepted; 1,024 by default, cut to the system's bound. */
  readonly backlog?: number;
  /** A connection could not be accepted, with the system's `code`, like `EMFILE`; more may be. */
  readonly onAcceptError?: (error: Error) => void;
}

/** Options of listeners on TCP ports. */
export interface ListenPortOptions extends AcceptOptions {
  /** Address or name to bind; all addresses, IPv6 and IPv4, by default. */
  readonly host?: string;
  /** 0 to 65,535; 0 lets the system choose. */
  readonly port: number;
  /** A socket that listens already, as who started us has left it open, instead of host and port. */
  readonly fd?: number | undefined;
  /** Lets several processes or threads bind the same port, each getting a share. */
  readonly reusePort?: boolean;
}

/** A connection as the system reports it; goes into the constructor of a `net.Socket`. */
export type Handle = object;

/**
 * Binds a port and listens.
 * @param arrivals of its connections, which end with it
 * @throws Error with the system's `code` (`EADDRINUSE`, `EACCES`, …); `EINVAL` for an `fd` that is
 *   no socket of TCP
 */
export async function bindPort(
  { host, port, fd, reusePort = false, ...options }: ListenPortOptions,
  onHandle: (handle: Handle) => void,
  arrivals?: Arrivals,
): Promise<Listener> {
  const where = fd === undefined ? { host, port, reusePort } : { fd };
  const server = await bound(where, options, onHandle);
  const { address, port: boundPort } = server.address() as AddressInfo;
  return {
    address: address.includes(':') ? `[${address}]:${boundPort}` : `${address}:${boundPort}`,
    port: boundPort,
    close: () => closed(server, arrivals),
  };
}

/**
 * Binds a Unix socket, whose file must not exist, and listens.
 * @throws Error with the system's `code`
 */
export async function bindPath(
  path: string,
  options: AcceptOptions,
  onHandle: (handle: Handle) => void,
  arrivals?: Arrivals,
): Promise<Listener> {
  const server = await bound({ path }, options, onHandle);
  return { address: path, port: 0, close: () => closed(server, arrivals) };
}

async function bound(
  where: ListenOptions,
  { backlog = 1024, onAcceptError }: AcceptOptions,
  onHandle: (handle: Handle) => void,
): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', error => onAcceptError?.(error));
  takeHandles(server, onHandle);
  return server;
}

function closed(server: Server, arrivals?: Arrivals): Promise<void> {
  arrivals?.close();
  return new Promise(resolve => void server.close(() => resolve()));
}

/** The part of a server's handle that reports connections; not in node's documentation. */
interface ListeningHandle {
  onconnection: (error: number, handle: Handle | undefined) => void;
}

/**
 * Takes over where the server would make a socket. A read buffer of our own saves 15 % of the CPU
 * time of a message that comes alone; what node's server then does not do (counting connections,
 * `maxConnections`) is the owner's business here.
 */
function takeHandles(server: Server, onHandle: (handle: Handle) => void): void {
  const listening = (server as unknown as { _handle: ListeningHandle })._handle;
  const reportToServer = listening.onconnection;
  assert.equal(typeof reportToServer, 'function', 'this version of node accepts differently');
  listening.onconnection = function (error, handle) {
    if (error !== 0 || handle === undefined) reportToServer.call(this, error, handle);
    else onHandle(handle);
  };
}
