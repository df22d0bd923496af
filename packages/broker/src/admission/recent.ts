/**
 * What is remembered of those who were here lately, by name: as many as there is room for, the
 * longest known forgotten first.
 */
export class Recent<Value> {
  readonly #entries: Map<string, Value>;
  readonly #max: number;

  constructor(max: number) {
    this.#entries = new Map();
    this.#max = max;
  }

  /** What is remembered, made by `create` where there is nothing. */
  of(name: string, create: () => Value): Value {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    if (this.#entries.size >= this.#max) {
      const [oldest] = this.#entries.keys();
      this.#entries.delete(oldest);
    }
    const value = create();
    this.#entries.set(name, value);
    return value;
  }
}
