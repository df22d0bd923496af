/** The client on Node: the same client, with TCP as the default transport. */
import { connectTcp } from '@godwit/transport/node';
import type { Client } from './client.ts';
import { connect as connectOver, createClient as createOver } from './connect.ts';
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
 * Connects to `mqtt://host:port`.
 *
 * ```ts
 * await using client = await connect('mqtt://127.0.0.1');
 * await client.publish('greeting', 'hello', { qos: 1 });
 * ```
 * @throws MqttError when the server cannot be reached or refuses, or the call ended early
 * @throws TypeError, RangeError for a URL or options that make no sense
 */
export async function connect(
  url: string | URL,
  options: ClientOptions & CallOptions = {},
): Promise<Client> {
  return connectOver(url, withTransport(url, options));
}

/**
 * As {@link connect}, and returns at once: what is published and subscribed meanwhile waits for the
 * connection.
 * @throws TypeError, RangeError for a URL or options that make no sense
 */
export function createClient(url: string | URL, options: ClientOptions = {}): Client {
  return createOver(url, withTransport(url, options));
}

function withTransport<O extends ClientOptions>(
  url: string | URL,
  options: O,
): O & { transport: Transport } {
  const { transport } = options;
  if (transport === undefined) requireMqtt(new URL(url));
  return { ...options, transport: transport ?? tcpTransport };
}

function requireMqtt({ protocol, hostname }: URL): void {
  if (protocol !== 'mqtt:' || hostname === '') {
    throw new TypeError('the URL is not of the form mqtt://host:port');
  }
}
