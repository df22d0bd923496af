/** For options that may be given several times. */

/** All that was given so far, and one more. */
export function append(text: string, texts: readonly string[] = []): readonly string[] {
  return [...texts, text];
}
