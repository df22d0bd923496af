/** A broker somewhere on the network, by its address. */
import { systemClock } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import { checkServerUrl, connectUrl, type TlsClientOptions } from '@godwit/transport/node';
import { RawWebSocket } from './raw-web-socket.ts';
import type { Target } from './target.ts';

/** How to trust a server that speaks TLS. */
export interface TargetTls extends Pick<TlsClientOptions, 'rejectUnauthorized'> {
  /** As of `TlsClientOptions`. */
  readonly ca?: string;
}

const timeoutMs = 5_000;

/**
 * @param url `mqtt://host:port`, `mqtts://host:port`, `ws://host:port/path`, `wss://…` or
 *   `unix:/path`; the port is 1883, 8883, 80 or 443 when it is left out
 * @throws TypeError for anything else
 */
export function urlTarget(url: string, tls: TargetTls = {}): Target {
  const parsed = new URL(url);
  checkServerUrl(parsed);
  const open = (): Promise<ByteStream> => connectUrl(parsed, { tls, timeoutMs });
  const isWebSocket = /^wss?:$/.test(parsed.protocol);
  return {
    clock: systemClock,
    open,
    ...(isWebSocket && {
      openWebSocket: (subprotocols: readonly string[]) => RawWebSocket.open(url, subprotocols, tls),
    }),
  };
}
