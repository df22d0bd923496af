/**
 * Stored items that are to be stored anew, so that the file they are in can go: first in the batch
 * that takes them, where what is in memory is what the batches before have stored.
 */

import type { EngineError } from '@godwit/storage';
import { LogWriter } from './log-writer.ts';

/** Whose items they are. */
export interface MoverTarget<Item> {
  /** Whether it is still stored where it was found. */
  counts(item: Item): boolean;
  /** Encodes it; gives where its bytes are in the body. */
  write(to: LogWriter, item: Item): number;
  /** Its bytes are stored at `address` now. */
  stored(item: Item, address: number): void;
}

export class Mover<Item> {
  readonly writer: LogWriter = new LogWriter();
  readonly #target: MoverTarget<Item>;
  #items: readonly Item[] = [];
  #done: PromiseWithResolvers<void> | null = null;
  #taken = false;
  /** The items written, and where. */
  readonly #written: Item[] = [];
  readonly #places: number[] = [];

  constructor(target: MoverTarget<Item>) {
    this.#target = target;
  }

  /** Whether there is something for the next batch. */
  get waiting(): boolean {
    return this.#done !== null;
  }

  /** Whether the batch under way is to be synced for it. */
  get taken(): boolean {
    return this.#taken;
  }

  /** Has the items moved; resolves when they are durable, rejects when they stay where they are. */
  move(items: readonly Item[]): Promise<void> {
    this.#items = items;
    this.#done = Promise.withResolvers();
    return this.#done.promise;
  }

  /** Encodes what still counts. */
  take(): void {
    this.#taken = this.waiting;
    for (const item of this.#items) {
      if (!this.#target.counts(item)) continue;
      this.#places.push(this.#target.write(this.writer, item));
      this.#written.push(item);
    }
    this.#items = [];
  }

  /** What was taken is stored, in the record whose body is at `bodyAddress`. */
  stored(bodyAddress: number): void {
    for (const [index, item] of this.#written.entries()) {
      // It may have been removed while it was written.
      if (this.#target.counts(item)) this.#target.stored(item, bodyAddress + this.#places[index]);
    }
  }

  /** The batch that took it is over: it is durable, or `error` says why it stays where it was. */
  finish(error: EngineError | null): void {
    if (error === null && !this.#taken) return;
    const done = this.#done;
    this.#done = null;
    this.#taken = false;
    this.#items = [];
    this.#written.length = 0;
    this.#places.length = 0;
    this.writer.clear();
    if (error === null) done?.resolve();
    else done?.reject(error);
  }
}
