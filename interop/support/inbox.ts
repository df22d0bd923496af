/** Things that arrive one by one, for whoever waits for a number of them. */
import { inspect } from 'node:util';

/** Milliseconds that anything in these tests may take. */
export const deadlineMs = 10_000;
/** Milliseconds that a whole suite may take. */
export const suiteMs = 60_000;

export class Inbox<T> {
  readonly #items: T[] = [];
  #error: Error | undefined;
  #wake = Promise.withResolvers<void>();

  push(item: T): void {
    this.#items.push(item);
    this.#wakeUp();
  }

  /** Nothing more will arrive: who waits for it gets `error`. */
  end(error: Error): void {
    this.#error ??= error;
    this.#wakeUp();
  }

  /**
   * Takes the next `count` items out.
   * @throws Error when they do not arrive in time, naming what did, or when the inbox has ended
   */
  async take(count: number): Promise<T[]> {
    const deadline = AbortSignal.timeout(deadlineMs);
    deadline.addEventListener('abort', () => this.#wakeUp());
    while (this.#items.length < count) {
      if (deadline.aborted || this.#error !== undefined) {
        const got = inspect(this.#items, { depth: 2, maxArrayLength: 20, maxStringLength: 200 });
        throw new Error(`waited for ${count}, got ${got}`, { cause: this.#error });
      }
      await this.#wake.promise;
    }
    return this.#items.splice(0, count);
  }

  #wakeUp(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}
