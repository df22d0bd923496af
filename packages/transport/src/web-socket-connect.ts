/** Opens a WebSocket as a byte stream. */
import { WebSocket } from 'ws';
import { type AttemptOptions, attempt } from './attempt.ts';
import type { ByteStream } from './byte-stream.ts';
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
}

/** As `connectWebSocket` of on-demand.ts says. */
export function connectWebSocket(options: ConnectWebSocketOptions): Promise<ByteStream> {
  const { url, tls = {}, headers = {}, messageBytesMax } = options;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  return attempt(options, ({ succeed, fail }) => {
    // [MQTT-6.0.0-3]
    const webSocket = new WebSocket(url, ['mqtt'], {
      ...webSocketOptions(messageBytesMax),
      ...clientTlsOptions(tls, host),
      headers,
    });
    webSocket.on('error', (error: NodeJS.ErrnoException) => {
      error.code ??= 'EPROTO';
      fail(error);
    });
    webSocket.once('upgrade', ({ socket }) => {
      webSocket.once('open', () => succeed(new WebSocketStream(webSocket, socket)));
    });
    return () => webSocket.terminate();
  });
}
