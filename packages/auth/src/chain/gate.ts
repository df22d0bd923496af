/**
 * Bounds work that costs much: so many pieces at once, so many waiting, in the order in which they
 * came. What is beyond that is refused at once, so that a flood of logins cannot fill memory.
 */

/** As many are waiting as may. */
export class GateFullError extends Error {
  constructor() {
    super('too many are waiting to be checked');
    this.name = 'GateFullError';
  }
}

export class Gate {
  readonly #runningMax: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[];
  #running: number;

  constructor(runningMax: number, waitingMax: number) {
    this.#runningMax = runningMax;
    this.#waitingMax = waitingMax;
    this.#waiting = [];
    this.#running = 0;
  }

  /** Does `work` when it is its turn. @throws GateFullError */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#runningMax) this.#running += 1;
    else {
      if (this.#waiting.length >= this.#waitingMax) throw new GateFullError();
      // Whoever ends hands its place on, so `running` stays as it is.
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
