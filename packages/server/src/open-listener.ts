/** Opens the listener that a piece of configuration asks for, whatever its type. */
import { resolve } from 'node:path';
import type { ByteStream } from '@godwit/transport';
import {
  listenTcp,
  listenTls,
  listenUnix,
  listenWebSocket,
  type TlsListener,
  type TlsServerOptions,
} from '@godwit/transport/node';
import { defaultWebSocketPath, type ListenerConfig } from './config/config.ts';
import type { Log } from './log/log.ts';
import { allowsOrigin } from './origins.ts';

export interface OpenListener {
  /** As `mqtt://127.0.0.1:1883`, `wss://127.0.0.1:8443/mqtt`, `unix:///run/godwit.sock`. */
  readonly url: string;
  close(): Promise<void>;
  /** Its certificates and lists; empty where it has none. */
  readonly files: readonly string[];
  /**
   * Reads its certificates again; null where it has none.
   * @throws Error when they cannot be used; those before stay in use
   */
  readonly reload: (() => Promise<void>) | null;
}

interface Handlers {
  readonly onAcceptError: (error: Error) => void;
  readonly onHandshakeError: (error: Error, remoteAddress: string) => void;
}

/** @throws Error of the system, of OpenSSL, or about a file */
export async function openListener(
  config: ListenerConfig,
  log: Log,
  onStream: (stream: ByteStream) => void,
): Promise<OpenListener> {
  const { type } = config;
  const handlers: Handlers = {
    onAcceptError: error => log.error('cannot accept a connection', { error: error.message }),
    onHandshakeError: (error, remoteAddress) => {
      log.debug('handshake failed', { type, remoteAddress, error: error.message });
    },
  };
  const { host, port, fd, backlog, proxyProtocol, handshakeTimeoutMs, handshakesMax } = config;
  const arrivals = { proxyProtocol, handshakeTimeoutMs, handshakesMax };
  const options = { host, port, fd, backlog, ...arrivals, ...handlers };
  switch (type) {
    case 'mqtt': {
      const { address, close } = await listenTcp(options, onStream);
      return { url: `mqtt://${address}`, close, files: [], reload: null };
    }
    case 'unix': {
      const { path = '', mode } = config;
      const bits = mode === undefined ? undefined : Number.parseInt(mode, 8);
      const { close } = await listenUnix({ ...options, path, mode: bits }, onStream);
      return { url: `unix://${resolve(path)}`, close, files: [], reload: null };
    }
    case 'mqtts': {
      const tls = await tlsOptions(config);
      const listener = await listenTls({ ...options, tls }, onStream);
      return await secured(`mqtts://${listener.address}`, listener, config);
    }
    default: {
      const { path = defaultWebSocketPath, origins = [], messageBytesMax, forwardedFor } = config;
      const wishes = {
        ...options,
        path,
        messageBytesMax,
        forwardedFor,
        allowsOrigin: (origin: string, host: string) => allowsOrigin(origins, origin, host),
        ...(type === 'wss' && { tls: await tlsOptions(config) }),
      };
      const listener = await listenWebSocket(wishes, onStream);
      const url = `${type}://${listener.address}${path}`;
      if (type === 'wss') return await secured(url, listener, config);
      return { url, close: listener.close, files: [], reload: null };
    }
  }
}

async function secured(
  url: string,
  listener: TlsListener,
  config: ListenerConfig,
): Promise<OpenListener> {
  const { tlsFilesOf } = await import('./config/tls-files.ts');
  return {
    url,
    close: () => listener.close(),
    files: tlsFilesOf(config),
    async reload() {
      listener.updateSecureContext(await tlsOptions(config));
    },
  };
}

/** What reads certificates is loaded by those that have some. */
async function tlsOptions(config: ListenerConfig): Promise<TlsServerOptions> {
  const { credentialsOf } = await import('./config/tls-files.ts');
  const { minVersion, ciphers, curves, requireClientCert } = config;
  const wishes = { minVersion, ciphers, curves, requestClientCert: requireClientCert };
  return { ...credentialsOf(config), ...wishes };
}
