/** A broker somewhere on the network, by its address. */
import { systemClock } from '@godwit/runtime';
import type { ByteStream } from '@godwit/transport';
import {
  connectTcp,
  connectTls,
  connectWebSocket,
  type TlsClientOptions,
} from '@godwit/transport/node';
import { RawWebSocket } from './raw-web-socket.ts';
import type { Target } from './target.ts';

/** How to trust a server that speaks TLS. */
export type TargetTls = Pick<TlsClientOptions, 'ca' | 'rejectUnauthorized'>;

const timeoutMs = 5_000;
const defaultPorts: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };

/**
 * @param url `mqtt://host:port`, `mqtts://host:port`, `ws://host:port/path` or `wss://…`; the
 *   port is 1883, 8883, 80 or 443 when it is left out
 * @throws RangeError for anything else
 */
export function urlTarget(url: string, tls: TargetTls = {}): Target {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || parsed.hostname === '') throw noAddress(url);
  const { protocol } = parsed;
  if (protocol === 'ws:' || protocol === 'wss:') {
    return {
      clock: systemClock,
      open: () => connectWebSocket({ url, tls, timeoutMs }),
      openWebSocket: subprotocols => RawWebSocket.open(url, subprotocols, tls),
    };
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = parsed.port === '' ? defaultPorts[protocol] : Number(parsed.port);
  const open = (): Promise<ByteStream> =>
    protocol === 'mqtts:'
      ? connectTls({ host, port, tls, timeoutMs })
      : connectTcp({ host, port, timeoutMs });
  if (!(protocol in defaultPorts)) throw noAddress(url);
  return { clock: systemClock, open };
}

function noAddress(url: string): RangeError {
  return new RangeError(`'${url}' is no address: expected mqtt, mqtts, ws or wss://host:port`);
}
