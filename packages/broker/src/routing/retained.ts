/** The retained messages: at most one per topic, found by filter, bounded in number and bytes. */
import { TopicTree } from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import type { Limits } from '../limits.ts';
import type { Metrics } from '../metrics.ts';
import type { Message } from './message.ts';

export class Retained {
  readonly #messages: TopicTree<Message>;
  readonly #limits: Limits;
  readonly #metrics: Metrics;

  /** @param hashSeed random, so that no client can choose topics that collide */
  constructor(limits: Limits, metrics: Metrics, hashSeed: number) {
    this.#messages = new TopicTree<Message>(hashSeed);
    this.#limits = limits;
    this.#metrics = metrics;
  }

  /** Whether the bounds allow {@link put} of `message`; counts when they do not. */
  admits(message: Message): boolean {
    if (message.payloadSize === 0) return true;
    const { retainedMessages, retainedBytes } = this.#metrics;
    const before = this.#messages.get(message.topic);
    const count = retainedMessages + (before === undefined ? 1 : 0);
    const bytes = retainedBytes + message.size - (before?.size ?? 0);
    const isWithin =
      count <= this.#limits.retainedMessagesMax && bytes <= this.#limits.retainedBytesMax;
    if (!isWithin) this.#metrics.retainedRefused += 1;
    return isWithin;
  }

  /**
   * Stores `message`, replacing what its topic had; an empty payload only removes that.
   * [MQTT-3.3.1-5] [MQTT-3.3.1-6] [MQTT-3.3.1-7]
   * @returns false when a bound does not allow it; what the topic had is then left
   */
  put(message: Message): boolean {
    if (!this.admits(message)) return false;
    this.#remove(message.topic);
    if (message.payloadSize === 0) return true;
    this.#messages.set(message.topic, message.kept());
    this.#metrics.retainedMessages += 1;
    this.#metrics.retainedBytes += message.size;
    return true;
  }

  /** The message of a topic. */
  get(topic: string): Message | undefined {
    return this.#messages.get(topic);
  }

  /**
   * The messages of all topics that `filter` (without `$share`) matches, found as they are asked
   * for; expired ones are removed instead. [MQTT-3.3.2-5] A walk not run to its end is to be closed.
   */
  *match(filter: string, clock: Clock): Generator<Message, void, undefined> {
    for (const message of this.#messages.match(filter)) {
      if (message.isExpired(clock.wallMs())) {
        this.#remove(message.topic);
        this.#metrics.messagesDroppedExpired += 1;
      } else yield message;
    }
  }

  #remove(topic: string): void {
    const removed = this.#messages.delete(topic);
    if (removed === undefined) return;
    this.#metrics.retainedMessages -= 1;
    this.#metrics.retainedBytes -= removed.size;
  }
}
