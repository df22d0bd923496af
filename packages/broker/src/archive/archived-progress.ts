/** How far a session has come, while its messages are read from an archive: becomes its mark. */
import { storedInflightMax } from '../durable/durable-session.ts';
import { writeProgress } from '../durable/progress-mark.ts';
import type { ArchivedSession } from './archive-record.ts';

const packetIdMax = 65_535;
const numberMax = 2 ** 48 - 1;

export class ArchivedProgress {
  /** Of the session. */
  readonly number: number;
  readonly #sentUpTo: number;
  readonly #received: readonly number[];
  readonly #inbound: readonly number[];
  /** Numbers of the messages in flight, PUBREL being owed or not. */
  readonly #flight: Set<number>;
  #lastNumber: number;

  /** @throws RangeError for a session that cannot be */
  constructor(number: number, { sentUpTo, received, inbound }: ArchivedSession) {
    this.number = number;
    this.#sentUpTo = sentUpTo;
    this.#received = received;
    this.#inbound = inbound;
    this.#flight = new Set();
    this.#lastNumber = 0;
    if (!Number.isInteger(sentUpTo) || sentUpTo < 0 || sentUpTo > numberMax) {
      throw new RangeError(`sentUpTo: is ${sentUpTo}, expected an integer from 0 to ${numberMax}`);
    }
    for (const each of received) {
      if (each > sentUpTo) throw new RangeError(`received: ${each} was not sent`);
      this.#checkFlight(each, 'received');
      this.#flight.add(each);
    }
    if (new Set(inbound).size < inbound.length) throw new RangeError('inbound: one is there twice');
    for (const packetId of inbound) {
      if (Number.isInteger(packetId) && packetId >= 1 && packetId <= packetIdMax) continue;
      throw new RangeError(`inbound: is ${packetId}, expected an integer from 1 to ${packetIdMax}`);
    }
  }

  /** There is nothing that a mark would say. */
  get isFresh(): boolean {
    return this.#sentUpTo === 0 && this.#inbound.length === 0;
  }

  /** @throws RangeError unless a message may have this number */
  check(number: number): void {
    if (!Number.isInteger(number) || number < 1 || number > numberMax) {
      throw new RangeError(`number: is ${number}, expected an integer from 1 to ${numberMax}`);
    }
    if (number <= this.#lastNumber) {
      throw new RangeError(`number: ${number} comes after ${this.#lastNumber}`);
    }
    if (number <= this.#sentUpTo) this.#checkFlight(number, 'number');
  }

  /** Takes over a message that {@link check} let pass. */
  add(number: number): void {
    this.check(number);
    this.#lastNumber = number;
    if (number <= this.#sentUpTo) this.#flight.add(number);
  }

  /** Writes the mark. @returns its length */
  write(into: Uint8Array): number {
    const flight = [...this.#flight].sort((a, b) => a - b);
    const sentUpTo = this.#sentUpTo;
    const doneUpTo = flight.length === 0 ? sentUpTo : flight[0] - 1;
    const done: [number, number][] = [];
    let next = doneUpTo + 1;
    for (const number of flight) {
      if (number > next) done.push([next, number - 1]);
      next = number + 1;
    }
    if (next <= sentUpTo) done.push([next, sentUpTo]);
    return writeProgress(into, {
      doneUpTo,
      sentUpTo,
      droppedUpTo: sentUpTo,
      done,
      received: this.#received,
      inboundAt: 0,
      inbound: this.#inbound,
    });
  }

  #checkFlight(number: number, field: string): void {
    // Within this window no two have the same packet identifier.
    if (!Number.isInteger(number) || number < 1 || number <= this.#sentUpTo - packetIdMax) {
      throw new RangeError(`${field}: ${number} cannot be in flight with ${this.#sentUpTo}`);
    }
    if (this.#flight.has(number)) throw new RangeError(`${field}: ${number} is there twice`);
    if (this.#flight.size >= storedInflightMax) {
      throw new RangeError(`${field}: more than ${storedInflightMax} messages are in flight`);
    }
  }
}
