/**
 * Tells when one of some files has changed, also when it was replaced by another one, as editors
 * and orchestrators do. Does not read them, and keeps no process alive.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

export class FileWatcher {
  readonly #watchers: FSWatcher[];
  readonly #marks: Map<string, string>;
  readonly #onChange: () => void;

  /** A folder that cannot be watched is left alone. */
  constructor(files: readonly string[], onChange: () => void) {
    this.#onChange = onChange;
    this.#marks = new Map(files.map(file => [file, markOf(file)]));
    this.#watchers = [];
    for (const folder of new Set(files.map(dirname))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#look());
        this.#watchers.push(watcher.on('error', () => watcher.close()));
      } catch {
        // The owner may still say when there is something new.
      }
    }
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #look(): void {
    let isChanged = false;
    for (const [file, mark] of this.#marks) {
      const found = markOf(file);
      // One that is gone is about to be replaced.
      if (found === mark || found === '') continue;
      this.#marks.set(file, found);
      isChanged = true;
    }
    if (isChanged) this.#onChange();
  }
}

/** Differs when the file does; '' where there is none. */
function markOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? '' : `${found.ino} ${found.size} ${found.mtimeMs}`;
}
