/**
 * A program that we did not write, run as a child process: its lines as they come, its end, and a
 * deadline after which it is killed. Ends only what it started.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { deadlineMs, Inbox } from './inbox.ts';

/** Whether `command` can be started here. */
export function isInstalled(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/**
 * What `skip` of a suite is to be.
 * @throws Error in CI, where nothing may be missing
 */
export function skipWhereMissing(missing: string | false): string | false {
  if (missing !== false && process.env.CI !== undefined) throw new Error(missing);
  return missing;
}

/** Milliseconds after which a program is killed: longer than a test file takes. */
const programLifeMs = 120_000;

export class Program {
  readonly #child: ChildProcess;
  readonly #command: string;
  readonly #lines = new Inbox<string>();
  /** Resolves when it has ended, to an error that says how. */
  readonly ended: Promise<Error>;
  #errors = '';

  /** As `new`, for a program that would write whole blocks into a pipe. */
  static writingLines(
    command: string,
    args: readonly string[],
    onLine?: (line: string) => boolean,
  ): Program {
    return new Program('stdbuf', ['-oL', command, ...args], onLine);
  }

  /**
   * @param onLine is shown each line first; one for which it returns true is done with
   * @param lifeMs after which the program is killed
   */
  constructor(
    command: string,
    args: readonly string[],
    onLine: (line: string) => boolean = () => false,
    lifeMs: number = programLifeMs,
  ) {
    const child = spawn(command, args, { timeout: lifeMs, killSignal: 'SIGKILL' });
    this.#child = child;
    this.#command = `${command} ${args.join(' ')}`;
    child.stdin.on('error', () => {}); // its end says enough
    child.stderr.setEncoding('utf8').on('data', text => {
      this.#errors += text;
    });
    createInterface({ input: child.stdout }).on('line', line => {
      if (!onLine(line)) this.#lines.push(line);
    });
    this.ended = new Promise(resolve => {
      child.once('error', resolve);
      child.once('close', () => resolve(this.#failure()));
    });
    void this.ended.then(error => this.#lines.end(error));
  }

  /** Waits for a line that matches; those before it are forgotten. */
  async line(pattern: RegExp): Promise<string> {
    for (;;) {
      const [line] = await this.#lines.take(1);
      if (pattern.test(line)) return line;
    }
  }

  /** Writes to its standard input. */
  write(content: string | Uint8Array): void {
    this.#child.stdin!.write(content);
  }

  /** Ends its standard input and waits for its end. @throws Error when it fails */
  async finish(): Promise<void> {
    this.#child.stdin!.end();
    const error = await this.ended;
    if (this.#child.exitCode !== 0) throw error;
  }

  /** Has it end by `signal`, unless it has ended, and waits for that. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.ended;
  }

  #failure(): Error {
    const { exitCode, signalCode } = this.#child;
    return new Error(`${this.#command}: ended (${exitCode ?? signalCode})\n${this.#errors}`);
  }
}

/** Runs a program to its end, with `input` on its standard input. @throws Error when it fails */
export async function run(
  command: string,
  args: readonly string[],
  input: Uint8Array,
): Promise<void> {
  const program = new Program(command, args, undefined, deadlineMs);
  program.write(input);
  await program.finish();
}
