/** Opens a TLS connection as a byte stream. */
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import { type AttemptOptions, attempt } from './attempt.ts';
import type { ByteStream } from './byte-stream.ts';
import { openTunnel } from './proxy/tunnel.ts';
import { tlsStream } from './socket-stream.ts';

/** How a client speaks TLS. */
export interface TlsClientOptions {
  /** Who may have signed the server's certificate, in PEM; Node's list of roots by default. */
  readonly ca?: string | Uint8Array;
  /** The client's own certificate, in PEM. */
  readonly cert?: string | Uint8Array;
  /** Its key, in PEM. */
  readonly key?: string | Uint8Array;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string;
  /** Name that the server's certificate must be valid for; the host by default. */
  readonly serverName?: string;
  /** False takes any certificate, so that anybody may be at the other end; true by default. */
  readonly rejectUnauthorized?: boolean;
  /** The oldest version to accept; TLS 1.2 by default. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** Protocols to ask for (ALPN); `mqtt` alone by default, and none for WebSocket. */
  readonly alpnProtocols?: readonly string[];
}

/** Options of {@link connectTls}. */
export interface ConnectTlsOptions extends AttemptOptions {
  /** Address or name; of a name with several addresses the first that answers is taken. */
  readonly host: string;
  /** 1 to 65,535. */
  readonly port: number;
  readonly tls?: TlsClientOptions;
  /** As with `connectTcp`. */
  readonly proxy?: string | URL;
}

/** As `connectTls` of on-demand.ts says. */
export function connectTls(options: ConnectTlsOptions): Promise<ByteStream> {
  const { host, port, tls = {}, proxy } = options;
  return attempt(options, ({ succeed, fail }) => {
    const secure = (way: ConnectionOptions): Socket => {
      const asked = clientTlsOptions({ alpnProtocols: ['mqtt'], ...tls }, host);
      const wishes = { ...asked, ...way, allowHalfOpen: true };
      const socket = connect(wishes);
      socket.once('error', fail);
      socket.once('secureConnect', () => {
        socket.off('error', fail);
        succeed(tlsStream(socket));
      });
      return socket;
    };
    if (proxy === undefined) {
      const socket = secure({ host, port });
      return () => socket.destroy();
    }
    const tunnel = openTunnel({ proxy, host, port });
    let { socket } = tunnel;
    tunnel.ready
      .then(() => {
        socket = secure({ socket });
      })
      .catch(fail);
    return () => socket.destroy();
  });
}

type NodeTlsOptions = Pick<
  ConnectionOptions,
  | 'ca'
  | 'cert'
  | 'key'
  | 'passphrase'
  | 'rejectUnauthorized'
  | 'minVersion'
  | 'ALPNProtocols'
  | 'host'
  | 'servername'
>;

/** As Node names them. */
export function clientTlsOptions(
  { serverName, alpnProtocols, ca, cert, key, ...tls }: TlsClientOptions,
  host: string,
): NodeTlsOptions {
  return {
    ...tls,
    ca: pem(ca),
    cert: pem(cert),
    key: pem(key),
    ...(alpnProtocols !== undefined && { ALPNProtocols: [...alpnProtocols] }),
    // what the certificate has to be valid for, also when the socket leads to a proxy
    host,
    // An address is no name that a server could be asked for.
    servername: serverName ?? (isIP(host) === 0 ? host : ''),
  };
}

function pem(content: string | Uint8Array | undefined): string | undefined {
  return content instanceof Uint8Array ? new TextDecoder().decode(content) : content;
}
