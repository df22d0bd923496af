/**
 * TLS and WebSocket, loaded when they are first used: a program that only speaks TCP starts some
 * 40 ms sooner without them.
 */
import type { ByteStream } from './byte-stream.ts';
import type { ConnectTlsOptions } from './tls-connect.ts';
import type { ListenTlsOptions, TlsListener } from './tls-listener.ts';
import type { ConnectWebSocketOptions } from './web-socket-connect.ts';
import type { ListenWebSocketOptions } from './web-socket-listener.ts';

/**
 * Connects, asking for the protocol `mqtt` (ALPN).
 *
 * @throws Error with a `code`: the system's (`ECONNREFUSED`, …), OpenSSL's for a handshake that
 *   failed or a certificate that is not trusted, `ETIMEDOUT` after `timeoutMs`, or `ABORT_ERR`,
 *   with the signal's reason as its `cause`
 */
export async function connectTls(options: ConnectTlsOptions): Promise<ByteStream> {
  const module = await import('./tls-connect.ts');
  return module.connectTls(options);
}

/**
 * Binds and listens. The protocol is `mqtt` to clients that ask (ALPN).
 *
 * @param onStream gets each connection once it is secured; calls `open` on it, at once or later
 * @throws Error with the system's `code` (`EADDRINUSE`, `EACCES`, …), or OpenSSL's for a
 *   certificate or key that cannot be used
 */
export async function listenTls(
  options: ListenTlsOptions,
  onStream: (stream: ByteStream) => void,
): Promise<TlsListener> {
  const module = await import('./tls-listener.ts');
  return module.listenTls(options, onStream);
}

/**
 * Connects, offering the subprotocol `mqtt`, which the server has to select.
 *
 * @throws Error with a `code`: the system's (`ECONNREFUSED`, …), OpenSSL's for a handshake that
 *   failed or a certificate that is not trusted, `EPROTO` when the server answers otherwise than
 *   with a WebSocket for `mqtt`, `ETIMEDOUT` after `timeoutMs`, or `ABORT_ERR`, with the signal's
 *   reason as its `cause`
 */
export async function connectWebSocket(options: ConnectWebSocketOptions): Promise<ByteStream> {
  const module = await import('./web-socket-connect.ts');
  return module.connectWebSocket(options);
}

/**
 * Binds and listens for WebSockets that offer the subprotocol `mqtt`, or `mqttv3.1`.
 *
 * @param onStream gets each connection after its handshake; calls `open` on it, at once or later
 * @throws Error with the system's `code` (`EADDRINUSE`, `EACCES`, …), or OpenSSL's for a
 *   certificate or key that cannot be used
 */
export async function listenWebSocket(
  options: ListenWebSocketOptions,
  onStream: (stream: ByteStream) => void,
): Promise<TlsListener> {
  const module = await import('./web-socket-listener.ts');
  return module.listenWebSocket(options, onStream);
}
