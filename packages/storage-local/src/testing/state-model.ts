/**
 * What the keyed state must be after a crash: the result of all changes that were acknowledged and,
 * of those that were not, a first part, in the order of the calls. Nothing else is right, but for
 * want of room: what would have added data may then be missing from the last batch.
 */

/** What can be seen of the state, by name. */
export type Seen = Readonly<Record<string, string>>;

/** A change, made to what is seen. */
export type Change = (seen: Map<string, string>) => void;

interface Made {
  readonly change: Change;
  readonly adds: boolean;
  readonly what: string;
  acknowledged: boolean;
}

export class StateModel {
  #settled = new Map<string, string>();
  #made: Made[] = [];

  /** Notes a change under way; it resolves, fails with `full` (never happened), or stays open. */
  track(what: string, adds: boolean, change: Change, done: Promise<unknown>): void {
    const made = { what, adds, change, acknowledged: false };
    this.#made.push(made);
    done.then(
      () => {
        made.acknowledged = true;
      },
      error => {
        if (error.code === 'full') this.#made = this.#made.filter(other => other !== made);
      },
    );
  }

  /** Null when `seen` may be what is left after a crash; else what is wrong with it. */
  judge(seen: Seen): string | null {
    const state = new Map(this.#settled);
    const needed = this.#made.findLastIndex(({ acknowledged }) => acknowledged) + 1;
    for (const { change } of this.#made.slice(0, needed)) change(state);
    const wanted = describe(state);
    const found = describe(new Map(Object.entries(seen)));
    const open = this.#made.slice(needed);
    for (let whole = 0; whole <= open.length; whole += 1) {
      const left = new Map(state);
      for (const { change } of open.slice(0, whole)) change(left);
      if (describe(left) === found) return null;
      for (const { change, adds } of open.slice(whole)) {
        if (adds) continue;
        change(left);
        if (describe(left) === found) return null;
      }
    }
    const changes = open.map(({ what }) => what).join('\n');
    return `state is\n${found}\nmust be\n${wanted}\nplus a part of\n${changes}`;
  }

  /** From now on what is seen is what is there. */
  settle(seen: Seen): void {
    this.#settled = new Map(Object.entries(seen));
    this.#made = [];
  }
}

function describe(state: ReadonlyMap<string, string>): string {
  return [...state]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name} = ${value}`)
    .sort()
    .join('\n');
}
