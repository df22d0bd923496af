/** The two ways to a client. */
import type { Client } from './client.ts';
import type { CallOptions, ClientOptions } from './options.ts';
import { SessionClient } from './session-client.ts';
import { requireWebSocket, webSocketTransport } from './web-socket-transport.ts';

/** One server, or several that stand in for each other, in the order in which they are tried. */
export type ServerUrls = string | URL | readonly (string | URL)[];

/**
 * Connects to a server by WebSocket, or by the option `transport`. Each URL gets one chance; once
 * connected, the client reconnects by itself.
 *
 * ```ts
 * await using client = await connect('wss://broker.example/mqtt');
 * await client.publish('greeting', 'hello', { qos: 1 });
 * ```
 * Messages of a session that the server held begin to flow once the code that awaited this has run
 * to its next `await`: subscribe at once, or use {@link createClient}.
 * @throws MqttError when no server can be reached or all refuse, or the call ended early
 * @throws TypeError, RangeError for a URL or options that make no sense
 */
export async function connect(
  urls: ServerUrls,
  options: ClientOptions & CallOptions = {},
): Promise<Client> {
  const { signal, timeoutMs, ...rest } = options;
  const client = createClient(urls, rest);
  const failed = Promise.withResolvers<never>();
  const stop = client.on('down', error => {
    if (client.state === 'waiting') failed.reject(error);
  });
  try {
    await Promise.race([client.ready({ signal, timeoutMs }), failed.promise]);
  } catch (error) {
    await client.close();
    throw error;
  } finally {
    stop();
  }
  return client;
}

/**
 * Starts connecting, for as long as it takes, and returns the client at once: what is published and
 * subscribed meanwhile waits for the connection. A failure for good shows in `closed` and in every
 * pending call, any other in the event 'down'.
 * @throws TypeError, RangeError for a URL or options that make no sense
 */
export function createClient(urls: ServerUrls, options: ClientOptions = {}): Client {
  const { transport } = options;
  const parsed = parseUrls(urls);
  if (transport === undefined) parsed.forEach(requireWebSocket);
  return new SessionClient(parsed, { ...options, transport: transport ?? webSocketTransport });
}

/** @throws TypeError when there is none, or one is not well formed */
export function parseUrls(urls: ServerUrls): URL[] {
  const list = typeof urls === 'string' || urls instanceof URL ? [urls] : urls;
  if (list.length === 0) throw new TypeError('no URL was given');
  return list.map(url => new URL(url));
}
