/**
 * The beat of a load: links that have something to write are noted, and written once each, when all
 * input that is ready has been read. Also the time that goes into messages.
 */
import type { Clock } from '@godwit/runtime';

/** Something that is written at the end of a turn. */
export interface Flushable {
  /** Whether it has been noted; owned by {@link Tick}. */
  isDue: boolean;
  flush(): void;
}

export class Tick {
  readonly clock: Clock;
  #due: Flushable[];
  #flushed: Flushable[];
  #isScheduled: boolean;
  readonly #run: () => void;

  constructor(clock: Clock) {
    this.clock = clock;
    this.#due = [];
    this.#flushed = [];
    this.#isScheduled = false;
    this.#run = () => this.#flush();
  }

  /** Has `flush` called once, at the end of this turn, or of the next when a turn ends just now. */
  add(item: Flushable): void {
    if (item.isDue) return;
    item.isDue = true;
    this.#due.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.clock.defer(this.#run);
  }

  /** Microseconds since 1970, exact to the microsecond and alike in all processes of a machine. */
  nowUs(): number {
    return Math.round((performance.timeOrigin + this.clock.monotonicMs()) * 1000);
  }

  #flush(): void {
    const due = this.#due;
    this.#due = this.#flushed;
    this.#flushed = due;
    this.#isScheduled = false;
    for (let i = 0; i < due.length; i += 1) {
      const item = due[i];
      item.isDue = false;
      item.flush();
    }
    due.length = 0;
  }
}
