/** What the logs of earlier runs must have in them: by run, by entry, in order. */

import type { EntryRef } from '@godwit/storage';

interface Offered {
  readonly text: string;
  at: EntryRef | null;
  released: boolean;
  /** Its release was on the disk before something that was acknowledged. */
  gone: boolean;
}

interface Run {
  readonly offered: Offered[];
  finishing: boolean;
  finished: boolean;
}

export class AcceptModel {
  /** By incarnation. */
  readonly #runs = new Map<string, Run>();
  #run: Run = { offered: [], finishing: false, finished: false };

  begin(incarnation: string): void {
    this.#run = { offered: [], finishing: false, finished: false };
    this.#runs.set(incarnation, this.#run);
  }

  /** Notes an offer; call what it gives when it is done. */
  offer(text: string): (at: EntryRef | null) => void {
    const { offered } = this.#run;
    const entry: Offered = { text, at: null, released: false, gone: false };
    const releasedBefore = offered.filter(({ released }) => released);
    offered.push(entry);
    return at => {
      entry.at = at;
      if (at !== null) for (const other of releasedBefore) other.gone = true;
    };
  }

  /** Entries of this run that can be released, oldest first. */
  get releasable(): { readonly at: EntryRef; release(): void }[] {
    return this.#run.offered.flatMap(entry => {
      if (entry.at === null || entry.released) return [];
      const release = (): void => {
        entry.released = true;
      };
      return [{ at: entry.at, release }];
    });
  }

  finishing(incarnation: string): void {
    this.#get(incarnation).finishing = true;
  }

  finished(incarnation: string): void {
    this.#get(incarnation).finished = true;
  }

  /** Null when these are logs that a crash may leave; else what is wrong. */
  judge(logs: ReadonlyMap<string, readonly { at: EntryRef; text: string }[]>): string | null {
    const incarnations = [...logs.keys()];
    if (incarnations.join() !== incarnations.toSorted().join()) return 'logs out of order';
    for (const [incarnation, run] of this.#runs) {
      if (run === this.#run) continue;
      const fault = judgeRun(run, logs.get(incarnation));
      if (fault !== null) return `log ${incarnation}: ${fault}`;
    }
    const unknown = incarnations.find(incarnation => !this.#runs.has(incarnation));
    return unknown === undefined ? null : `log ${unknown} is of no run`;
  }

  #get(incarnation: string): Run {
    const run = this.#runs.get(incarnation);
    if (run === undefined) throw new Error(`no run ${incarnation}`);
    return run;
  }
}

function judgeRun(
  run: Run,
  log: readonly { at: EntryRef; text: string }[] | undefined,
): string | null {
  if (run.finished) return log === undefined ? null : 'it was finished';
  if (log === undefined && run.finishing) {
    run.finished = true;
    return null;
  }
  const found = (log ?? []).map(({ text }) => text);
  const order = run.offered.map(({ text }) => text).filter(text => found.includes(text));
  if (order.join() !== found.join()) return `has ${found}, which is not in order or not offered`;
  for (const { text, at, released, gone } of run.offered) {
    const entry = log?.find(other => other.text === text);
    if (entry === undefined && at !== null && !released) return `lost ${text}`;
    if (entry === undefined) continue;
    if (gone) return `has ${text}, whose release was durable`;
    if (at !== null && (entry.at.sequence !== at.sequence || entry.at.index !== at.index)) {
      return `has ${text} in another place`;
    }
  }
  return null;
}
