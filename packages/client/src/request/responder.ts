/** Answers requests: what a function returns goes to the Response Topic of each. */
import type { Client } from '../client.ts';
import type { Message } from '../message.ts';
import type { Awaitable, SubscribeInit } from '../options.ts';
import type { Subscription } from '../subscription.ts';
import { failureProperties, ResponseError } from './request-error.ts';

export interface RespondInit extends Omit<SubscribeInit, 'ack'> {
  /** Requests handled at the same time. Default: 1. */
  concurrency?: number;
  /** Hears what the function threw, or why its answer could not be published. */
  onError?(error: unknown, request: Message): void;
}

export type RespondFunction = (request: Message) => Awaitable<Uint8Array | string>;

/** Answers until it is disposed of, which unsubscribes, or the client gives up. */
export class Responder implements AsyncDisposable {
  /** Resolves when no more requests come: with the error that ended it, if one did. */
  readonly closed: Promise<unknown>;
  /** Requests answered with what the function returned. */
  answered: number;
  /** Requests that the function failed for, and answers that could not be published. */
  failed: number;
  /** Messages that named no Response Topic; the function did not see them. */
  ignored: number;
  readonly #client: Client;
  readonly #subscription: Subscription;
  readonly #answer: RespondFunction;
  readonly #onError: RespondInit['onError'];

  constructor(
    client: Client,
    subscription: Subscription,
    answer: RespondFunction,
    { concurrency, onError }: RespondInit,
  ) {
    this.answered = 0;
    this.failed = 0;
    this.ignored = 0;
    this.#client = client;
    this.#subscription = subscription;
    this.#answer = answer;
    this.#onError = onError;
    this.closed = subscription
      .each(request => this.#onRequest(request), { concurrency })
      .catch(error => error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#subscription[Symbol.asyncDispose]();
  }

  async #onRequest(request: Message): Promise<void> {
    const { responseTopic, correlationData, qos, expiryMs } = request;
    if (responseTopic === undefined) {
      this.ignored += 1;
      return;
    }
    let payload: Uint8Array | string;
    let thrown: { error: unknown } | undefined;
    try {
      payload = await this.#answer(request);
    } catch (error) {
      thrown = { error };
      // what else went wrong is nobody else's business
      payload = error instanceof ResponseError ? error.message : 'the responder failed';
    }
    const userProperties = thrown === undefined ? undefined : failureProperties;
    try {
      const init = { qos, correlationData, expiryMs, userProperties };
      await this.#client.publish(responseTopic, payload, init);
    } catch (error) {
      thrown ??= { error };
    }
    if (thrown === undefined) this.answered += 1;
    else {
      this.failed += 1;
      this.#onError?.(thrown.error, request);
    }
  }
}
