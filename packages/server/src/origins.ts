/** Which pages may connect from a browser. */
import { isLoopback } from './loopback.ts';

/**
 * Pages of this machine, and of the broker's own host and port, always may: the first are trusted
 * as local clients are, the second would come from a server that stands where the broker does.
 *
 * @param listed origins that may besides; `*` is every one
 * @param origin as a browser sends it
 * @param host as the page names the broker, with its port
 */
export function allowsOrigin(listed: readonly string[], origin: string, host: string): boolean {
  if (listed.includes('*') || listed.includes(origin)) return true;
  if (!URL.canParse(origin)) return false;
  const { hostname, host: ownHost } = new URL(origin);
  return isLoopback(hostname.replace(/^\[|\]$/g, '')) || ownHost === host;
}
