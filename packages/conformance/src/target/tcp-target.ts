/** A broker somewhere on the network. */
import { systemClock } from '@godwit/runtime';
import { connectTcp } from '@godwit/transport/node';
import type { Target } from './target.ts';

const connectTimeoutMs = 5_000;
const defaultPort = 1883;

/**
 * @param url `mqtt://host:port`; the port is 1883 when it is left out
 * @throws RangeError for anything else
 */
export function tcpTarget(url: string): Target {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || parsed.protocol !== 'mqtt:' || parsed.hostname === '') {
    throw new RangeError(`'${url}' is no address: expected mqtt://host:port`);
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  const port = parsed.port === '' ? defaultPort : Number(parsed.port);
  return {
    clock: systemClock,
    open: () => connectTcp({ host, port, timeoutMs: connectTimeoutMs }),
  };
}
