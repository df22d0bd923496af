/** A message on its way to one session, once it has to wait or may have to be sent again. */
import type { Metrics } from '../metrics.ts';
import type { Message } from '../routing/message.ts';

export class Delivery {
  /** With bytes of its own. */
  readonly message: Message;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  /** Encoded Subscription Identifier properties, or null. */
  readonly identifiers: Uint8Array | null;
  /** The shared filter it came by, `$share/` and all: other members may get it. Null for none. */
  readonly share: string | null;

  constructor(
    message: Message,
    qos: 1 | 2,
    retain: boolean,
    identifiers: Uint8Array | null,
    share: string | null = null,
  ) {
    this.message = message.kept();
    this.qos = qos;
    this.retain = retain;
    this.identifiers = identifiers;
    this.share = share;
  }
}

/** What waits in memory in all queues together; a message in several of them counts once. */
export class QueueTotal {
  readonly #metrics: Metrics;
  readonly #messagesMax: number;
  readonly #bytesMax: number;

  constructor(metrics: Metrics, messagesMax: number, bytesMax: number) {
    this.#metrics = metrics;
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
  }

  /** Whether one more message may wait. */
  hasRoomFor(size: number): boolean {
    const { queuedMessages, queuedBytes } = this.#metrics;
    return queuedMessages < this.#messagesMax && queuedBytes + size <= this.#bytesMax;
  }

  add(message: Message): void {
    this.#metrics.queuedMessages += 1;
    if (message.holders === 0) this.#metrics.queuedBytes += message.size;
    message.holders += 1;
  }

  remove(message: Message): void {
    this.#metrics.queuedMessages -= 1;
    message.holders -= 1;
    if (message.holders === 0) this.#metrics.queuedBytes -= message.size;
  }
}

/** First in, first out; grows by doubling and knows the bytes of what waits. */
export class DeliveryQueue {
  /** Sum of the messages' sizes, each counted in full though they may be shared. */
  bytes: number;
  readonly #total: QueueTotal;
  #ring: (Delivery | undefined)[];
  #head: number;
  #length: number;

  constructor(total: QueueTotal) {
    this.bytes = 0;
    this.#total = total;
    this.#ring = [];
    this.#head = 0;
    this.#length = 0;
  }

  get length(): number {
    return this.#length;
  }

  push(delivery: Delivery): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = delivery;
    this.#length += 1;
    this.bytes += delivery.message.size;
    this.#total.add(delivery.message);
  }

  /** The oldest ones, at most `count`, which stay. */
  first(count: number): Delivery[] {
    const { length } = this;
    return Array.from(
      { length: Math.min(count, length) },
      (_, i) => this.#ring[(this.#head + i) & (this.#ring.length - 1)]!,
    );
  }

  /** The oldest, which stays. */
  peek(): Delivery | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  shift(): Delivery | undefined {
    if (this.#length === 0) return undefined;
    const delivery = this.#ring[this.#head]!;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length -= 1;
    this.bytes -= delivery.message.size;
    this.#total.remove(delivery.message);
    if (this.#length === 0 && this.#ring.length > 64) this.#ring = [];
    if (this.#ring.length === 0) this.#head = 0;
    return delivery;
  }

  /** Gives up the oldest. @returns false when there is none */
  dropOldest(): boolean {
    return this.shift() !== undefined;
  }

  clear(): void {
    while (this.dropOldest());
    this.bytes = 0;
    this.#ring = [];
    this.#head = 0;
    this.#length = 0;
  }

  #grow(): void {
    const grown = new Array<Delivery | undefined>(Math.max(8, this.#ring.length * 2));
    for (let i = 0; i < this.#length; i += 1) {
      grown[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)];
    }
    this.#ring = grown;
    this.#head = 0;
  }
}
