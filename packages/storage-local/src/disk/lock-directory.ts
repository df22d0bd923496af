/** One process for one directory: the lock file in it, in the engine's words. */
import { join } from 'node:path';
import { LockedError, lockFile } from '@godwit/runtime/lock-file';
import { EngineError } from '@godwit/storage';

/** Takes the directory; the function given lets it go. Rejects with an `EngineError`, `locked`. */
export async function lockDirectory(path: string): Promise<() => void> {
  try {
    return await lockFile(join(path, 'lock'), path);
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    throw new EngineError('locked', error.message, { cause: error });
  }
}
