/** The two ways to a client. */
import type { Client } from './client.ts';
import type { CallOptions, ClientOptions, Transport } from './options.ts';
import { SessionClient } from './session-client.ts';

/** What the entry without a transport of its own must be given. */
export interface TransportOptions {
  transport: Transport;
}

/**
 * Connects to a server.
 *
 * ```ts
 * await using client = await connect('mqtt://127.0.0.1:1883', { transport });
 * await client.publish('greeting', 'hello', { qos: 1 });
 * ```
 * Messages of a session that the server held begin to flow once the code that awaited this has run
 * to its next `await`: subscribe at once, or use {@link createClient}.
 * @throws MqttError when the server cannot be reached or refuses, or the call ended early
 * @throws TypeError, RangeError for options that make no sense
 */
export async function connect(
  url: string | URL,
  options: ClientOptions & TransportOptions & CallOptions,
): Promise<Client> {
  const { signal, timeoutMs, ...rest } = options;
  const client = createClient(url, rest);
  try {
    await client.ready({ signal, timeoutMs });
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}

/**
 * Starts connecting and returns the client at once: what is published and subscribed meanwhile
 * waits for the connection. A failure shows in `closed` and in every pending call.
 * @throws TypeError, RangeError for options that make no sense
 */
export function createClient(url: string | URL, options: ClientOptions & TransportOptions): Client {
  return new SessionClient(new URL(url), options);
}
