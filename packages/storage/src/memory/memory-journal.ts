/**
 * The one writer of a `MemoryEngine`. Everything the ports do passes through it in order, in
 * batches: what arrives while a batch is being written is the next batch. It knows nothing of what
 * is written.
 */

import type { Clock, Timer } from '@godwit/runtime';
import type { Quota } from '../adapter/quota.ts';
import { EngineError } from '../engine-error.ts';
import type { MemoryFaults } from './memory-faults.ts';

/** One piece of work. Either it is written and settled, or only settled, or dropped. */
export interface JournalOp {
  /** Whether it needs room. */
  readonly adds: boolean;
  /** Does it, as part of batch number `batch`. Must not throw. */
  write(batch: number): void;
  /** Tells the caller: null after `write`, else the reason why there was none. */
  settle(error: EngineError | null): void;
  /** Undoes what the caller reserved and tells nobody: the power is cut. */
  drop(): void;
}

/** What the journal tells its engine. */
export interface JournalEvents {
  onStall(stalled: boolean): void;
  onFailure(error: EngineError): void;
  /** Nothing is left to be written. */
  onIdle(): void;
}

/** Bytes taken from a quota for an item about to be stored. */
export interface Reservation {
  readonly quota: Quota;
  readonly bytes: number;
}

export class MemoryJournal {
  readonly #clock: Clock;
  readonly #faults: MemoryFaults;
  readonly #events: JournalEvents;
  #pending: JournalOp[] = [];
  #writing: JournalOp[] = [];
  #busy = false;
  #held = false;
  #batch = 0;
  #timer: Timer | null = null;
  #killed = false;
  #error: EngineError | null = new EngineError('closed', 'the engine is not started');

  constructor(clock: Clock, faults: MemoryFaults, events: JournalEvents) {
    this.#clock = clock;
    this.#faults = faults;
    this.#events = events;
  }

  /** Why nothing is written; null while it is open. */
  get error(): EngineError | null {
    return this.#error;
  }

  get idle(): boolean {
    return !this.#busy;
  }

  open(): void {
    this.#error = null;
  }

  /** Writes `op` with the next batch. It is settled in the order of submission, never at once. */
  submit(op: JournalOp): void {
    const error = this.#error;
    if (error !== null) {
      this.#clock.defer(() => (this.#killed ? op.drop() : op.settle(error)));
      return;
    }
    this.#pending.push(op);
    if (this.#busy) return;
    this.#busy = true;
    this.#clock.defer(() => this.#begin());
  }

  /**
   * Submits `work`, which must not throw, and resolves with its result. `reserved` goes back if it
   * is not done; once done, it is the work's to account for.
   */
  run<T>(work: () => T, reserved: Reservation | null = null): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: T;
      const drop = () => reserved?.quota.give(reserved.bytes);
      this.submit({
        adds: reserved !== null,
        write: () => {
          result = work();
        },
        settle: error => {
          if (error === null) return resolve(result);
          drop();
          reject(error);
        },
        drop,
      });
    });
  }

  /** Looks at the faults again: a stall may be over. */
  resume(): void {
    if (!this.#held || this.#faults.stalled) return;
    this.#held = false;
    this.#clock.defer(() => this.#land());
  }

  /** Settles everything under way, and all that will be submitted, with `error`. */
  end(error: EngineError): void {
    for (const op of this.#close(error)) {
      if (this.#killed) op.drop();
      else this.#settle(op, error);
    }
  }

  /** Forgets everything under way; nobody is told anything any more. */
  kill(): void {
    this.#killed = true;
    for (const op of this.#close(new EngineError('closed', 'killed'))) op.drop();
  }

  #close(error: EngineError): JournalOp[] {
    const left = [...this.#writing, ...this.#pending];
    this.#timer?.cancel();
    this.#writing = [];
    this.#pending = [];
    this.#busy = false;
    this.#held = false;
    this.#error = error;
    return left;
  }

  #begin(): void {
    if (this.#error !== null) return;
    this.#writing = this.#pending;
    this.#pending = [];
    const { delayMs } = this.#faults;
    if (delayMs > 0) this.#timer = this.#clock.after(delayMs, () => this.#land());
    else this.#land();
  }

  #land(): void {
    if (this.#error !== null) return;
    if (this.#faults.stalled) {
      this.#held = true;
      this.#events.onStall(true);
      return;
    }
    if (this.#faults.failing) {
      this.#events.onFailure(new EngineError('io', 'the medium failed'));
      return;
    }
    this.#events.onStall(false);
    this.#write();
    if (this.#error !== null) return;
    if (this.#pending.length > 0) {
      this.#clock.defer(() => this.#begin());
    } else {
      this.#busy = false;
      this.#events.onIdle();
    }
  }

  #write(): void {
    const batch = this.#writing;
    this.#writing = [];
    this.#batch += 1;
    const full = this.#faults.full ? new EngineError('full', 'the medium is full') : null;
    // All is durable before anyone hears of it: a crash in a callback finds the whole batch.
    for (const op of batch) if (full === null || !op.adds) op.write(this.#batch);
    for (const op of batch) {
      if (this.#killed) return;
      this.#settle(op, op.adds ? full : null);
    }
  }

  #settle(op: JournalOp, error: EngineError | null): void {
    try {
      op.settle(error);
    } catch (thrown) {
      // A caller's mistake, reported as uncaught; the others of the batch must hear all the same.
      this.#clock.defer(() => {
        throw thrown;
      });
    }
  }
}
