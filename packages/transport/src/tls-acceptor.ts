/**
 * The server's side of TLS: makes a secured socket of an accepted one. Which certificate it shows
 * follows the name that the client asks for, and can be exchanged while connections are open.
 */
import { constants, X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import {
  createSecureContext,
  createServer,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls';
import type { Arrival } from './arrivals.ts';

/** A certificate and its key, in PEM. */
export interface TlsCertificate {
  /** With the certificates between it and the root, its own first. */
  readonly cert: string;
  readonly key: string;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string;
  /**
   * What the authority says of the certificate (an OCSP response, in DER), for clients that ask
   * whether it has been revoked. It is passed on unread.
   */
  readonly ocspResponse?: Buffer;
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
  /**
   * Lists of what they have revoked, in PEM, one from every authority in a client's chain: without
   * a list, or with one whose time is over, certificates of that authority are refused.
   */
  readonly crl?: readonly string[];
}

/** How a listener speaks TLS. */
export interface TlsServerOptions extends TlsCredentials {
  /** `TLSv1.2` by default. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /** OpenSSL's list of ciphers, instead of Node's. */
  readonly ciphers?: string | undefined;
  /** OpenSSL's list of groups for the key exchange, as `X25519:P-256`, instead of its own. */
  readonly curves?: string | undefined;
  /** Asks clients for a certificate; false by default. */
  readonly requestClientCert?: boolean | undefined;
  /** Refuses those that have none, or none that is trusted; true by default. */
  readonly rejectUnauthorized?: boolean | undefined;
}

interface NamedContext {
  readonly certificate: X509Certificate;
  readonly context: SecureContext;
  readonly ocspResponse: Buffer | null;
}

export class TlsAcceptor {
  readonly #server: Server;
  readonly #options: TlsServerOptions;
  readonly #onSecure: (socket: TLSSocket, arrival: Arrival) => void;
  /** By the addresses of both ends, which are all that Node tells of both sockets. */
  readonly #arrivals: Map<string, Arrival>;
  #contexts: readonly NamedContext[];

  /**
   * @param protocol that is spoken inside, for clients that ask (ALPN)
   * @param onSecure gets the secured socket; the arrival goes on
   * @throws Error when a certificate, a key, `ca` or `crl` is none, or a key is not its
   *   certificate's
   */
  constructor(
    options: TlsServerOptions,
    protocol: string,
    onSecure: (socket: TLSSocket, arrival: Arrival) => void,
  ) {
    this.#options = options;
    this.#onSecure = onSecure;
    this.#arrivals = new Map();
    this.#contexts = this.#contextsOf(options);
    this.#server = createServer({
      ...this.#contextOptions(options)[0],
      ALPNProtocols: [protocol],
      SNICallback: (name, done) => done(null, this.#contextFor(name)),
      allowHalfOpen: true,
      requestCert: options.requestClientCert ?? false,
      // Done below: Node would not say whom it has refused, nor why.
      rejectUnauthorized: false,
    });
    this.#server.on('secureConnection', socket => this.#secured(socket));
    this.#server.on('tlsClientError', (error, socket) => this.#failed(error, socket));
    this.#server.on('OCSPRequest', (certificate, _issuer, done) => {
      const isAskedFor = (context: NamedContext): boolean =>
        context.certificate.raw.equals(certificate);
      done(null, this.#contexts.find(isAskedFor)?.ocspResponse ?? null);
    });
  }

  /** Begins the handshake. */
  accept(arrival: Arrival): void {
    const { socket } = arrival;
    const key = endsOf(socket);
    this.#arrivals.set(key, arrival);
    socket.once('close', () => {
      if (this.#arrivals.get(key) === arrival) this.#arrivals.delete(key);
    });
    this.#server.emit('connection', socket);
  }

  /**
   * For handshakes from now on. No session is resumed that began before: its client's certificate
   * would not be looked at again.
   *
   * @throws Error as the constructor, and then nothing has changed
   */
  update(credentials: TlsCredentials): void {
    const contexts = this.#contextsOf(credentials);
    this.#server.setSecureContext(this.#contextOptions(credentials)[0]);
    this.#contexts = contexts;
  }

  #secured(socket: TLSSocket): void {
    const arrival = this.#taken(socket);
    const { requestClientCert = false, rejectUnauthorized = true } = this.#options;
    if (arrival === undefined) socket.destroy();
    else if (requestClientCert && rejectUnauthorized && !socket.authorized) {
      // A code, whatever its type says.
      const why = String(socket.authorizationError);
      arrival.fail(new Error(`the certificate of the client is refused: ${why}`), socket);
    } else this.#onSecure(socket, arrival);
  }

  #failed(error: Error, socket: TLSSocket): void {
    this.#taken(socket)?.fail(error, socket);
    socket.destroy();
  }

  #taken(socket: TLSSocket): Arrival | undefined {
    const key = endsOf(socket);
    const arrival = this.#arrivals.get(key);
    this.#arrivals.delete(key);
    return arrival;
  }

  #contextsOf(credentials: TlsCredentials): NamedContext[] {
    const contexts = this.#contextOptions(credentials).map((options, at) => ({
      certificate: new X509Certificate(options.cert as string),
      context: createSecureContext(options),
      ocspResponse: credentials.certificates[at].ocspResponse ?? null,
    }));
    if (contexts.length === 0) throw new RangeError('no certificate; expected at least one');
    return contexts;
  }

  #contextOptions({ certificates, ca, crl }: TlsCredentials): SecureContextOptions[] {
    const { minVersion = 'TLSv1.2', ciphers, curves } = this.#options;
    return certificates.map(({ cert, key, passphrase }) => ({
      cert,
      key,
      passphrase,
      ca,
      crl: crl === undefined ? undefined : [...crl],
      minVersion,
      ciphers,
      ecdhCurve: curves,
      // It costs the server much more than the client, and MQTT has no use for it.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
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

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}
