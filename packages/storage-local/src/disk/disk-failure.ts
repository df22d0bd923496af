/** What went wrong with a disk, in the engine's words. */

import { EngineError } from '@godwit/storage';
import { saysFull } from './disk.ts';

/** The error as an `EngineError`: as it is, `full`, or `io`. */
export function diskFailure(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (saysFull(error)) return new EngineError('full', message, { cause: error });
  return new EngineError('io', `the disk failed: ${message}`, { cause: error });
}
