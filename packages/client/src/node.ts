/** The client on Node: the same client, with TCP as the default transport. */
import { connectTcp } from '@godwit/transport/node';
import type { Client } from './client.ts';
import {
  connect as connectOver,
  createClient as createOver,
  parseUrls,
  type ServerUrls,
} from './connect.ts';
import { diagnose, diagnosed } from './diagnostics.ts';
import type { CallOptions, ClientOptions, Transport } from './options.ts';

const mqttPort = 1883;

/**
 * TCP to the host and port (1883 unless given) of an `mqtt:` URL.
 * @throws TypeError for any other URL
 */
export const tcpTransport: Transport = (url, { signal }) => {
  requireMqtt(url);
  // an IPv6 address stands in brackets in a URL
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return connectTcp({ host, port: url.port === '' ? mqttPort : Number(url.port), signal });
};

/**
 * Connects to `mqtt://host:port`, or one of several. Each gets one chance; once connected, the
 * client reconnects by itself.
 *
 * ```ts
 * await using client = await connect('mqtt://127.0.0.1');
 * await client.publish('greeting', 'hello', { qos: 1 });
 * ```
 * @throws MqttError when no server can be reached or all refuse, or the call ended early
 * @throws TypeError, RangeError for a URL or options that make no sense
 */
export async function connect(
  urls: ServerUrls,
  options: ClientOptions & CallOptions = {},
): Promise<Client> {
  return diagnose(await connectOver(urls, withTransport(urls, options)));
}

/**
 * As {@link connect}, and returns at once: it connects for as long as it takes, and what is
 * published and subscribed meanwhile waits for that.
 * @throws TypeError, RangeError for a URL or options that make no sense
 */
export function createClient(urls: ServerUrls, options: ClientOptions = {}): Client {
  return diagnose(createOver(urls, withTransport(urls, options)));
}

function withTransport<O extends ClientOptions>(
  urls: ServerUrls,
  options: O,
): O & { transport: Transport } {
  const { transport } = options;
  if (transport === undefined) parseUrls(urls).forEach(requireMqtt);
  return diagnosed({ ...options, transport: transport ?? tcpTransport });
}

function requireMqtt({ protocol, hostname }: URL): void {
  if (protocol !== 'mqtt:' || hostname === '') {
    throw new TypeError('the URL is not of the form mqtt://host:port');
  }
}
