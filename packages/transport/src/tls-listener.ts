/** Accepts TLS connections as byte streams. */
import { bindPort, type ListenPortOptions } from './bound-server.ts';
import type { ByteStream, Listener } from './byte-stream.ts';
import { connectionSocket, tlsStream } from './socket-stream.ts';
import { TlsAcceptor, type TlsCredentials, type TlsServerOptions } from './tls-acceptor.ts';

/** Options of {@link listenTls}. */
export interface ListenTlsOptions extends ListenPortOptions {
  readonly tls: TlsServerOptions;
  /** A handshake failed, which cost that connection only. */
  readonly onHandshakeError?: (error: Error, remoteAddress: string) => void;
}

/** A listener whose certificates can be exchanged. */
export interface TlsListener extends Listener {
  /**
   * Shows other certificates, and trusts another `ca`, in handshakes from now on; open connections
   * stay as they are.
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
  const { tls, onHandshakeError } = options;
  let isOpen = true;
  const acceptor = new TlsAcceptor(tls, 'mqtt', {
    onSecure: socket => void (isOpen ? onStream(tlsStream(socket)) : socket.destroy()),
    onHandshakeError,
  });
  const listener = await bindPort(options, handle => acceptor.accept(connectionSocket(handle)));
  return {
    address: listener.address,
    port: listener.port,
    updateSecureContext: credentials => acceptor.update(credentials),
    close() {
      isOpen = false;
      return listener.close();
    },
  };
}
