/**
 * Puts and removals on their way into the state log: already encoded, in the order of the calls,
 * with one promise for all that add and one for all that remove.
 */

import type { EngineError } from '@godwit/storage';
import { LogWriter } from '../log/log-writer.ts';
import type { HeldValues } from './held-values.ts';
import { writePut, writeRemove } from './state-items.ts';

/** A batch takes no more once it has this many bytes. */
const BATCH_BYTES_MAX = 1024 * 1024;

/** One call. */
interface Change {
  readonly held: HeldValues;
  readonly key: string;
  /** Where the value is in the body; −1: removed. */
  readonly at: number;
  readonly length: number;
}

export class StateBatch {
  readonly writer: LogWriter = new LogWriter();
  #changes: Change[] = [];
  #added: PromiseWithResolvers<void> | null = null;
  #removed: PromiseWithResolvers<void> | null = null;

  get full(): boolean {
    return this.writer.bodyBytes >= BATCH_BYTES_MAX;
  }

  /** Whether there is nothing but removals in it. */
  get adds(): boolean {
    return this.#added !== null;
  }

  put(held: HeldValues, key: string, value: Uint8Array): Promise<void> {
    const at = writePut(this.writer, held.code, key, value);
    this.#changes.push({ held, key, at, length: value.length });
    this.#added ??= Promise.withResolvers();
    return this.#added.promise;
  }

  remove(held: HeldValues, key: string): Promise<void> {
    writeRemove(this.writer, held.code, key);
    this.#changes.push({ held, key, at: -1, length: 0 });
    this.#removed ??= Promise.withResolvers();
    return this.#removed.promise;
  }

  /** There is no room: what adds is refused with `error`, only removals stay. */
  refuse(error: EngineError): void {
    const removals = this.#changes.filter(({ at }) => at < 0);
    for (const { held, key, at, length } of this.#changes) if (at >= 0) held.giveUp(key, length);
    this.#changes = removals;
    this.writer.clear();
    for (const { held, key } of removals) writeRemove(this.writer, held.code, key);
    this.#added?.reject(error);
    this.#added = null;
  }

  /** It is stored, its body at `bodyAddress`. */
  stored(bodyAddress: number): void {
    for (const { held, key, at, length } of this.#changes) {
      if (at < 0) held.removed(key);
      else held.stored(key, bodyAddress + at, length);
    }
  }

  /** Makes it an empty batch again. */
  clear(): void {
    this.writer.clear();
    this.#changes.length = 0;
    this.#added = null;
    this.#removed = null;
  }

  /** Tells its callers; null: it is durable. */
  finish(error: EngineError | null): void {
    for (const told of [this.#added, this.#removed]) {
      if (error === null) told?.resolve();
      else told?.reject(error);
    }
  }
}
