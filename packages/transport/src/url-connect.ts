/** Opens the stream that the URL of a server stands for, whatever the transport. */
import type { AttemptOptions } from './attempt.ts';
import type { ByteStream } from './byte-stream.ts';
import { connectTls, connectWebSocket } from './on-demand.ts';
import { proxyAddress } from './proxy/proxy-address.ts';
import { connectTcp } from './tcp-connect.ts';
import type { TlsClientOptions } from './tls-connect.ts';
import { connectUnix } from './unix-connect.ts';

/** Options of {@link connectUrl}; what a transport has no use for is left aside. */
export interface ConnectUrlOptions extends AttemptOptions {
  /** For `mqtts:` and `wss:`. */
  readonly tls?: TlsClientOptions;
  /** Of the request, for `ws:` and `wss:`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** As with `connectTcp`; not for `unix:`. */
  readonly proxy?: string | URL;
  /** As with `connectTcp`; for `mqtt:` only. */
  readonly localAddress?: string;
}

interface Scheme {
  readonly transport: 'tcp' | 'tls' | 'webSocket' | 'unix';
  readonly port: number;
}

const schemes: Readonly<Record<string, Scheme | undefined>> = {
  'mqtt:': { transport: 'tcp', port: 1883 },
  'tcp:': { transport: 'tcp', port: 1883 },
  'mqtts:': { transport: 'tls', port: 8883 },
  'tls:': { transport: 'tls', port: 8883 },
  'ws:': { transport: 'webSocket', port: 80 },
  'wss:': { transport: 'webSocket', port: 443 },
  'unix:': { transport: 'unix', port: 0 },
};

const expected = 'mqtt, mqtts, ws or wss://host[:port], or unix:/path';

/**
 * @throws TypeError for a URL that {@link connectUrl} does not know, or that goes through a proxy
 *   and cannot
 */
export function checkServerUrl(url: URL, { proxy }: Pick<ConnectUrlOptions, 'proxy'> = {}): void {
  const scheme = schemes[url.protocol];
  const isUnix = scheme?.transport === 'unix';
  const isComplete = isUnix ? url.hostname === '' && url.pathname !== '' : url.hostname !== '';
  if (scheme === undefined || !isComplete) {
    throw new TypeError(`the URL is not of the form ${expected}`);
  }
  if (proxy === undefined) return;
  if (isUnix) throw new TypeError('a Unix socket is not reached through a proxy');
  proxyAddress(proxy);
}

/**
 * Connects to `mqtt://host[:1883]` (also `tcp:`), `mqtts://host[:8883]` (also `tls:`),
 * `ws://host[:80]/path`, `wss://host[:443]/path`, or the Unix socket `unix:/path`. Credentials in
 * the URL are not looked at.
 *
 * @throws Error as `connectTcp`, `connectTls`, `connectWebSocket` and `connectUnix`
 * @throws TypeError as {@link checkServerUrl}
 */
export async function connectUrl(url: URL, options: ConnectUrlOptions = {}): Promise<ByteStream> {
  checkServerUrl(url, options);
  const { tls, headers, proxy, localAddress, ...attempt } = options;
  const { transport, port: portDefault } = schemes[url.protocol]!;
  if (transport === 'unix')
    return connectUnix({ path: decodeURIComponent(url.pathname), ...attempt });
  if (transport === 'webSocket') {
    const plain = new URL(url);
    plain.username = '';
    plain.password = '';
    plain.hash = '';
    return connectWebSocket({ url: plain.href, tls, headers, proxy, ...attempt });
  }
  // an IPv6 address stands in brackets in a URL
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = url.port === '' ? portDefault : Number(url.port);
  if (transport === 'tls') return connectTls({ host, port, tls, proxy, ...attempt });
  return connectTcp({ host, port, proxy, localAddress, ...attempt });
}
