/** What is wrong with a file that somebody wrote by hand, line by line. */

/** A line of a file cannot be understood. */
export interface LineFault {
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

/** Some lines of a file cannot be understood; `message` has a line for each. */
export class FileFaultError extends Error {
  readonly file: string;
  readonly faults: readonly LineFault[];

  constructor(file: string, faults: readonly LineFault[]) {
    super(faults.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'));
    this.name = 'FileFaultError';
    this.file = file;
    this.faults = faults;
  }
}
