/**
 * What has been received for one subscription and nobody has asked for yet. Messages of QoS 1 and
 * 2 are bounded by the window that the server keeps to, and those of sessions that the server lost
 * by `trim`; those of QoS 0 are bounded here, and dropped beyond that.
 */
import { ReasonCode } from '@godwit/protocol';
import type { MqttError } from './errors.ts';
import type { Message } from './message.ts';

export interface InboxLimits {
  /** Messages of QoS 0. */
  messagesMax: number;
  /** Payload bytes of QoS 0. */
  bytesMax: number;
}

interface Waiter {
  reader: object;
  resolve(result: IteratorResult<Message, undefined>): void;
  reject(error: MqttError): void;
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** A queue of messages, read by any number of readers; each message goes to one of them. */
export class Inbox {
  /** Messages that there was no room for. */
  dropped: number;
  readonly #limits: InboxLimits;
  #messages: Message[];
  #head: number;
  #qos0Messages: number;
  #qos0Bytes: number;
  #waiters: Waiter[];
  #ended: boolean;
  #isReleased: boolean;
  #error: MqttError | undefined;

  constructor(limits: InboxLimits) {
    this.dropped = 0;
    this.#limits = limits;
    this.#messages = [];
    this.#head = 0;
    this.#qos0Messages = 0;
    this.#qos0Bytes = 0;
    this.#waiters = [];
    this.#ended = false;
    this.#isReleased = false;
    this.#error = undefined;
  }

  /** Takes a message in, unless it is of QoS 0 and there is no room, or nobody will read it. */
  push(message: Message): boolean {
    if (this.#isReleased) {
      message.nack(ReasonCode.implementationSpecificError);
      return true;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: message });
      return true;
    }
    if (message.qos === 0) {
      if (
        this.#qos0Messages >= this.#limits.messagesMax ||
        this.#qos0Bytes + message.payload.length > this.#limits.bytesMax
      ) {
        this.dropped += 1;
        return false;
      }
    }
    this.#count(message, 1);
    this.#messages.push(message);
    return true;
  }

  /** Puts back what was read and awaits its answer still; it comes first again. */
  putBack(messages: readonly Message[]): void {
    const kept = messages.filter(message => !message.answered);
    if (kept.length === 0) return;
    if (this.#isReleased) {
      refuse(kept);
      return;
    }
    this.#messages = [...kept, ...this.#messages.slice(this.#head)];
    this.#head = 0;
    while (this.#waiters.length > 0 && this.#head < this.#messages.length) {
      this.#waiters.shift()?.resolve({ done: false, value: this.#take() });
    }
  }

  /** The next message; rejects with the error that ended the inbox, once it is empty. */
  next(reader: object): Promise<IteratorResult<Message, undefined>> {
    if (this.#head < this.#messages.length) {
      return Promise.resolve({ done: false, value: this.#take() });
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve, reject) => this.#waiters.push({ reader, resolve, reject }));
  }

  /** `reader` will read no more: its pending `next` calls are done. */
  cancel(reader: object): void {
    const [mine, others] = [[] as Waiter[], [] as Waiter[]];
    for (const waiter of this.#waiters) (waiter.reader === reader ? mine : others).push(waiter);
    this.#waiters = others;
    for (const waiter of mine) waiter.resolve(done);
  }

  /**
   * The server has lost the session, and sends as many messages again as its window holds. Of what
   * is here of QoS 1 and 2 the newest `messagesMax` stay. @returns how many were dropped
   */
  trim(messagesMax: number): number {
    const unread = this.#messages.slice(this.#head);
    let excess = unread.filter(({ qos }) => qos > 0).length - messagesMax;
    if (excess <= 0) return 0;
    const dropped = excess;
    this.#messages = unread.filter(message => {
      if (message.qos === 0 || excess === 0) return true;
      excess -= 1;
      // the server that sent it does not know of it any more
      message.ack();
      return false;
    });
    this.#head = 0;
    this.dropped += dropped;
    return dropped;
  }

  /** No more will come. What is there can still be read, and then the error, if there is one. */
  end(error?: MqttError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (error === undefined) waiter.resolve(done);
      else waiter.reject(error);
    }
  }

  /** Nobody will read any more: what is here, and what still comes, is refused. */
  release(): void {
    this.#isReleased = true;
    this.end();
    const unread = this.#messages.slice(this.#head);
    this.#messages = [];
    this.#head = 0;
    this.#qos0Messages = 0;
    this.#qos0Bytes = 0;
    refuse(unread);
  }

  #count({ qos, payload }: Message, sign: 1 | -1): void {
    if (qos !== 0) return;
    this.#qos0Messages += sign;
    this.#qos0Bytes += sign * payload.length;
  }

  #take(): Message {
    const message = this.#messages[this.#head];
    this.#head += 1;
    this.#count(message, -1);
    if (this.#head === this.#messages.length) {
      this.#messages.length = 0;
      this.#head = 0;
    } else if (this.#head >= 1024 && this.#head * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }
}

/** The server is done with them; it need not know more than that they were not used. */
function refuse(messages: readonly Message[]): void {
  for (const message of messages) message.nack(ReasonCode.implementationSpecificError);
}
