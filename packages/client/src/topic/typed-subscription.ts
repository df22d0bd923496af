/** The messages of a typed topic: decoded and checked, and without those that are not valid. */
import type { QoS } from '@godwit/protocol';
import type { Message } from '../message.ts';
import type { Awaitable, CallOptions, EachOptions } from '../options.ts';
import { readable } from '../readable.ts';
import type { Subscription } from '../subscription.ts';
import { InvalidPayloadError } from './invalid-payload-error.ts';

/** As {@link Subscription}, which it wraps; M is a typed message. */
export class TypedSubscription<M> implements AsyncIterable<M>, AsyncDisposable {
  /** Messages that were not delivered because their payload is not valid. */
  invalid: number;
  readonly #subscription: Subscription;
  readonly #read: (message: Message) => Promise<M>;
  readonly #refuse: (error: InvalidPayloadError, message: Message) => void;

  constructor(
    subscription: Subscription,
    read: (message: Message) => Promise<M>,
    refuse: (error: InvalidPayloadError, message: Message) => void,
  ) {
    this.invalid = 0;
    this.#subscription = subscription;
    this.#read = read;
    this.#refuse = refuse;
  }

  get granted(): ReadonlyMap<string, QoS> {
    return this.#subscription.granted;
  }

  get dropped(): number {
    return this.#subscription.dropped;
  }

  /** As `Subscription.each`; `keyBy` and `onError` are given the message as it came. */
  each(handle: (typed: M) => Awaitable<void>, options?: EachOptions<Message>): Promise<void> {
    return this.#subscription.each(async message => {
      const typed = await this.#typed(message);
      if (typed !== undefined) await handle(typed);
    }, options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<M, undefined> {
    return new TypedIterator(this.#subscription[Symbol.asyncIterator](), message =>
      this.#typed(message),
    );
  }

  /** As `Subscription.toReadable`. */
  toReadable(): ReadableStream<M> {
    return readable(this[Symbol.asyncIterator]());
  }

  /** As `Subscription.unsubscribe`. */
  unsubscribe(options?: CallOptions): Promise<void> {
    return this.#subscription.unsubscribe(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#subscription[Symbol.asyncDispose]();
  }

  /** Undefined when the payload is not valid; then it has been answered. */
  async #typed(message: Message): Promise<M | undefined> {
    try {
      return await this.#read(message);
    } catch (error) {
      if (!(error instanceof InvalidPayloadError)) throw error;
      this.invalid += 1;
      this.#refuse(error, message);
      return undefined;
    }
  }
}

class TypedIterator<M> implements AsyncIterableIterator<M, undefined> {
  readonly #messages: AsyncIterableIterator<Message, undefined>;
  readonly #typed: (message: Message) => Promise<M | undefined>;

  constructor(
    messages: AsyncIterableIterator<Message, undefined>,
    typed: (message: Message) => Promise<M | undefined>,
  ) {
    this.#messages = messages;
    this.#typed = typed;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<M, undefined>> {
    for (;;) {
      const { done, value: message } = await this.#messages.next();
      if (done) return { done, value: undefined };
      const value = await this.#typed(message);
      if (value !== undefined) return { done: false, value };
    }
  }

  async return(): Promise<IteratorResult<M, undefined>> {
    await this.#messages.return?.();
    return { done: true, value: undefined };
  }
}
