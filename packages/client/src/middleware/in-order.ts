/** Lets work on messages overlap, and what follows it happen in the order in which it began. */

export class InOrder {
  /** Bytes that are being worked on, as far as the callers say. */
  bytes: number;
  #tail: Promise<void> | undefined;

  constructor() {
    this.bytes = 0;
    this.#tail = undefined;
  }

  /** Nothing is under way: what needs no work may go at once. */
  get isIdle(): boolean {
    return this.#tail === undefined;
  }

  /** Calls `then` after the work, and after the `then` of all before. */
  async run<T, R>(bytes: number, work: T | Promise<T>, then: (done: T) => R): Promise<Awaited<R>> {
    const before = this.#tail;
    const turn = Promise.withResolvers<void>();
    this.#tail = turn.promise;
    this.bytes += bytes;
    let result: R;
    // its failure is looked at in turn
    const settled = Promise.resolve(work);
    settled.catch(() => {});
    try {
      await before;
      result = then(await settled);
    } finally {
      this.bytes -= bytes;
      if (this.#tail === turn.promise) this.#tail = undefined;
      turn.resolve();
    }
    return await result;
  }
}
