/**
 * The data of one node on one disk, as this process has it: locked, of a known format, and lent to
 * one engine at a time. The engine's files are the engine's own.
 */

import { crc32 } from 'node:zlib';
import { EngineError } from '@godwit/storage';
import type { Disk } from './disk/disk.ts';
import { diskFailure } from './disk/disk-failure.ts';
import { damage } from './log/segment-scan.ts';

/** Of the files' content; a program reads this one only. */
export const DATA_FORMAT = 2;

const SUPERBLOCK = 'godwit.json';

/** A locked directory. Open it once; close it when no engine uses it any more. */
export class DataDirectory {
  readonly disk: Disk;
  readonly #unlock: () => void;
  #taken = false;

  private constructor(disk: Disk, unlock: () => void) {
    this.disk = disk;
    this.#unlock = unlock;
  }

  /**
   * Locks the data on `disk`, or begins it there. Rejects with an `EngineError`: `locked` when it
   * is in use, here or in another process, `version` when its format is not known, `corrupt` when
   * it is damaged, `io` and `full` when the disk fails.
   */
  static async open(disk: Disk): Promise<DataDirectory> {
    const unlock = await disk.lock();
    try {
      if (!(await checkSuperblock(disk))) await writeSuperblock(disk);
      return new DataDirectory(disk, unlock);
    } catch (error) {
      unlock();
      throw diskFailure(error);
    }
  }

  /**
   * Lends the data to an engine, until that calls what it is given. Throws `EngineError`, `locked`,
   * when one has it already.
   */
  take(): () => void {
    if (this.#taken) {
      throw new EngineError('locked', `${this.disk.name} is in use by another engine`);
    }
    this.#taken = true;
    return () => {
      this.#taken = false;
    };
  }

  /** Lets others have the data: to be called when its engine has stopped. */
  close(): void {
    this.#unlock();
  }
}

/** Whether there is data on the disk; rejects with `EngineError` unless it is of this format. */
export async function checkSuperblock(disk: Disk): Promise<boolean> {
  const names = await disk.list();
  if (!names.includes(SUPERBLOCK)) {
    const log = names.find(name => name.endsWith('.log'));
    if (log !== undefined) throw damage(disk.name, SUPERBLOCK, 0, `missing, but ${log} is there`);
    return false;
  }
  const [json, checksum] = (await readText(disk, SUPERBLOCK)).split('\n');
  if (Number(checksum) !== crc32(json)) throw damage(disk.name, SUPERBLOCK, 0, 'wrong checksum');
  const { format } = JSON.parse(json);
  if (format === DATA_FORMAT) return true;
  const advice =
    format < DATA_FORMAT
      ? 'no release has written that: move it away and begin anew'
      : 'use the version of Godwit that wrote it, or a newer one';
  throw new EngineError(
    'version',
    `${disk.name} has data of format ${format}, this program knows format ${DATA_FORMAT}: ${advice}`,
  );
}

async function readText(disk: Disk, name: string): Promise<string> {
  const file = await disk.open(name, false);
  try {
    const bytes = Buffer.alloc(await file.size());
    await file.read(bytes, 0);
    return bytes.toString('utf8');
  } finally {
    await file.close();
  }
}

/** Writes the superblock as a whole: a crash leaves it, or nothing. */
async function writeSuperblock(disk: Disk): Promise<void> {
  const temporary = `${SUPERBLOCK}.new`;
  if ((await disk.list()).includes(temporary)) await disk.remove(temporary);
  const json = JSON.stringify({ format: DATA_FORMAT });
  const file = await disk.open(temporary, true);
  try {
    await file.write(Buffer.from(`${json}\n${crc32(json)}\n`), 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, SUPERBLOCK);
  await disk.syncDirectory();
}
