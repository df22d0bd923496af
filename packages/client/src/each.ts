/** Handles every message of an inbox with one function, several at a time if wanted. */
import { ReasonCode } from '@godwit/protocol';
import type { Inbox } from './inbox.ts';
import type { Message } from './message.ts';
import type { Awaitable, EachOptions } from './options.ts';

const concurrencyMax = 65_535;

/**
 * Calls `handle` for each message and acknowledges it, unless `manual`, when that has returned.
 * Resolves when the inbox has ended.
 * @throws what `handle` threw, when that stops it; what could not be handled goes back
 */
export async function each(
  inbox: Inbox,
  handle: (message: Message) => Awaitable<void>,
  options: EachOptions<Message>,
  manual: boolean,
): Promise<void> {
  const { concurrency = 1, keyBy, onError } = options;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > concurrencyMax) {
    throw new RangeError(`concurrency is ${concurrency}; expected 1 to ${concurrencyMax}`);
  }
  const reader = {};
  const left: { order: number; message: Message }[] = [];
  const tails = new Map<unknown, Promise<void>>();
  let taken = 0;
  let failure: { error: unknown } | undefined;

  const stop = (error: unknown): void => {
    failure ??= { error };
    inbox.cancel(reader);
  };
  const run = async (message: Message, order: number): Promise<void> => {
    if (failure !== undefined) {
      left.push({ order, message });
      return;
    }
    try {
      await handle(message);
      if (!manual) message.ack();
    } catch (error) {
      const verdict = onError?.(error, message) ?? 'stop';
      if (verdict === 'ack') message.ack();
      else if (verdict === 'nack') message.nack(ReasonCode.unspecifiedError);
      else {
        left.push({ order, message });
        stop(error);
      }
    }
  };
  const runInTurn = async (message: Message, order: number): Promise<void> => {
    const key = keyBy?.(message);
    const turn = (tails.get(key) ?? Promise.resolve()).then(() => run(message, order));
    tails.set(key, turn);
    await turn;
    if (tails.get(key) === turn) tails.delete(key);
  };
  const work = async (): Promise<void> => {
    while (failure === undefined) {
      const { done, value: message } = await inbox.next(reader);
      if (done) return;
      taken += 1;
      await (keyBy === undefined ? run(message, taken) : runInTurn(message, taken));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, () => work().catch(stop)));
  if (failure === undefined) return;
  left.sort((a, b) => a.order - b.order);
  if (!manual) inbox.putBack(left.map(entry => entry.message));
  throw failure.error;
}
