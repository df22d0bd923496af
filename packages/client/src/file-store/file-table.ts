/**
 * A session's table in a directory: a log of batches, rewritten when most of it is outdated. One
 * process at a time.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '@godwit/runtime';
import { lockFile } from '@godwit/runtime/lock-file';
import type { StoreChanges, StoreTable } from '../store/store-table.ts';
import { LogFile, type OpenFile } from './log-file.ts';
import { changeHeadBytes } from './log-format.ts';

/** A log smaller than this is left alone. */
const compactBytesMin = 1024 * 1024;
/** Values are copied in runs of about so many bytes. */
const runBytes = 1024 * 1024;

interface Place {
  readonly at: number;
  readonly size: number;
}

export class FileTable implements StoreTable {
  readonly #directory: string;
  readonly #random: Random;
  readonly #openFile: OpenFile;
  #places: Map<number, Place>;
  /** Bytes of the log that are not outdated. */
  #liveBytes: number;
  #log: LogFile | null;
  #unlock: (() => void) | null;
  #isBroken: boolean;

  constructor(directory: string, random: Random, openFile: OpenFile = open) {
    this.#directory = directory;
    this.#random = random;
    this.#openFile = openFile;
    this.#places = new Map();
    this.#liveBytes = 0;
    this.#log = null;
    this.#unlock = null;
    this.#isBroken = false;
  }

  async open(): Promise<[number, Uint8Array][]> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const unlock = await lockFile(join(this.#directory, 'lock'), this.#directory);
    try {
      const entries = await this.#load();
      this.#unlock = unlock;
      return entries;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  async write(changes: StoreChanges): Promise<void> {
    if (this.#isBroken) throw new Error(`${this.#path}: an earlier write failed`);
    try {
      let at = await this.#log!.append(changes);
      for (const [key, value] of changes) {
        at += changeHeadBytes;
        this.#place(key, value, at);
        at += value?.length ?? 0;
      }
      if (this.#log!.size > Math.max(compactBytesMin, 2 * this.#liveBytes)) await this.#compact();
    } catch (error) {
      this.#isBroken = true;
      throw new Error(`${this.#path}: ${(error as Error).message}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    const [log, unlock] = [this.#log, this.#unlock];
    this.#log = null;
    this.#unlock = null;
    try {
      await log?.close();
    } finally {
      unlock?.();
    }
  }

  get #path(): string {
    return join(this.#directory, 'session.log');
  }

  get #newPath(): string {
    return `${this.#path}.new`;
  }

  async #load(): Promise<[number, Uint8Array][]> {
    this.#places = new Map();
    this.#liveBytes = 0;
    this.#isBroken = false;
    const values = new Map<number, Uint8Array>();
    try {
      this.#log = await LogFile.open(this.#path, this.#openFile, (key, value, at) => {
        this.#place(key, value, at);
        if (value === null) values.delete(key);
        else values.set(key, new Uint8Array(value));
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      const log = await LogFile.create(this.#newPath, this.#openFile, this.#random.uint32());
      await this.#replace(log);
    }
    await rm(this.#newPath, { force: true });
    return [...values].sort(([a], [b]) => a - b);
  }

  #place(key: number, value: Uint8Array | null, at: number): void {
    const outdated = this.#places.get(key);
    if (outdated !== undefined) this.#liveBytes -= changeHeadBytes + outdated.size;
    if (value === null) {
      this.#places.delete(key);
      return;
    }
    this.#places.set(key, { at, size: value.length });
    this.#liveBytes += changeHeadBytes + value.length;
  }

  /** Copies what is not outdated to a new log, and puts that in place of the old one. */
  async #compact(): Promise<void> {
    const log = await LogFile.create(this.#newPath, this.#openFile, this.#random.uint32());
    try {
      const places = [...this.#places].sort(([, a], [, b]) => a.at - b.at);
      for (let from = 0; from < places.length; ) {
        const start = places[from][1].at;
        let to = from + 1;
        while (to < places.length && endOf(places[to][1]) <= start + runBytes) to += 1;
        await this.#copy(places.slice(from, to), log);
        from = to;
      }
    } catch (error) {
      await log.close();
      throw error;
    }
    await this.#replace(log);
  }

  async #copy(places: readonly (readonly [number, Place])[], log: LogFile): Promise<void> {
    const start = places[0][1].at;
    const length = endOf(places[places.length - 1][1]) - start;
    const bytes = await this.#log!.read(start, length);
    if (bytes.length < length) throw new Error(`ends before byte ${start + length}`);
    const changes = new Map<number, Uint8Array>();
    for (const [key, place] of places) {
      changes.set(key, bytes.subarray(place.at - start, endOf(place) - start));
    }
    let at = await log.append(changes);
    for (const [key, { size }] of places) {
      at += changeHeadBytes;
      this.#places.set(key, { at, size });
      at += size;
    }
  }

  /** The log that was written last takes the place of the one before. */
  async #replace(log: LogFile): Promise<void> {
    const old = this.#log;
    this.#log = log;
    await rename(this.#newPath, this.#path);
    await this.#syncDirectory();
    await old?.close();
  }

  async #syncDirectory(): Promise<void> {
    // Windows has no such call; NTFS keeps its directories in a journal
    if (process.platform === 'win32') return;
    const directory = await open(this.#directory, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

function endOf({ at, size }: Place): number {
  return at + size;
}
