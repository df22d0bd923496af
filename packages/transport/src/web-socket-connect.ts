/** Opens a WebSocket as a byte stream. */
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import { type ClientOptions, WebSocket } from 'ws';
import { type AttemptOptions, attempt } from './attempt.ts';
import type { ByteStream } from './byte-stream.ts';
import { openTunnel } from './proxy/tunnel.ts';
import { clientTlsOptions, type TlsClientOptions } from './tls-connect.ts';
import { webSocketOptions } from './web-socket-options.ts';
import { WebSocketStream } from './web-socket-stream.ts';

/** Options of {@link connectWebSocket}. */
export interface ConnectWebSocketOptions extends AttemptOptions {
  /** `ws://host:port/path`, or `wss:`. */
  readonly url: string;
  /** For `wss:`. */
  readonly tls?: TlsClientOptions;
  /** Of the request, besides those of WebSocket itself. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of one message, which is kept until it is whole; 16 MiB by default. */
  readonly messageBytesMax?: number;
  /** As with `connectTcp`. */
  readonly proxy?: string | URL;
}

/** As `connectWebSocket` of on-demand.ts says. */
export function connectWebSocket(options: ConnectWebSocketOptions): Promise<ByteStream> {
  const { url, tls = {}, headers = {}, messageBytesMax, proxy } = options;
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const isSecure = protocol === 'wss:';
  const secrets = clientTlsOptions(tls, host);
  return attempt(options, ({ succeed, fail }) => {
    const open = (way: ClientOptions): WebSocket => {
      // [MQTT-6.0.0-3]
      const wishes = { ...webSocketOptions(messageBytesMax), ...secrets, headers };
      const webSocket = new WebSocket(url, ['mqtt'], { ...wishes, ...way });
      webSocket.on('error', (error: NodeJS.ErrnoException) => {
        error.code ??= 'EPROTO';
        fail(error);
      });
      webSocket.once('upgrade', ({ socket }) => {
        webSocket.once('open', () => succeed(new WebSocketStream(webSocket, socket)));
      });
      return webSocket;
    };
    if (proxy === undefined) {
      const webSocket = open({});
      return () => webSocket.terminate();
    }
    const { socket, ready } = openTunnel({
      proxy,
      host,
      port: Number(port) || (isSecure ? 443 : 80),
    });
    const createConnection = (): Socket => {
      socket.resume();
      return isSecure ? connect({ ...secrets, socket }) : socket;
    };
    ready.then(() => open({ createConnection })).catch(fail);
    return () => socket.destroy();
  });
}
