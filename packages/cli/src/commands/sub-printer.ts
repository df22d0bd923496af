/** What `sub` does with each message: leave it out or print it, and know when it was the last. */
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Message } from '@godwit/client';
import { topicMatchesFilter } from '@godwit/protocol';

export interface PrinterOptions {
  /** The bytes to print for a message. */
  print(message: Message): Uint8Array;
  readonly filterOut?: readonly string[];
  readonly skipRetained?: boolean;
  readonly retainedOnly?: boolean;
  /** Messages until it is done; without end by default. */
  readonly count?: number;
}

export class Printer {
  readonly #output: Writable;
  readonly #options: PrinterOptions;
  #left: number;
  #isGone: boolean;

  /** @param onGone called when nobody reads the output any longer */
  constructor(output: Writable, options: PrinterOptions, onGone: () => void) {
    this.#output = output;
    this.#options = options;
    this.#left = options.count ?? Number.POSITIVE_INFINITY;
    this.#isGone = false;
    output.on('error', () => {
      this.#isGone = true;
      onGone();
    });
  }

  /**
   * Takes a message; resolves when the output is ready for more.
   * @returns whether no more messages are wanted
   */
  async take(message: Message): Promise<boolean> {
    const { print, filterOut = [], skipRetained, retainedOnly } = this.#options;
    if (this.#left === 0 || this.#isGone) return true;
    if (retainedOnly && !message.retain) {
      this.#left = 0;
      return true;
    }
    if (skipRetained && message.retain) return false;
    if (filterOut.some(filter => topicMatchesFilter(message.topic, filter))) return false;
    this.#left -= 1;
    const isReady = this.#output.write(print(message));
    if (!isReady) await once(this.#output, 'drain').catch(() => {});
    return this.#left === 0;
  }
}
