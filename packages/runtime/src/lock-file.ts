/**
 * One process at a time, on Node. The lock is the operating system's, on a file, and ends with the
 * process however it ends; Node reaches such locks through SQLite only. A second file says who
 * holds it, for people.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Somebody else has the lock; the message says who. */
export class LockedError extends Error {
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = 'LockedError';
  }
}

/**
 * Takes the lock that the file `path` stands for; the function given lets it go.
 * @param what what it protects, for the message
 * @throws LockedError when another has it, also within this process
 */
export async function lockFile(path: string, what: string): Promise<() => void> {
  // loaded when it is needed: some versions of Node warn that it is experimental
  const { DatabaseSync } = await import('node:sqlite');
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new LockedError(`${what} is in use by ${holder(path)}`, { cause: error });
  }
  writeFileSync(`${path}.holder`, `${process.pid} ${hostname()}\n`, { mode: 0o600 });
  return () => {
    if (!lock.isOpen) return;
    rmSync(`${path}.holder`, { force: true });
    lock.close();
  };
}

function holder(path: string): string {
  try {
    const [, pid, host] = /^(\d+) (\S+)/.exec(readFileSync(`${path}.holder`, 'utf8')) ?? [];
    if (pid !== undefined) return `process ${pid} on ${host} (see: ps -fp ${pid})`;
  } catch {
    // It has only just taken the lock, or another user has.
  }
  return `another process (see: fuser -v ${path})`;
}
