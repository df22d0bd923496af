/** Accepts TLS connections as byte streams. */
import { Arrivals } from './arrivals.ts';
import { bindPort, type Handle, type ListenPortOptions } from './bound-server.ts';
import type { ByteStream, Listener } from './byte-stream.ts';
import { readSocketHeader } from './proxy-reader.ts';
import { connectionSocket, tlsStream } from './socket-stream.ts';
import { TlsAcceptor, type TlsCredentials, type TlsServerOptions } from './tls-acceptor.ts';

/** Options of {@link listenTls}. */
export interface ListenTlsOptions extends ListenPortOptions {
  readonly tls: TlsServerOptions;
}

/** A listener whose certificates can be exchanged. */
export interface TlsListener extends Listener {
  /**
   * Shows other certificates, and trusts another `ca`, in handshakes from now on; open connections
   * stay as they are, and sessions of TLS from before are not resumed.
   *
   * @throws Error when they cannot be used; those before stay in use
   */
  updateSecureContext(credentials: TlsCredentials): void;
}

/** As `listenTls` of on-demand.ts says. */
export async function listenTls(
  options: ListenTlsOptions,
  onStream: (stream: ByteStream) => void,
): Promise<TlsListener> {
  const arrivals = new Arrivals(options);
  const acceptor = new TlsAcceptor(options.tls, 'mqtt', (socket, arrival) => {
    if (arrival.complete()) onStream(tlsStream(socket, arrival.peer));
    else socket.destroy();
  });
  const accept = (handle: Handle): void =>
    arrivals.begin(connectionSocket(handle), readSocketHeader, arrival => acceptor.accept(arrival));
  const listener = await bindPort(options, accept, arrivals);
  return { ...listener, updateSecureContext: credentials => acceptor.update(credentials) };
}
