/** The transport that every platform has: its own WebSocket. */
import { connectStandardWebSocket } from '@godwit/transport';
import type { Transport } from './options.ts';

/**
 * Opens `ws://host:port/path`, or `wss:`; credentials in the URL are for MQTT, and left out of it.
 */
export const webSocketTransport: Transport = (url, { signal }) => {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  plain.hash = '';
  return connectStandardWebSocket({ url: plain.href, signal });
};

/** @throws TypeError for a URL of anything else */
export function requireWebSocket({ protocol }: URL): void {
  if (protocol === 'ws:' || protocol === 'wss:') return;
  throw new TypeError(
    'the URL is not of the form ws://host/path or wss://host/path; ' +
      "'@godwit/client/node' knows others, and so may the option transport",
  );
}
