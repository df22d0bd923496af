/** Which server, and how its connections are made. */
import type { ProtocolVersion } from '@godwit/protocol';
import type { TlsClientOptions } from '@godwit/transport/node';

export interface ServerSettings {
  /** As `connectUrl` takes it. */
  readonly url: string;
  readonly tls?: TlsClientOptions;
  /** As `connectTcp` takes it. */
  readonly proxy?: string;
  readonly version: ProtocolVersion;
  readonly username?: string;
  readonly password?: string;
  /** 0 to 65,535; 0 sends no pings unless the server asks for them. */
  readonly keepAliveSeconds: number;
  /** How long sessions outlive connections; 0: they do not. Before 5.0 any other is for ever. */
  readonly sessionExpirySeconds: number;
  /** Until a connection has been accepted, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Connections in the making at a time. */
  readonly concurrency: number;
}

/** Connections from one source address; the system has some 28,000 ports for each. */
const connectionsPerAddress = 10_000;
const addressesMax = 200;

/**
 * Source address of connection `number`: on loopback they are spread over 127.0.0.1, 127.0.0.2 and
 * so on, as one address has not enough ports for very many.
 *
 * @param each how many connections in a row share an address
 */
export function sourceAddress(
  { url, proxy }: ServerSettings,
  number: number,
  each: number = connectionsPerAddress,
): string | undefined {
  if (proxy !== undefined || !/^mqtt:\/\/127\.\d+\.\d+\.\d+(:|$)/.test(url)) return undefined;
  return `127.0.0.${1 + (Math.floor(number / each) % addressesMax)}`;
}
