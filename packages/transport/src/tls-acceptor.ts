/**
 * The server's side of TLS: makes a secured socket of an accepted one. Which certificate it shows
 * follows the name that the client asks for, and can be exchanged while connections are open.
 */
import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';

/** A certificate and its key, in PEM. */
export interface TlsCertificate {
  /** With the certificates between it and the root, its own first. */
  readonly cert: string;
  readonly key: string;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string;
}

/** What a listener may exchange while it runs. */
export interface TlsCredentials {
  /**
   * At least one. A client gets the first that is valid for the name that it asks for (SNI), the
   * very first where none is, or where it asks for none.
   */
  readonly certificates: readonly TlsCertificate[];
  /** Who may have signed the clients' certificates, in PEM; the system's roots by default. */
  readonly ca?: string;
}

/** How a listener speaks TLS. */
export interface TlsServerOptions extends TlsCredentials {
  /** `TLSv1.2` by default. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's list of ciphers, instead of Node's. */
  readonly ciphers?: string;
  /** Asks clients for a certificate; false by default. */
  readonly requestClientCert?: boolean;
  /** Refuses those that have none, or none that is trusted; true by default. */
  readonly rejectUnauthorized?: boolean;
  /** From accepting a connection to its being secured, in milliseconds; 10,000 by default. */
  readonly handshakeTimeoutMs?: number;
}

interface TlsAcceptorHandlers {
  readonly onSecure: (socket: TLSSocket) => void;
  /** It cost one connection only. */
  readonly onHandshakeError?: ((error: Error, remoteAddress: string) => void) | undefined;
}

interface NamedContext {
  readonly certificate: X509Certificate;
  readonly context: SecureContext;
}

const handshakeMsDefault = 10_000;

export class TlsAcceptor {
  readonly #server: Server;
  readonly #options: TlsServerOptions;
  #contexts: readonly NamedContext[];

  /**
   * @param protocol that is spoken inside, for clients that ask (ALPN)
   * @throws Error when a certificate, a key or `ca` is none, or a key is not its certificate's
   */
  constructor(options: TlsServerOptions, protocol: string, handlers: TlsAcceptorHandlers) {
    this.#options = options;
    this.#contexts = this.#contextsOf(options);
    this.#server = createServer({
      ...this.#contextOptions(options)[0],
      ALPNProtocols: [protocol],
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
      allowHalfOpen: true,
      requestCert: options.requestClientCert ?? false,
      rejectUnauthorized: options.rejectUnauthorized ?? true,
      handshakeTimeout: options.handshakeTimeoutMs ?? handshakeMsDefault,
    });
    this.#server.on('secureConnection', handlers.onSecure);
    this.#server.on('tlsClientError', (error, socket) => {
      handlers.onHandshakeError?.(error, socket.remoteAddress ?? '');
      socket.destroy();
    });
  }

  /** Begins the handshake. */
  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /**
   * For handshakes from now on.
   * @throws Error as the constructor, and then nothing has changed
   */
  update(credentials: TlsCredentials): void {
    const contexts = this.#contextsOf(credentials);
    this.#server.setSecureContext(this.#contextOptions(credentials)[0]);
    this.#contexts = contexts;
  }

  #contextsOf(credentials: TlsCredentials): NamedContext[] {
    const contexts = this.#contextOptions(credentials).map(options => ({
      certificate: new X509Certificate(options.cert as string),
      context: createSecureContext(options),
    }));
    if (contexts.length === 0) throw new RangeError('no certificate; expected at least one');
    return contexts;
  }

  #contextOptions({ certificates, ca }: TlsCredentials): SecureContextOptions[] {
    const { minVersion = 'TLSv1.2', ciphers } = this.#options;
    return certificates.map(({ cert, key, passphrase }) => ({
      cert,
      key,
      passphrase,
      ca,
      minVersion,
      ciphers,
      // Without it OpenSSL lets nobody with a certificate resume a session.
      sessionIdContext: 'mqtt',
    }));
  }

  #contextFor(name: string): SecureContext {
    const isFor = ({ certificate }: NamedContext): boolean =>
      certificate.checkHost(name) !== undefined;
    return (this.#contexts.find(isFor) ?? this.#contexts[0]).context;
  }
}
