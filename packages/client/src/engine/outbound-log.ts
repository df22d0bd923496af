/**
 * Which messages have a place in the session's log, within its bounds, and which wait for one.
 * Those of it that are not sent yet are its queue; when they are is not its concern.
 */
import { ErrorCode, PublishError } from '../errors.ts';
import { OutboundQueue } from './outbound-queue.ts';
import { type Publication, sizeOf } from './publication.ts';

export interface OutboundLimits {
  /** Messages in the log. */
  messagesMax: number;
  /** Bytes of their topics and payloads. */
  bytesMax: number;
  whenFull: 'wait' | 'reject' | 'drop-oldest';
  /** Messages that wait for room in it. */
  waitingMax: number;
  qos0Offline: 'reject' | 'drop' | 'queue';
  /** Messages of QoS 1 and 2 in flight, where the server allows more. */
  inflightMax: number;
  /** Topics with an alias, where the server allows more. */
  topicAliasesMax: number;
}

export interface OutboundLogHandlers {
  /** Messages of the log that are not in its queue. */
  sent(): number;
  /** One that waited has its place now. */
  take(publication: Publication): void;
  /** Settles a queued one to make room. */
  drop(publication: Publication): void;
}

export class OutboundLog {
  /** The log's unsent end. */
  readonly queue: OutboundQueue;
  /** Those that wait for room in the log. */
  readonly waiting: OutboundQueue;
  /** Bytes of topics and payloads of all messages in the log. */
  bytes: number;
  readonly #limits: OutboundLimits;
  readonly #handlers: OutboundLogHandlers;
  #isAdmitting: boolean;

  constructor(limits: OutboundLimits, handlers: OutboundLogHandlers) {
    this.queue = new OutboundQueue('queued');
    this.waiting = new OutboundQueue('waiting');
    this.bytes = 0;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#isAdmitting = false;
  }

  /** Messages in the log, and those that wait for room in it. */
  get size(): number {
    return this.#size + this.waiting.size;
  }

  /**
   * Gives a message its place. @returns false when it has to wait for one
   * @throws PublishError when it cannot
   */
  enter(publication: Publication): boolean {
    const { whenFull, waitingMax } = this.#limits;
    if (whenFull === 'drop-oldest') this.#makeRoom(publication);
    if (this.waiting.size === 0 && this.#hasRoom(publication)) {
      this.bytes += sizeOf(publication);
      return true;
    }
    if (whenFull === 'wait' && this.waiting.size < waitingMax) {
      this.waiting.push(publication);
      return false;
    }
    throw new PublishError(ErrorCode.queueFull, 'the queue of messages is full', 'no');
  }

  /** A message that had its place before the process started. */
  restore(publication: Publication): void {
    this.bytes += sizeOf(publication);
  }

  leave(publication: Publication): void {
    if (publication.state === 'waiting') {
      this.waiting.remove(publication);
      return;
    }
    this.bytes -= sizeOf(publication);
    if (publication.state === 'queued') this.queue.remove(publication);
  }

  /** There may be room now for those that wait for it. */
  admit(): void {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    let publication = this.waiting.peek();
    while (publication !== undefined && this.#hasRoom(publication)) {
      this.waiting.remove(publication);
      this.bytes += sizeOf(publication);
      this.#handlers.take(publication);
      publication = this.waiting.peek();
    }
    this.#isAdmitting = false;
  }

  get #size(): number {
    return this.queue.size + this.#handlers.sent();
  }

  #hasRoom(publication: Publication): boolean {
    const { messagesMax, bytesMax } = this.#limits;
    if (this.#size >= messagesMax) return false;
    return this.bytes === 0 || this.bytes + sizeOf(publication) <= bytesMax;
  }

  /** Gives up the oldest messages not sent yet, as many as it takes. */
  #makeRoom(publication: Publication): void {
    while (!this.#hasRoom(publication)) {
      const oldest = this.queue.peek();
      if (oldest === undefined) return;
      this.#handlers.drop(oldest);
    }
  }
}
