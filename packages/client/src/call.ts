/** Lets a call end early: when its signal is aborted or its time is up. */
import type { Clock } from '@godwit/runtime';
import { ErrorCode, MqttError } from './errors.ts';
import type { CallOptions } from './options.ts';

const timeoutMsMax = 2 ** 31 - 1;

/** Settles the call; only the first time counts. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * Begins something, and waits for it no longer than `options` allow.
 *
 * @param begin starts it, unless it is too late already; what it throws rejects the call
 * @param giveUp undoes it and names the error to reject with
 * @throws RangeError when `timeoutMs` is out of range
 */
export function call<T>(
  clock: Clock,
  { signal, timeoutMs }: CallOptions,
  begin: (settle: Settle<T>) => void,
  giveUp: (error: MqttError) => unknown = error => error,
): Promise<T> {
  if (timeoutMs !== undefined) requireTimeout('timeoutMs', timeoutMs);
  if (signal?.aborted) return Promise.reject(giveUp(aborted(signal)));
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      stop();
      reject(giveUp(aborted(signal!)));
    };
    const timer =
      timeoutMs === undefined
        ? undefined
        : clock.after(timeoutMs, () => {
            stop();
            const message = `not done within ${timeoutMs} ms`;
            reject(giveUp(new MqttError(ErrorCode.timeout, message)));
          });
    const stop = (): void => {
      signal?.removeEventListener('abort', onAbort);
      timer?.cancel();
    };
    signal?.addEventListener('abort', onAbort);
    const settle: Settle<T> = {
      resolve: value => {
        stop();
        resolve(value);
      },
      reject: error => {
        stop();
        reject(error);
      },
    };
    try {
      begin(settle);
    } catch (error) {
      settle.reject(error);
    }
  });
}

/** @throws RangeError unless it is a delay that a timer can wait */
export function requireTimeout(name: string, valueMs: number): void {
  if (!(valueMs >= 1 && valueMs <= timeoutMsMax)) {
    throw new RangeError(`${name} is ${valueMs}; expected 1 to ${timeoutMsMax}`);
  }
}

function aborted(signal: AbortSignal): MqttError {
  return new MqttError(ErrorCode.aborted, 'the call was aborted', { cause: signal.reason });
}
