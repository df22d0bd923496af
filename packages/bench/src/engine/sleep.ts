/** Waiting that can be cut short. */
import type { Clock } from '@godwit/runtime';

/** Resolves after `delayMs`, or at once when `signal` is, or becomes, aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const wake = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = clock.after(delayMs, wake);
    signal?.addEventListener('abort', wake);
  });
}
