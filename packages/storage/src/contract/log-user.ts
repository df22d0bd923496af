/** A broker's part in small: loads a log, offers to it, keeps marks, and waits for both. */

import assert from 'node:assert/strict';
import type { Engine } from '../engine.ts';

interface Offered {
  readonly at: number;
  readonly accepted: () => void;
}

export class LogUser {
  readonly engine: Engine;
  /** What `load` has found: texts by position, and by mark. */
  readonly found: Map<number, string> = new Map();
  readonly foundMarks: Map<number, string> = new Map();
  /** The present values of marks. */
  readonly marks: Map<number, string> = new Map();
  /** All that `onAccepted` was told. */
  readonly told: number[] = [];
  #waiting: Offered[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
    engine.accepts.onAccepted(upTo => {
      this.told.push(upTo);
      const done = this.#waiting.filter(({ at }) => at <= upTo);
      this.#waiting = this.#waiting.filter(({ at }) => at > upTo);
      for (const { accepted } of done) accepted();
    });
    engine.accepts.onMark((key, into) => {
      const value = this.marks.get(key);
      assert.ok(value !== undefined, `mark ${key} is asked for`);
      return new TextEncoder().encodeInto(value, into).written;
    });
  }

  /** Starts the engine and loads its log; of each entry, `holders` hold it. */
  static async begin(
    engine: Engine,
    holders: (at: number, text: string) => number = () => 1,
  ): Promise<LogUser> {
    const user = new LogUser(engine);
    await engine.start();
    await user.load(holders);
    return user;
  }

  async load(holders: (at: number, text: string) => number): Promise<void> {
    await this.engine.accepts.load({
      entry: (at, bytes) => {
        const text = new TextDecoder().decode(bytes);
        assert.ok(!this.found.has(at), 'each entry is found once');
        assert.equal(this.foundMarks.size, 0, 'marks come after all entries');
        this.found.set(at, text);
        return holders(at, text);
      },
      mark: (key, bytes) => {
        assert.ok(!this.foundMarks.has(key), 'each mark is found once');
        this.foundMarks.set(key, new TextDecoder().decode(bytes));
      },
    });
    for (const [key, value] of this.foundMarks) this.marks.set(key, value);
  }

  /** The texts that were found, by position. */
  get foundTexts(): string[] {
    return [...this.found].sort(([a], [b]) => a - b).map(([, text]) => text);
  }

  /** Offers a text; gives its position, 0 when it was refused. */
  offer(text: string, holders = 1): number {
    const bytes = new TextEncoder().encode(text);
    return this.engine.accepts.offer(bytes, 0, bytes.length, holders);
  }

  /** Offers and waits until it is durable; gives the position. */
  async accept(entry: string | Uint8Array, holders = 1): Promise<number> {
    const bytes = typeof entry === 'string' ? new TextEncoder().encode(entry) : entry;
    const at = this.engine.accepts.offer(bytes, 0, bytes.length, holders);
    assert.ok(at > 0, 'the log took the entry');
    await this.accepted(at);
    return at;
  }

  /** Resolves when the entry at a position offered just now is durable. */
  accepted(at: number): Promise<void> {
    return new Promise(accepted => this.#waiting.push({ at, accepted }));
  }

  async read(at: number): Promise<string> {
    return new TextDecoder().decode(await this.engine.accepts.read(at));
  }

  /** Sets a mark's value. */
  mark(key: number, value: string): void {
    this.marks.set(key, value);
    this.engine.accepts.touch(key);
  }

  forget(key: number): void {
    this.marks.delete(key);
    this.engine.accepts.forget(key);
  }

  /** Resolves when all marks are durable. */
  settled(): Promise<void> {
    return new Promise(resolve => this.engine.accepts.settle(resolve));
  }
}
