/** Makes a stopped broker's directory as small as what it holds. */

import type { Clock } from '@godwit/runtime';
import { DataDirectory } from '../data-directory.ts';
import type { Disk } from '../disk/disk.ts';
import { LocalEngine } from '../local-engine.ts';
import type { LocalLimits } from '../local-limits.ts';
import { inspectData } from './inspect-data.ts';

const STOP_MS = 60_000;

/** What compacting has brought. */
export interface Compacted {
  /** Bytes of all files of the logs. */
  readonly sizeBefore: number;
  readonly sizeAfter: number;
}

/**
 * Stores everything anew that counts and lets all older files go; a crash on the way loses nothing.
 * Entries stay that only the broker knows to be done with. Rejects with `EngineError`: `locked`
 * while a broker runs, `corrupt`, `version`, `full` without room for a copy of what counts, `io`.
 */
export async function compactData(
  disk: Disk,
  clock: Clock,
  limits: Partial<LocalLimits> = {},
): Promise<Compacted> {
  const sizeBefore = await sizeOf(disk);
  if (sizeBefore === 0) return { sizeBefore, sizeAfter: 0 };
  const data = await DataDirectory.open(disk);
  const engine = new LocalEngine({ clock, data, limits });
  try {
    const marks = new Map<number, Uint8Array>();
    engine.accepts.onMark((key, into) => {
      const value = marks.get(key)!;
      into.set(value);
      return value.length;
    });
    await engine.start();
    await engine.accepts.load({
      entry: () => 1,
      mark: (key, bytes) => void marks.set(key, bytes.slice()),
    });
    await engine.compact();
  } finally {
    await engine.stop(STOP_MS);
    data.close();
  }
  return { sizeBefore, sizeAfter: await sizeOf(disk) };
}

async function sizeOf(disk: Disk): Promise<number> {
  const { accepts, state } = await inspectData(disk);
  return accepts.size + state.size;
}
