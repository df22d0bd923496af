/** Opens a TLS connection as a byte stream. */
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { type AttemptOptions, attempt } from './attempt.ts';
import type { ByteStream } from './byte-stream.ts';
import { tlsStream } from './socket-stream.ts';

/** How a client speaks TLS. */
export interface TlsClientOptions {
  /** Who may have signed the server's certificate, in PEM; the system's roots by default. */
  readonly ca?: string;
  /** The client's own certificate, in PEM. */
  readonly cert?: string;
  /** Its key, in PEM. */
  readonly key?: string;
  /** Name that the server's certificate must be valid for; the host by default. */
  readonly serverName?: string;
  /** False takes any certificate, so that anybody may be at the other end; true by default. */
  readonly rejectUnauthorized?: boolean;
}

/** Options of {@link connectTls}. */
export interface ConnectTlsOptions extends AttemptOptions {
  /** Address or name; of a name with several addresses the first that answers is taken. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  readonly tls?: TlsClientOptions;
}

/** As `connectTls` of on-demand.ts says. */
export function connectTls(options: ConnectTlsOptions): Promise<ByteStream> {
  const { host, port, tls = {} } = options;
  return attempt(options, ({ succeed, fail }) => {
    const wishes = { host, port, ALPNProtocols: ['mqtt'], allowHalfOpen: true };
    const socket = connect({ ...clientTlsOptions(tls, host), ...wishes });
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      succeed(tlsStream(socket));
    });
    return () => socket.destroy();
  });
}

/** As Node names them. */
export function clientTlsOptions(
  { serverName, ...tls }: TlsClientOptions,
  host: string,
): TlsClientOptions & { servername: string } {
  // An address is no name that a server could be asked for.
  return { ...tls, servername: serverName ?? (isIP(host) === 0 ? host : '') };
}
