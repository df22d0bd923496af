/**
 * What clients have published, told apart by the name that each payload begins with, and what each
 * topic's retained message may be because of it.
 */
import type { QoS } from '@godwit/protocol';

/** The number of an event that has not happened: above that of all others. */
export const never: number = Number.POSITIVE_INFINITY;

export interface Published {
  /** First word of the payload. */
  readonly name: string;
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Client identifier. */
  readonly publisher: string;
  readonly isWill: boolean;
  /** 0: never. */
  expiresAtMs: number;
  /** Bytes of a PUBLISH that has it, at most. */
  readonly sizeMax: number;
  /** First and last time that the broker was given it. */
  firstIn: number;
  lastIn: number;
  /** It has been accepted by then. */
  doneAt: number;
  /** Times that the broker was given it. */
  copies: number;
  /** Sessions of its publisher in which the broker was given it. */
  readonly origins: Set<object>;
  /** A will that is off: it must not be seen any more. */
  isOff: boolean;
}

/** A message that was to be retained, or the removal of one. */
export interface RetainedWrite {
  /** Null: removal. */
  readonly message: Published | null;
  readonly from: number;
  /** It has been done by then, or never will be. */
  overAt: number;
  /** It has been done by then, for good. */
  sureAt: number;
}

export class RetainedBook {
  readonly #writes: Map<string, RetainedWrite[]>;

  constructor() {
    this.#writes = new Map();
  }

  get topics(): Iterable<string> {
    return this.#writes.keys();
  }

  /** The broker was given a message with RETAIN. */
  add(topic: string, message: Published | null, from: number): RetainedWrite {
    const write: RetainedWrite = { message, from, overAt: never, sureAt: never };
    const nothing: RetainedWrite = { message: null, from: 0, overAt: 0, sureAt: 0 };
    this.#writes.set(topic, [...(this.#writes.get(topic) ?? [nothing]), write]);
    return write;
  }

  /** One of the copies that the broker was given is in force, or was. */
  confirm(message: Published, now: number): void {
    const write = this.#writes.get(message.topic)?.find(one => one.message === message);
    if (write !== undefined) write.sureAt = Math.min(write.sureAt, now);
  }

  /** The broker has refused it. */
  remove(topic: string, write: RetainedWrite): void {
    const writes = this.#writes.get(topic) ?? [];
    this.#writes.set(
      topic,
      writes.filter(other => other !== write),
    );
  }

  /** What `topic` may have had at some moment since event `since`; null: nothing. */
  candidates(topic: string, since: number): (Published | null)[] {
    const writes = this.#writes.get(topic) ?? [];
    const isPast = (write: RetainedWrite): boolean =>
      writes.some(({ from, sureAt }) => sureAt < since && write.overAt < from);
    return writes.filter(write => !isPast(write)).map(({ message }) => message);
  }
}
