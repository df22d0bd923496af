/**
 * The data directory of a server that is stopped, for those who look after it: opened only if
 * there is one, and filled only as a whole.
 */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@godwit/runtime';
import type { Engine } from '@godwit/storage';
import { DataDirectory, LocalEngine, type LocalLimits, NodeDisk } from '@godwit/storage-local';

/** Bounds are for servers: whatever is there can be read, and made again. */
export const noLimits: Partial<LocalLimits> = {
  acceptBytesMax: Number.MAX_SAFE_INTEGER,
  sessionBytesMax: Number.MAX_SAFE_INTEGER,
  subscriptionBytesMax: Number.MAX_SAFE_INTEGER,
  retainedBytesMax: Number.MAX_SAFE_INTEGER,
  willBytesMax: Number.MAX_SAFE_INTEGER,
};

/** Until the engine has written what it was given, in milliseconds. */
const stopMs = 60_000;
/** Says that a directory has data; the last file to come, the first to go. */
const superblock = 'godwit.json';
const dataFile = /^(godwit\.json|(accept|state)-\d+\.log)$/;
const lockFile = /^lock(\.holder|-journal)?$/;
/** Within the directory, since that may be a file system of its own. */
const stagingName = 'import.new';

/** The files in `path`. Rejects when there are none of a server. */
export async function openDisk(path: string): Promise<NodeDisk> {
  if (!(await namesIn(path)).some(name => dataFile.test(name))) {
    throw new Error(`${path} has no data of a broker`);
  }
  return NodeDisk.open(path);
}

/** Has `use` work with an engine on `path`. Rejects with `EngineError`: `locked` if a server runs. */
export async function withEngine<T>(path: string, use: (engine: Engine) => Promise<T>): Promise<T> {
  const data = await DataDirectory.open(await NodeDisk.open(path));
  const engine = new LocalEngine({ clock: systemClock, data, limits: noLimits });
  try {
    return await use(engine);
  } finally {
    await engine.stop(stopMs);
    data.close();
  }
}

/**
 * Has `fill` make data in an empty folder, and makes it that of `path` when it is complete: what
 * goes wrong before leaves `path` as it was, and after a crash on the way no server starts on it.
 *
 * @param replace whether `path` may have data, which is removed then
 */
export async function fillFolder(
  path: string,
  replace: boolean,
  fill: (staging: string) => Promise<void>,
): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const disk = await NodeDisk.open(path);
  const staging = join(path, stagingName);
  const unlock = await disk.lock();
  try {
    const found = (await namesIn(path)).filter(name => name !== stagingName);
    if (found.length > 0 && !replace) {
      throw new Error(`${path} is not empty; expected a new folder, or that it may be replaced`);
    }
    await rm(staging, { recursive: true, force: true });
    await fill(staging).catch(async error => {
      await rm(staging, { recursive: true, force: true });
      throw error;
    });
    await removeData(disk);
    await moveData(staging, disk);
    await rm(staging, { recursive: true });
  } finally {
    unlock();
  }
}

async function removeData(disk: NodeDisk): Promise<void> {
  const names = (await namesIn(disk.name)).filter(name => dataFile.test(name));
  if (names.includes(superblock)) {
    await disk.remove(superblock);
    await disk.syncDirectory();
  }
  for (const name of names) if (name !== superblock) await disk.remove(name);
}

async function moveData(staging: string, disk: NodeDisk): Promise<void> {
  const names = (await namesIn(staging)).filter(name => name !== superblock);
  for (const name of names) await rename(join(staging, name), join(disk.name, name));
  await disk.syncDirectory();
  await rename(join(staging, superblock), join(disk.name, superblock));
  await disk.syncDirectory();
}

/** Names in a folder, locks left out; none when it is not there. */
async function namesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter(name => !lockFile.test(name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
