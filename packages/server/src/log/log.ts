/**
 * The server's log. It starts at once and costs nothing before `open`: what is logged meanwhile is
 * kept, and written when the logger, which takes a while to load, is there.
 */
import type { Logger } from 'pino';
import type { LogConfig } from '../config/config.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** Takes whole lines, as `process.stderr` does. */
export interface LogStream {
  write(line: string): unknown;
}

type Level = Exclude<LogConfig['level'], 'silent'>;

interface LogRecord {
  readonly level: Level;
  readonly message: string;
  readonly fields: LogFields;
}

/** Records kept before `open` has ended; more are dropped. */
const pendingMax = 1_000;

const ranks: Readonly<Record<LogConfig['level'], number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  silent: 4,
};

export class Log {
  readonly #format: LogConfig['format'];
  #level: LogConfig['level'];
  readonly #stream: LogStream;
  #pending: LogRecord[];
  #logger: Logger | undefined;

  constructor(config: LogConfig, stream: LogStream) {
    this.#format = config.format;
    this.#level = config.level;
    this.#stream = stream;
    this.#pending = [];
    this.#logger = undefined;
  }

  /** Whether records of this level are written; saves making those that are not. */
  has(level: Level): boolean {
    return ranks[level] >= ranks[this.#level];
  }

  /** Loads the logger and writes what was kept. */
  async open(): Promise<void> {
    const level = this.#level;
    if (level === 'silent' || this.#logger !== undefined) return;
    const { pino, stdTimeFunctions } = await import('pino');
    const stream = this.#format === 'json' ? this.#stream : await this.#pretty();
    this.#logger = pino({ base: null, level, timestamp: stdTimeFunctions.isoTime }, stream);
    const pending = this.#pending;
    this.#pending = [];
    for (const record of pending) this.#write(record);
  }

  /** Writes from now on what is of this level or above; opens the log where it was silent. */
  async setLevel(level: LogConfig['level']): Promise<void> {
    this.#level = level;
    if (this.#logger === undefined) await this.open();
    else this.#logger.level = level;
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#write({ level: 'debug', message, fields });
  }

  info(message: string, fields: LogFields = {}): void {
    this.#write({ level: 'info', message, fields });
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#write({ level: 'warn', message, fields });
  }

  error(message: string, fields: LogFields = {}): void {
    this.#write({ level: 'error', message, fields });
  }

  async #pretty(): Promise<LogStream> {
    const { prettyLine } = await import('./pretty-line.ts');
    return { write: line => this.#stream.write(prettyLine(line)) };
  }

  #write(record: LogRecord): void {
    if (!this.has(record.level)) return;
    if (this.#logger !== undefined) this.#logger[record.level](record.fields, record.message);
    else if (this.#pending.length < pendingMax) this.#pending.push(record);
  }
}
