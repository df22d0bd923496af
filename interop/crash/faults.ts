/** What the crash test found wrong: counted by kind, the first of each kind with its evidence. */

/** Faults of one kind that are kept in full. */
const keptMax = 5;

export class Faults {
  readonly #byKind = new Map<string, { count: number; texts: string[] }>();
  /** The cycle that is running. */
  cycle = 0;

  /** @param evidence lines of the ledger */
  add(kind: string, evidence: string): void {
    const found = this.#byKind.get(kind) ?? { count: 0, texts: [] };
    this.#byKind.set(kind, found);
    found.count += 1;
    if (found.texts.length < keptMax) found.texts.push(`cycle ${this.cycle}: ${evidence}`);
  }

  count(kind: string): number {
    return this.#byKind.get(kind)?.count ?? 0;
  }

  /** Faults of all kinds. */
  get total(): number {
    return [...this.#byKind.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** How many of each kind. */
  counts(): [kind: string, count: number][] {
    return [...this.#byKind].map(([kind, { count }]) => [kind, count]);
  }

  /** A paragraph for each kind. */
  toString(): string {
    return [...this.#byKind]
      .map(([kind, { count, texts }]) => [`${kind}: ${count}`, ...texts].join('\n  '))
      .join('\n');
  }
}
