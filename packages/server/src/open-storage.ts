/** Opens the engine in which a server keeps what has to survive it. */

import { systemClock } from '@godwit/runtime';
import type { Engine } from '@godwit/storage';
import { DataDirectory, LocalEngine, NodeDisk } from '@godwit/storage-local';
import type { StorageConfig } from './config/config.ts';

export interface OpenStorage {
  readonly engine: Engine;
  /** What it counts, by name. */
  readonly stats: Readonly<Record<string, number>>;
  /** To be called when the engine has stopped. */
  close(): void;
}

/**
 * Takes the data directory. What is in it is read by the broker, when it starts.
 * @throws EngineError when it is in use or damaged, Error of the system when it cannot be opened
 */
export async function openStorage(dataDir: string, config: StorageConfig): Promise<OpenStorage> {
  const { bytesMax, cacheBytesMax } = config;
  const data = await DataDirectory.open(await NodeDisk.open(dataDir));
  const limits = { acceptBytesMax: bytesMax, cacheBytesMax };
  const engine = new LocalEngine({ clock: systemClock, data, limits });
  const stats = engine.stats as unknown as Readonly<Record<string, number>>;
  return { engine, stats, close: () => data.close() };
}
