/** The attempt to connect, whatever the transport: its deadline, and giving it up. */
import { type Clock, systemClock } from '@godwit/runtime';

/** Options of every attempt. */
export interface AttemptOptions {
  /** Until connected, in milliseconds, looking up the name included; no bound by default. */
  readonly timeoutMs?: number;
  /** Gives up the attempt; has no effect once connected. */
  readonly signal?: AbortSignal;
  /** For `timeoutMs`; the system's by default. */
  readonly clock?: Clock;
}

/** How an attempt ends; what comes after the first call has no effect. */
interface Outcome<T> {
  readonly succeed: (result: T) => void;
  readonly fail: (error: Error) => void;
}

/**
 * Makes one attempt.
 *
 * @param start begins it and returns how to abandon it, which happens when it has failed
 * @throws Error what `fail` was given, `ETIMEDOUT` after `timeoutMs`, or `ABORT_ERR`, with the
 *   signal's reason as its `cause`
 */
export function attempt<T>(
  { timeoutMs, signal, clock = systemClock }: AttemptOptions,
  start: (outcome: Outcome<T>) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let abandon = (): void => {};
    const end = (): boolean => {
      const isFirst = !isOver;
      isOver = true;
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
      return isFirst;
    };
    const fail = (error: Error): void => {
      if (!end()) return;
      abandon();
      reject(error);
    };
    const abort = (): void => fail(attemptError('ABORT_ERR', 'was given up', signal?.reason));
    const timer =
      timeoutMs === undefined
        ? undefined
        : clock.after(timeoutMs, () =>
            fail(attemptError('ETIMEDOUT', `took more than ${timeoutMs} ms`)),
          );
    const succeed = (result: T): void => {
      if (end()) resolve(result);
    };
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    else abandon = start({ succeed, fail });
  });
}

function attemptError(code: string, what: string, cause?: unknown): Error {
  return Object.assign(new Error(`connecting ${what}`, { cause }), { code });
}
