/** A granted subscription: its messages, in order, and its end. */
import type { QoS } from '@godwit/protocol';
import { each } from './each.ts';
import type { Inbox } from './inbox.ts';
import type { Message } from './message.ts';
import type { Awaitable, CallOptions, EachOptions } from './options.ts';
import { readable } from './readable.ts';

export interface SubscriptionInit {
  granted: ReadonlyMap<string, QoS>;
  refused: ReadonlyMap<string, number>;
  manual: boolean;
  inbox: Inbox;
  unsubscribe(options: CallOptions): Promise<void>;
  /** Settled as long as there is no connection. */
  offline(): Promise<void>;
}

/**
 * The messages of one `subscribe`, to be iterated or handed to {@link Subscription.each}.
 *
 * ```ts
 * for await (const message of subscription) console.log(message.topic, message.text());
 * ```
 * Asking for the next message acknowledges the one before. Leaving the loop neither unsubscribes
 * nor acknowledges: the message at hand comes again in the next loop, unless it was answered.
 * Iteration ends after `unsubscribe` or the client's `close`. It goes on over connections; when the
 * client gives up, or the server refuses to renew the subscription, it throws that error, after the
 * messages that had come.
 */
export class Subscription implements AsyncIterable<Message>, AsyncDisposable {
  /** The filters that the server grants, as they were given, with their QoS. */
  readonly granted: ReadonlyMap<string, QoS>;
  /** The filters that the server refused, now or when renewing, with the reason code of each. */
  readonly refused: ReadonlyMap<string, number>;
  readonly #inbox: Inbox;
  readonly #manual: boolean;
  readonly #unsubscribe: (options: CallOptions) => Promise<void>;
  readonly #offline: () => Promise<void>;

  constructor(init: SubscriptionInit) {
    this.granted = init.granted;
    this.refused = init.refused;
    this.#inbox = init.inbox;
    this.#manual = init.manual;
    this.#unsubscribe = init.unsubscribe;
    this.#offline = init.offline;
  }

  /**
   * Messages that were not read in time: of QoS 0, beyond the bounds of the subscription; of QoS 1
   * and 2, beyond `receiveMaximum` when the server had lost the session.
   */
  get dropped(): number {
    return this.#inbox.dropped;
  }

  /**
   * Calls `handle` for each message, one at a time or `concurrency` of them, and acknowledges it
   * when the call has returned. Resolves when the subscription has ended.
   * @throws what `handle` threw, unless `onError` decides otherwise; the message comes again
   * @throws MqttError when the client gave up, or the subscription was lost
   */
  each(
    handle: (message: Message) => Awaitable<void>,
    options: EachOptions<Message> = {},
  ): Promise<void> {
    return each(this.#inbox, handle, options, this.#manual);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined> {
    return new MessageIterator(this.#inbox, this.#manual);
  }

  /**
   * The messages as a web stream. A read asks for the next message, as a loop would, and so
   * acknowledges the one before; cancelling the stream leaves, and does not unsubscribe.
   */
  toReadable(): ReadableStream<Message> {
    return readable(this[Symbol.asyncIterator]());
  }

  /**
   * Ends the subscription; messages that nobody read are given back as not accepted (0x83). Any
   * further call does nothing.
   * @throws MqttError when the call ended early; the subscription has ended here all the same
   */
  unsubscribe(options: CallOptions = {}): Promise<void> {
    return this.#unsubscribe(options);
  }

  /** As `unsubscribe`, but waits for no new connection to tell the server: that happens later. */
  async [Symbol.asyncDispose](): Promise<void> {
    const left = this.#unsubscribe({}).catch(() => {});
    await Promise.race([left, this.#offline()]);
  }
}

class MessageIterator implements AsyncIterableIterator<Message, undefined> {
  readonly #inbox: Inbox;
  readonly #manual: boolean;
  #current: Message | undefined;
  #left: boolean;

  constructor(inbox: Inbox, manual: boolean) {
    this.#inbox = inbox;
    this.#manual = manual;
    this.#current = undefined;
    this.#left = false;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Message, undefined>> {
    if (this.#left) return { done: true, value: undefined };
    if (!this.#manual) this.#current?.ack();
    this.#current = undefined;
    const result = await this.#inbox.next(this);
    this.#current = result.value;
    return result;
  }

  async return(): Promise<IteratorResult<Message, undefined>> {
    this.#left = true;
    this.#inbox.cancel(this);
    if (this.#current !== undefined && !this.#manual) this.#inbox.putBack([this.#current]);
    this.#current = undefined;
    return { done: true, value: undefined };
  }
}
