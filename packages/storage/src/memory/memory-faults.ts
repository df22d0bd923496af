/** What a test or the simulator can make go wrong with a `MemoryDisk` while engines use it. */

/** Switches; all off at first. They take effect at once, also for writes under way. */
export class MemoryFaults {
  /** How long each batch of reads and writes takes, in milliseconds, from the next batch on. */
  delayMs = 0;
  /** The next batch fails with `io`, and with it the engine. */
  failing = false;
  #stalled = false;
  #full = false;
  readonly #onChange: () => void;

  /** `onChange` is called when `stalled` or `full` changed. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** While true no batch finishes. */
  get stalled(): boolean {
    return this.#stalled;
  }

  set stalled(stalled: boolean) {
    this.#stalled = stalled;
    this.#onChange();
  }

  /** While true nothing is added: offers are refused, what was taken before fails with `full`. */
  get full(): boolean {
    return this.#full;
  }

  set full(full: boolean) {
    this.#full = full;
    this.#onChange();
  }
}
