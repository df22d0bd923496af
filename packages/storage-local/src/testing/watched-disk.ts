/** A disk that counts what is under way on another, and lets nothing finish while it is stalled. */

import type { Disk, DiskFile } from '../disk/disk.ts';

export class WatchedDisk implements Disk {
  readonly name: string;
  /** Calls that the disk below is busy with. */
  pending = 0;
  /** Files that were opened and not closed. */
  openFiles = 0;
  readonly #disk: Disk;
  #resume: PromiseWithResolvers<void> | null = null;

  constructor(disk: Disk) {
    this.name = disk.name;
    this.#disk = disk;
  }

  set stalled(stalled: boolean) {
    if (stalled) this.#resume ??= Promise.withResolvers();
    else {
      this.#resume?.resolve();
      this.#resume = null;
    }
  }

  async open(name: string, create: boolean): Promise<DiskFile> {
    const file = await this.#watch(() => this.#disk.open(name, create));
    this.openFiles += 1;
    return {
      write: (bytes, at) => this.#watch(() => file.write(bytes, at)),
      read: (into, at) => this.#watch(() => file.read(into, at)),
      datasync: () => this.#watch(() => file.datasync()),
      truncate: size => this.#watch(() => file.truncate(size)),
      size: () => this.#watch(() => file.size()),
      close: () => {
        this.openFiles -= 1;
        return this.#watch(() => file.close());
      },
    };
  }

  list(): Promise<string[]> {
    return this.#watch(() => this.#disk.list());
  }

  rename(from: string, to: string): Promise<void> {
    return this.#watch(() => this.#disk.rename(from, to));
  }

  remove(name: string): Promise<void> {
    return this.#watch(() => this.#disk.remove(name));
  }

  syncDirectory(): Promise<void> {
    return this.#watch(() => this.#disk.syncDirectory());
  }

  lock(): Promise<() => void> {
    return this.#watch(() => this.#disk.lock());
  }

  async #watch<T>(call: () => Promise<T>): Promise<T> {
    this.pending += 1;
    try {
      const result = await call();
      if (this.#resume === null) return result;
      this.pending -= 1;
      await this.#resume.promise;
      this.pending += 1;
      return result;
    } finally {
      this.pending -= 1;
    }
  }
}
