/**
 * The data of one node on one disk, as this process has it: locked, of a known format, with a name
 * for each run, and lent to one engine at a time. The engine's files are the engine's own.
 */

import { crc32 } from 'node:zlib';
import { type Random, systemRandom } from '@godwit/runtime';
import { EngineError, type NodeRef } from '@godwit/storage';
import type { Disk } from './disk/disk.ts';
import { diskFailure } from './disk/disk-failure.ts';
import { damage } from './log/segment-scan.ts';

/** Of the files' content; a program reads this one only. */
const FORMAT = 1;

const SUPERBLOCK = 'godwit.json';

interface Superblock {
  readonly format: number;
  /** The node whose data it is. */
  readonly node: string;
  /** How often it was opened. */
  readonly opened: number;
}

/** The engine that may write. */
export interface DirectoryUser {
  readonly self: NodeRef;
  /** A newer run takes over; resolves when this one writes no more. */
  fence(): Promise<void>;
}

/** A locked directory. Open it once; the engines of this process share it, one after the other. */
export class DataDirectory {
  readonly disk: Disk;
  readonly #superblock: Superblock;
  readonly #unlock: () => void;
  #runs = 0;
  #user: DirectoryUser | null = null;

  private constructor(disk: Disk, superblock: Superblock, unlock: () => void) {
    this.disk = disk;
    this.#superblock = superblock;
    this.#unlock = unlock;
  }

  /**
   * Locks the data on `disk`, or begins it there. Rejects with an `EngineError`: `locked` when
   * another process has it, `version` when its format is not known, `corrupt` when it is damaged,
   * `io` and `full` when the disk fails.
   */
  static async open(disk: Disk, random: Random = systemRandom): Promise<DataDirectory> {
    const unlock = await disk.lock();
    try {
      const before = await readSuperblock(disk);
      const superblock = {
        format: FORMAT,
        node: before?.node ?? Buffer.from(random.bytes(8)).toString('hex'),
        opened: (before?.opened ?? 0) + 1,
      };
      await writeSuperblock(disk, superblock);
      return new DataDirectory(disk, superblock, unlock);
    } catch (error) {
      unlock();
      throw diskFailure(error);
    }
  }

  /** A name for a new run, greater than all before. */
  newRun(): NodeRef {
    this.#runs += 1;
    const opened = String(this.#superblock.opened).padStart(10, '0');
    const run = String(this.#runs).padStart(5, '0');
    return { id: this.#superblock.node, incarnation: `${opened}.${run}` };
  }

  /** Lends the data to `user`, once the one before writes no more. */
  async take(user: DirectoryUser): Promise<void> {
    const before = this.#user;
    if (before !== null && before.self.incarnation > user.self.incarnation) {
      throw new EngineError('fenced', `a newer run, ${before.self.incarnation}, has the data`);
    }
    this.#user = user;
    await before?.fence();
  }

  /** Ends the run that has the data, if one has, and lets other processes have it. */
  async close(): Promise<void> {
    await this.#user?.fence();
    this.#unlock();
  }
}

async function readSuperblock(disk: Disk): Promise<Superblock | null> {
  const names = await disk.list();
  if (!names.includes(SUPERBLOCK)) {
    const log = names.find(name => name.endsWith('.log'));
    if (log !== undefined) throw damage(disk.name, SUPERBLOCK, 0, `missing, but ${log} is there`);
    return null;
  }
  const file = await disk.open(SUPERBLOCK, false);
  const bytes = Buffer.alloc(await file.size());
  await file.read(bytes, 0);
  await file.close();
  const [json, checksum] = bytes.toString('utf8').split('\n');
  if (Number(checksum) !== crc32(json)) throw damage(disk.name, SUPERBLOCK, 0, 'wrong checksum');
  const superblock: Superblock = JSON.parse(json);
  if (superblock.format === FORMAT) return superblock;
  throw new EngineError(
    'version',
    `${disk.name} has data of format ${superblock.format}, this program knows format ${FORMAT}: ` +
      'use the version of Godwit that wrote it, or a newer one',
  );
}

/** Replaces the superblock as a whole: a crash leaves the old one or the new one. */
async function writeSuperblock(disk: Disk, superblock: Superblock): Promise<void> {
  const temporary = `${SUPERBLOCK}.new`;
  if ((await disk.list()).includes(temporary)) await disk.remove(temporary);
  const json = JSON.stringify(superblock);
  const file = await disk.open(temporary, true);
  await file.write(Buffer.from(`${json}\n${crc32(json)}\n`), 0);
  await file.datasync();
  await file.close();
  await disk.rename(temporary, SUPERBLOCK);
  await disk.syncDirectory();
}
