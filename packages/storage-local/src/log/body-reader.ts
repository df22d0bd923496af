/** Reads the items of a record's body, in the order in which a `LogWriter` wrote them. */

export class BodyReader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get done(): boolean {
    return this.#at >= this.#body.length;
  }

  u8(): number {
    const value = this.#body[this.#at];
    this.#at += 1;
    return value;
  }

  u32(): number {
    const value = this.#body.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  f64(): number {
    const value = this.#body.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  text(): string {
    const length = this.u32();
    const value = this.#body.toString('utf8', this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  /** Passes over a length and bytes; gives where the bytes are in the body. */
  skipBytes(): { readonly at: number; readonly length: number } {
    const length = this.u32();
    const at = this.#at;
    this.#at += length;
    return { at, length };
  }
}
