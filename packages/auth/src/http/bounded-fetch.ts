/** Asks over HTTP with bounds: so long, so many bytes, no redirects. Nothing is tried again. */
import type { Clock } from '@godwit/runtime';

export interface FetchBounds {
  /** Milliseconds until the whole answer is there. */
  readonly timeoutMs: number;
  /** Bytes of the answer's body. */
  readonly bytesMax: number;
  readonly clock: Clock;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** @throws Error when there is no answer within the bounds */
export async function boundedFetch(
  url: string,
  init: RequestInit,
  { timeoutMs, bytesMax, clock }: FetchBounds,
): Promise<Answer> {
  const controller = new AbortController();
  const timer = clock.after(timeoutMs, () => {
    controller.abort(new Error(`no answer within ${timeoutMs} ms`));
  });
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: controller.signal });
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > bytesMax) throw new Error(`the answer has more than ${bytesMax} bytes`);
      chunks.push(chunk);
    }
    return { status: response.status, text: Buffer.concat(chunks).toString() };
  } catch (error) {
    controller.abort();
    throw explained(error);
  } finally {
    timer.cancel();
  }
}

/** Fetch tells the reason only in the cause. */
function explained(error: unknown): Error {
  const cause = error instanceof TypeError ? error.cause : undefined;
  if (cause instanceof Error) return new Error(`cannot be asked: ${cause.message}`, { cause });
  return error instanceof Error ? error : new Error(String(error));
}
