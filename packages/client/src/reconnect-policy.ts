/** The reconnect options, checked and complete. */
import type { BackoffOptions } from './engine/backoff.ts';
import { limits } from './limits.ts';
import type { ClientOptions, ReconnectOptions } from './options.ts';

export interface ReconnectPolicy extends BackoffOptions {
  resetAfterMs: number;
  followServerReference: boolean;
  retry: ReconnectOptions['retry'];
}

const delayMsMax = 2 ** 31 - 1;

/**
 * @returns null when nothing is to be reconnected
 * @throws RangeError for options that make no sense
 */
export function reconnectPolicy({ reconnect = {} }: ClientOptions): ReconnectPolicy | null {
  if (reconnect === false) return null;
  const { minMs = Math.min(limits.reconnectMinMs, reconnect.maxMs ?? Number.POSITIVE_INFINITY) } =
    reconnect;
  const { maxMs = Math.max(limits.reconnectMaxMs, minMs), jitter = 'full', retry } = reconnect;
  const { resetAfterMs = limits.reconnectResetAfterMs, followServerReference = true } = reconnect;
  inRange('reconnect.minMs', minMs, 1, delayMsMax);
  inRange('reconnect.maxMs', maxMs, minMs, delayMsMax);
  inRange('reconnect.resetAfterMs', resetAfterMs, 0, delayMsMax);
  if (jitter !== 'full' && jitter !== 'decorrelated' && jitter !== 'none') {
    throw new RangeError(`reconnect.jitter is ${jitter}; expected full, decorrelated or none`);
  }
  return { minMs, maxMs, jitter, resetAfterMs, followServerReference, retry };
}

/** A delay that `retry` has named, within what a timer can wait. */
export function retryDelay(ms: number): number {
  return inRange('the delay that reconnect.retry returned', ms, 0, delayMsMax);
}

function inRange(name: string, value: number, min: number, max: number): number {
  if (!(value >= min && value <= max)) {
    throw new RangeError(`${name} is ${value}; expected ${min} to ${max}`);
  }
  return value;
}
