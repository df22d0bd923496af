/**
 * Group commit. What is to be written waits in lanes, one a log; at most one batch is on its way to
 * the disk, all lanes of it at the same time, and what arrives meanwhile is the next batch. Callers
 * hear of a batch when all of it is durable. It knows nothing of what is written.
 */

import type { Clock, Timer } from '@godwit/runtime';
import { EngineError } from '@godwit/storage';
import type { LocalStats } from './local-stats.ts';

/** A batch that takes longer is reported as a stall. */
const STALL_MS = 1000;

/** How soon a write that found no room is tried again. */
const RETRY_MS = 1000;

/** One log's part in each batch. */
export interface Lane {
  /** Whether there is something for the next batch. */
  readonly waiting: boolean;
  /** Moves what waits into the batch. */
  take(): void;
  /** Writes the batch and makes it durable. Rejects when the medium fails. */
  commit(): Promise<void>;
  /** Tells the callers of the batch; it may end with any of them. */
  finish(): void;
  /** Tells all callers that have not heard, of this batch and the next, that it ended. */
  fail(error: EngineError): void;
}

/** What the journal tells its engine. */
export interface JournalEvents {
  onStall(stalled: boolean): void;
  onFailure(error: unknown): void;
  /** Nothing is left to be written. */
  onIdle(): void;
}

export class Journal {
  readonly #clock: Clock;
  readonly #events: JournalEvents;
  readonly #stats: LocalStats;
  readonly #lanes: Lane[] = [];
  readonly #pauses = new Set<{ timer: Timer; reject: (error: EngineError) => void }>();
  #running: Promise<void> | null = null;
  #error: EngineError | null = new EngineError('closed', 'the engine is not started');

  constructor(clock: Clock, stats: LocalStats, events: JournalEvents) {
    this.#stats = stats;
    this.#clock = clock;
    this.#events = events;
  }

  /** Why nothing is written; null while it is open. */
  get error(): EngineError | null {
    return this.#error;
  }

  get idle(): boolean {
    return this.#running === null;
  }

  add(lane: Lane): void {
    this.#lanes.push(lane);
  }

  open(): void {
    this.#error = null;
  }

  /** Has the next batch written soon. */
  kick(): void {
    if (this.#running === null && this.#error === null) this.#running = this.#run();
  }

  /** Calls a caller of ours; what it throws is its mistake, and nobody else's. */
  tell(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      // Reported as uncaught; the others of the batch must hear all the same.
      this.#clock.defer(() => {
        throw thrown;
      });
    }
  }

  /** Settles everything under way, and all that will come, with `error`. */
  end(error: EngineError): void {
    this.#error = error;
    this.#endPauses(error);
    for (const lane of this.#lanes) lane.fail(error);
  }

  /** From now on nobody is told anything any more. */
  kill(): void {
    this.#error = new EngineError('closed', 'killed');
    this.#endPauses(this.#error);
  }

  /** Resolves when no batch is on its way to the disk. */
  async quiet(): Promise<void> {
    await this.#running;
  }

  /**
   * Resolves when it makes sense to try a write again that found no room; rejects when the run is
   * over.
   */
  pause(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#error !== null) return Promise.reject(this.#error);
    const pause = {
      timer: this.#clock.after(RETRY_MS, () => {
        this.#pauses.delete(pause);
        resolve();
      }),
      reject,
    };
    this.#pauses.add(pause);
    return promise;
  }

  #endPauses(error: EngineError): void {
    for (const { timer, reject } of this.#pauses) {
      timer.cancel();
      reject(error);
    }
    this.#pauses.clear();
  }

  async #run(): Promise<void> {
    do {
      await new Promise<void>(resolve => this.#clock.defer(resolve));
      if (this.#error !== null) break;
      await this.#batch();
    } while (this.#error === null && this.#lanes.some(lane => lane.waiting));
    this.#running = null;
    if (this.#error === null) this.#events.onIdle();
  }

  async #batch(): Promise<void> {
    const timer = this.#clock.after(STALL_MS, () => {
      if (this.#error === null) this.#events.onStall(true);
    });
    try {
      for (const lane of this.#lanes) lane.take();
      const written = await Promise.allSettled(this.#lanes.map(lane => lane.commit()));
      for (const result of written) if (result.status === 'rejected') throw result.reason;
    } catch (error) {
      if (this.#error === null) this.#events.onFailure(error);
      return;
    } finally {
      timer.cancel();
    }
    if (this.#error !== null) return;
    this.#stats.batches += 1;
    this.#events.onStall(false);
    for (const lane of this.#lanes) if (this.#error === null) lane.finish();
  }
}
