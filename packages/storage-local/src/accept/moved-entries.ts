/** Entries of an old segment that are to be stored anew, and who waits for it. */

import { MOVED_BYTES } from './accept-items.ts';

export interface MovingEntry {
  readonly sequence: number;
  readonly index: number;
  /** Where it was found. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

export class MovedEntries {
  readonly entries: readonly MovingEntry[];
  /** What they take at most. */
  readonly bytes: number;
  /** Resolves when they are durable where they are now; rejects when they stay where they were. */
  readonly done: Promise<void>;
  written = false;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;

  constructor(entries: readonly MovingEntry[]) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.entries = entries;
    this.bytes = entries.reduce((sum, { bytes }) => sum + bytes.length + MOVED_BYTES, 0);
    this.done = promise;
    this.resolve = resolve;
    this.reject = reject;
  }
}
