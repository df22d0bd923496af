/** The client on Node: the same client, with all of Node's transports behind the URL. */
import { checkServerUrl, connectUrl, type TlsClientOptions } from '@godwit/transport/node';
import type { Client } from './client.ts';
import {
  connect as connectOver,
  createClient as createOver,
  parseUrls,
  type ServerUrls,
} from './connect.ts';
import { diagnose, diagnosed } from './diagnostics.ts';
import type { CallOptions, ClientOptions } from './options.ts';

export type { TlsClientOptions } from '@godwit/transport/node';
export { fileStore } from './file-store/file-store.ts';

/** How Node reaches the server; without effect beside the option `transport`. */
export interface NodeClientOptions extends ClientOptions {
  /** For `mqtts:` and `wss:`. */
  tls?: TlsClientOptions;
  /** Of the HTTP request, for `ws:` and `wss:`. */
  headers?: Readonly<Record<string, string>>;
  /**
   * Goes through `socks5://[user:password@]host[:1080]` or `http://[user:password@]host[:8080]`
   * (CONNECT), which looks up the server's name; TLS is spoken with the server all the same.
   */
  proxy?: string | URL;
}

/**
 * Connects to `mqtt://host[:1883]`, `mqtts://host[:8883]`, `ws://host[:80]/path`,
 * `wss://host[:443]/path`, `unix:/path`, or one of several. Each gets one chance; once connected,
 * the client reconnects by itself.
 *
 * ```ts
 * await using client = await connect('mqtts://broker.example', { tls: { ca } });
 * await client.publish('greeting', 'hello', { qos: 1 });
 * ```
 * @throws MqttError when no server can be reached or all refuse, or the call ended early
 * @throws TypeError, RangeError for a URL or options that make no sense
 */
export async function connect(
  urls: ServerUrls,
  options: NodeClientOptions & CallOptions = {},
): Promise<Client> {
  return diagnose(await connectOver(urls, withTransport(urls, options)));
}

/**
 * As {@link connect}, and returns at once: it connects for as long as it takes, and what is
 * published and subscribed meanwhile waits for that.
 * @throws TypeError, RangeError for a URL or options that make no sense
 */
export function createClient(urls: ServerUrls, options: NodeClientOptions = {}): Client {
  return diagnose(createOver(urls, withTransport(urls, options)));
}

function withTransport<O extends NodeClientOptions>(urls: ServerUrls, options: O): O {
  const { transport, tls, headers, proxy } = options;
  if (transport !== undefined) return diagnosed(options);
  for (const url of parseUrls(urls)) checkServerUrl(url, { proxy });
  return diagnosed({
    ...options,
    transport: (url, { signal }) => connectUrl(url, { tls, headers, proxy, signal }),
  });
}
