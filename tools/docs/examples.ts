/**
 * The TypeScript examples of the documentation as programs that can be run: cuts the `ts` blocks
 * out of a page, each with the output that the page promises in a `text` block right after it.
 */

export interface Example {
  /** Page and line, as 'docs/start/x.md:12'. */
  readonly place: string;
  readonly code: string;
  /** What the program prints, if the page says so. */
  readonly output: string | undefined;
}

const BLOCK = /^```ts\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?/gms;

/** The examples of one page, in order. */
export function examplesOf(page: string, text: string): Example[] {
  return Array.from(text.matchAll(BLOCK), ({ 1: code, 2: output, index }) => ({
    place: `${page}:${text.slice(0, index).split('\n').length}`,
    code,
    output,
  }));
}
