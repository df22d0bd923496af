/**
 * Accepts WebSockets as byte streams, with or without TLS. Decides who is let in: the path, the
 * subprotocol and the page's origin; all other HTTP is refused.
 */
import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Arrival, Arrivals } from './arrivals.ts';
import { bindPort, type Handle, type ListenPortOptions } from './bound-server.ts';
import type { ByteStream } from './byte-stream.ts';
import { Networks } from './networks.ts';
import type { Peer } from './peer.ts';
import { plainAddress } from './plain-address.ts';
import { readSocketHeader } from './proxy-reader.ts';
import { connectionSocket } from './socket-stream.ts';
import { TlsAcceptor, type TlsServerOptions } from './tls-acceptor.ts';
import type { TlsListener } from './tls-listener.ts';
import { webSocketOptions } from './web-socket-options.ts';
import { WebSocketStream } from './web-socket-stream.ts';

/** Options of {@link listenWebSocket}. */
export interface ListenWebSocketOptions extends ListenPortOptions {
  /** Path of the URL, exactly; `/mqtt` by default. A query is not looked at. */
  readonly path?: string;
  /**
   * Whether pages of an origin, as `https://app.example.com`, may connect; `host` is the server as
   * the page knows it, as `broker.example.com:8080`. All may by default. Programs that are no
   * browsers need not name an origin, and are then not asked about.
   */
  readonly allowsOrigin?: (origin: string, host: string) => boolean;
  /**
   * Bytes of one message, which is kept until it is whole, whoever sends it: so it is what a client
   * that has not even said CONNECT may have us keep. A larger one closes the connection with status
   * 1009. 1 MiB by default.
   */
  readonly messageBytesMax?: number;
  /**
   * Networks, as `10.0.0.0/8`, of the HTTP proxies that are believed what they say in
   * `X-Forwarded-For`: the last address there that is none of theirs is the client's, and its port
   * is not known (0). By default nobody is.
   */
  readonly forwardedFor?: readonly string[] | undefined;
  /** Speaks TLS first. */
  readonly tls?: TlsServerOptions;
}

/** What clients offer: the standard's name, and that of clients from before it. */
const subprotocols: readonly string[] = ['mqtt', 'mqttv3.1'];

const headerBytesMax = 16 * 1024;
const messageBytesDefault = 1024 * 1024;

/** As `listenWebSocket` of on-demand.ts says. */
export async function listenWebSocket(
  options: ListenWebSocketOptions,
  onStream: (stream: ByteStream) => void,
): Promise<TlsListener> {
  const { tls } = options;
  const arrivals = new Arrivals(options);
  const upgrades = new Upgrades(options, onStream);
  const onSecure = (socket: Socket, arrival: Arrival): void => upgrades.accept(socket, arrival);
  const acceptor = tls === undefined ? null : new TlsAcceptor(tls, 'http/1.1', onSecure);
  const accept = (handle: Handle): void =>
    arrivals.begin(connectionSocket(handle), readSocketHeader, arrival => {
      if (acceptor === null) upgrades.accept(arrival.socket, arrival);
      else acceptor.accept(arrival);
    });
  const listener = await bindPort(options, accept, arrivals);
  return {
    ...listener,
    updateSecureContext(credentials) {
      if (acceptor === null) throw new TypeError('the listener does without TLS');
      acceptor.update(credentials);
    },
  };
}

/** Connections from their request to being WebSockets. */
class Upgrades {
  readonly #options: ListenWebSocketOptions;
  readonly #path: string;
  readonly #proxies: Networks;
  readonly #onStream: (stream: ByteStream) => void;
  readonly #http: ReturnType<typeof createServer>;
  readonly #webSockets: WebSocketServer;
  readonly #arrivals: WeakMap<Socket, Arrival>;

  constructor(options: ListenWebSocketOptions, onStream: (stream: ByteStream) => void) {
    this.#options = options;
    this.#path = options.path ?? '/mqtt';
    this.#proxies = new Networks(options.forwardedFor ?? []);
    this.#onStream = onStream;
    this.#arrivals = new WeakMap();
    this.#http = createServer({ maxHeaderSize: headerBytesMax });
    this.#http.on('request', (request, response) => this.#answer(request, response));
    this.#http.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket as Socket, head);
    });
    this.#webSockets = new WebSocketServer({
      ...webSocketOptions(options.messageBytesMax ?? messageBytesDefault),
      noServer: true,
      clientTracking: false,
      // [MQTT-6.0.0-4]
      handleProtocols: offered => subprotocols.find(name => offered.has(name)) ?? false,
    });
  }

  /** @param socket that the request comes over: the arrival's own, or the secured one on it */
  accept(socket: Socket, arrival: Arrival): void {
    this.#arrivals.set(socket, arrival);
    this.#http.emit('connection', socket);
  }

  /** A request that asks for no WebSocket. */
  #answer({ url }: IncomingMessage, response: ServerResponse): void {
    const isHere = pathOf(url) === this.#path;
    const headers = { connection: 'close', 'content-length': 0 };
    response.writeHead(isHere ? 426 : 404, isHere ? { ...headers, upgrade: 'websocket' } : headers);
    response.end();
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const arrival = this.#arrivals.get(socket);
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      const [status, why] = refusal;
      this.#options.onHandshakeError?.(new Error(why), arrival?.peer.remoteAddress ?? '');
      refuse(socket, status);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      if (arrival?.complete()) {
        const peer = this.#clientOf(request, arrival.peer);
        this.#onStream(new WebSocketStream(webSocket, socket, peer));
      } else socket.destroy();
    });
  }

  #clientOf({ headers }: IncomingMessage, peer: Peer): Peer {
    if (!this.#proxies.has(peer.remoteAddress)) return peer;
    const chain = [headers['x-forwarded-for'] ?? []].flat().join().split(',').map(plainAddressIn);
    const client = chain.findLast(address => !this.#proxies.has(address)) ?? '';
    return isIP(client) === 0 ? peer : { ...peer, remoteAddress: client, remotePort: 0 };
  }

  #refusalOf({ url, headers }: IncomingMessage): [status: number, why: string] | undefined {
    const { origin, host = '', 'sec-websocket-protocol': offered = '' } = headers;
    if (pathOf(url) !== this.#path) return [404, 'asked for another path'];
    const { allowsOrigin } = this.#options;
    if (origin !== undefined && allowsOrigin?.(origin, host) === false) {
      return [403, `a page of ${origin} may not connect`];
    }
    const names = offered.split(',').map(name => name.trim());
    // [MQTT-6.0.0-3]
    if (!names.some(name => subprotocols.includes(name))) {
      return [400, `offered no subprotocol of ${subprotocols.join(', ')}`];
    }
    return undefined;
  }
}

function plainAddressIn(item: string): string {
  return plainAddress(item.trim());
}

function pathOf(url = ''): string {
  return url.split('?', 1)[0];
}

function refuse(socket: Socket, status: number): void {
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  const headers = 'Connection: close\r\nContent-Length: 0\r\n';
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}\r\n`);
}
