/**
 * Tells when files have changed, however they were: written, renamed into place, or behind a link
 * that was turned. Reads them to know; what they hold is nobody's business here.
 */
import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Timer } from '@godwit/runtime';

/** Until a certificate and its key have both been written, as far as anyone can know. */
const settleMs = 1_000;
/** In a folder that never rests, files are looked at all the same. */
const longestMs = 10_000;

export class FileWatch {
  readonly #files: readonly string[];
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #watchers: FSWatcher[];
  #seen: string;
  #settling: Timer | null;
  /** When the first thing moved that was not looked at; null when all is quiet. */
  #movingSinceMs: number | null;

  /**
   * @param onChange is called once when nothing has moved for a second, or after ten in any case
   * @throws Error with the system's `code` when a folder cannot be watched
   */
  constructor(files: readonly string[], clock: Clock, onChange: () => void) {
    this.#files = files;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#watchers = [];
    this.#seen = this.#digest();
    this.#settling = null;
    this.#movingSinceMs = null;
    try {
      // The folders: a file that is replaced is another one, which nobody would watch.
      for (const folder of new Set(files.map(file => dirname(file)))) this.#watch(folder);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#settling?.cancel();
    this.#settling = null;
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(folder: string): void {
    const watcher = watch(folder, { persistent: false }, () => this.#moved());
    // A folder that goes away takes its events along; SIGHUP still works.
    watcher.on('error', () => watcher.close());
    this.#watchers.push(watcher);
  }

  #moved(): void {
    const nowMs = this.#clock.monotonicMs();
    this.#movingSinceMs ??= nowMs;
    if (nowMs - this.#movingSinceMs >= longestMs - settleMs) return;
    this.#settling?.cancel();
    this.#settling = this.#clock.after(settleMs, () => {
      this.#movingSinceMs = null;
      const digest = this.#digest();
      if (digest === this.#seen) return;
      this.#seen = digest;
      this.#onChange();
    });
  }

  #digest(): string {
    const hash = createHash('sha256');
    for (const file of this.#files) hash.update(digestOf(file));
    return hash.digest('hex');
  }
}

function digestOf(file: string): Buffer {
  try {
    return createHash('sha256').update(readFileSync(file)).digest();
  } catch {
    return Buffer.alloc(0);
  }
}
