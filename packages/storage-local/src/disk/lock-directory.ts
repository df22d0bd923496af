/**
 * One process for one directory. The lock is the operating system's, on a file, and ends with the
 * process however it ends; Node reaches such locks through SQLite only. A second file says who
 * holds it, for people.
 */

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EngineError } from '@godwit/storage';

const LOCK = 'lock';
const HOLDER = 'lock.holder';

/** Takes the directory; the function given lets it go. Throws an `EngineError`, `locked`. */
export function lockDirectory(path: string): () => void {
  const lock = new DatabaseSync(join(path, LOCK), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new EngineError('locked', `${path} is in use by ${holder(path)}`, { cause: error });
  }
  writeFileSync(join(path, HOLDER), `${process.pid} ${hostname()}\n`, { mode: 0o600 });
  return () => {
    if (!lock.isOpen) return;
    rmSync(join(path, HOLDER), { force: true });
    lock.close();
  };
}

function holder(path: string): string {
  try {
    const [, pid, host] = /^(\d+) (\S+)/.exec(readFileSync(join(path, HOLDER), 'utf8')) ?? [];
    if (pid !== undefined) return `process ${pid} on ${host} (see: ps -fp ${pid})`;
  } catch {
    // It has only just taken the lock, or another user has.
  }
  return `another process (see: fuser -v ${join(path, LOCK)})`;
}
