/** What the caller of the command got wrong. */

/** Shown as one line, without a stack; `message` says what, which value, what was expected. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
