/**
 * What an accept log must have in it after a crash: every entry that was accepted and has a holder,
 * no entry that was not offered, and of those that were not accepted a first part in the order of
 * the offers; of each mark a value at least as new as the one that was settled last.
 */

interface Offered {
  readonly at: number;
  readonly text: string;
  accepted: boolean;
  released: boolean;
}

/** What was said of a mark, in order: a value, or null when it was forgotten. */
interface Mark {
  readonly values: (string | null)[];
  /** The first of the values that may be found. */
  oldest: number;
}

/** What a run has found. */
export interface FoundLog {
  readonly entries: ReadonlyMap<number, string>;
  readonly marks: ReadonlyMap<number, string>;
}

export class AcceptModel {
  #offered: Offered[] = [];
  readonly #marks = new Map<number, Mark>();
  #last = 0;

  /** Notes an offer that was taken. */
  offer(at: number, text: string): void {
    if (at <= this.#last) throw new Error(`position ${at} after ${this.#last}`);
    this.#last = at;
    this.#offered.push({ at, text, accepted: false, released: false });
  }

  accepted(upTo: number): void {
    for (const entry of this.#offered) if (entry.at <= upTo) entry.accepted = true;
  }

  /** Entries that can be read and released, oldest first. */
  get held(): readonly { readonly at: number; readonly text: string }[] {
    return this.#offered.filter(({ released }) => !released);
  }

  release(at: number): void {
    const entry = this.#offered.find(other => other.at === at);
    if (entry !== undefined) entry.released = true;
  }

  /** Notes a change of a mark; null: it is forgotten. */
  mark(key: number, value: string | null): void {
    const mark = this.#marks.get(key) ?? { values: [null], oldest: 0 };
    this.#marks.set(key, mark);
    mark.values.push(value);
  }

  /** The present value of a mark. */
  valueOf(key: number): string {
    return this.#marks.get(key)?.values.at(-1) ?? '';
  }

  /** Call what it gives when all marks as they are now are durable. */
  settling(): () => void {
    const now = [...this.#marks].map(([, mark]) => ({ mark, oldest: mark.values.length - 1 }));
    const upTo = this.#last;
    return () => {
      const open = this.#offered.find(({ at, accepted }) => at <= upTo && !accepted);
      if (open !== undefined) throw new Error(`settled before ${open.text} was accepted`);
      for (const { mark, oldest } of now) mark.oldest = Math.max(mark.oldest, oldest);
    };
  }

  /** Null when this is what a crash may leave; else what is wrong. */
  judge({ entries, marks }: FoundLog): string | null {
    for (const [at, text] of entries) {
      const offered = this.#offered.find(entry => entry.at === at);
      if (offered?.text !== text) return `has ${text} at ${at}, which was not offered`;
    }
    let lost: string | null = null;
    for (const { at, text, accepted, released } of this.#offered) {
      if (entries.has(at)) {
        if (lost !== null && !accepted) return `has ${text}, but not ${lost} before it`;
      } else {
        if (accepted && !released) return `lost ${text}`;
        if (!accepted) lost ??= text;
      }
    }
    return this.#judgeMarks(marks);
  }

  /** From now on what was found is what is there. */
  settle({ entries, marks }: FoundLog): void {
    this.#offered = [...entries]
      .sort(([a], [b]) => a - b)
      .map(([at, text]) => ({ at, text, accepted: true, released: false }));
    for (const [key, mark] of this.#marks) {
      mark.values.splice(0, mark.values.length, marks.get(key) ?? null);
      mark.oldest = 0;
    }
  }

  #judgeMarks(found: ReadonlyMap<number, string>): string | null {
    for (const key of found.keys()) {
      if (!this.#marks.has(key)) return `has mark ${key}, which was never touched`;
    }
    for (const [key, { values, oldest }] of this.#marks) {
      const value = found.get(key) ?? null;
      if (!values.includes(value, oldest)) {
        return `mark ${key} is ${value}, must be one of ${values.slice(oldest)}`;
      }
    }
    return null;
  }
}
