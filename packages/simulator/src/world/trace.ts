/** What happened, as one number that two runs of a seed must have in common, and as text. */

export class Trace {
  #hash: number;
  readonly #print: ((line: string) => void) | null;

  /** @param print gets each line; null: nobody wants to read it */
  constructor(print: ((line: string) => void) | null) {
    this.#hash = 0x811c9dc5;
    this.#print = print;
  }

  /** FNV-1a of all lines. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0');
  }

  add(line: string): void {
    let hash = this.#hash;
    for (let i = 0; i < line.length; i += 1) {
      hash = Math.imul(hash ^ line.charCodeAt(i), 0x01000193);
    }
    this.#hash = Math.imul(hash ^ 10, 0x01000193);
    this.#print?.(line);
  }
}
