/**
 * A directory of real files, through Node's thread pool: nothing here waits for the disk on the
 * main thread, except taking the lock, once at start.
 */

import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.ts';
import { lockDirectory } from './lock-directory.ts';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = constants;

/**
 * The files of the directory `path`, which is made when it is missing.
 *
 * @example
 * const data = await DataDirectory.open(await NodeDisk.open('/var/lib/godwit'));
 */
export class NodeDisk implements Disk {
  readonly name: string;

  private constructor(path: string) {
    this.name = path;
  }

  /** Rejects with the system's error when there can be no such directory. */
  static async open(path: string): Promise<NodeDisk> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    return new NodeDisk(path);
  }

  async open(name: string, create: boolean): Promise<DiskFile> {
    const flags = create ? O_RDWR | O_CREAT | O_EXCL : O_RDWR;
    return new NodeFile(await open(join(this.name, name), flags, 0o600));
  }

  async list(): Promise<string[]> {
    const entries = await readdir(this.name, { withFileTypes: true });
    return entries.filter(entry => entry.isFile()).map(entry => entry.name);
  }

  rename(from: string, to: string): Promise<void> {
    return rename(join(this.name, from), join(this.name, to));
  }

  remove(name: string): Promise<void> {
    return rm(join(this.name, name));
  }

  async syncDirectory(): Promise<void> {
    // Windows has no such call; NTFS keeps its directories in a journal.
    if (process.platform === 'win32') return;
    const handle = await open(this.name, O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  lock(): Promise<() => void> {
    return lockDirectory(this.name);
  }
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        done,
        bytes.length - done,
        at + done,
      );
      done += bytesWritten;
    }
  }

  async read(into: Uint8Array, at: number): Promise<number> {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await this.#handle.read(into, done, into.length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  datasync(): Promise<void> {
    return this.#handle.datasync();
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
