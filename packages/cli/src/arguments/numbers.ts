/** Readers of option values that are numbers; what they refuse is told with what was expected. */

import type { QoS } from '@godwit/protocol';
import { InvalidArgumentError } from 'commander';

/** A reader of integers from `min` to `max`, both at most 2^53-1. */
export function integer(min: number, max: number): (text: string) => number {
  return text => {
    const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const range = `${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
    throw new InvalidArgumentError(`Expected an integer from ${range}.`);
  };
}

export function qos(text: string): QoS {
  return integer(0, 2)(text) as QoS;
}

/** Seconds with a fraction, as milliseconds. */
export function secondsToMs(text: string): number {
  const ms = /^\d{1,7}(\.\d+)?$/.test(text) ? Math.ceil(Number(text) * 1000) : Number.NaN;
  if (ms >= 0 && ms <= timerMsMax) return ms;
  throw new InvalidArgumentError('Expected a number of seconds from 0 to 2,147,483.');
}

/** Longest time a timer can be set to. */
const timerMsMax = 2 ** 31 - 1;

/** Seconds a session lives on; `-1`, `∞` and 4294967295 are for ever. */
export function sessionExpiryMs(text: string): number | 'never' {
  const seconds = text === '∞' ? -1 : integer(-1, foreverSeconds)(text);
  return seconds === -1 || seconds === foreverSeconds ? 'never' : seconds * 1000;
}

const foreverSeconds = 0xffff_ffff;
