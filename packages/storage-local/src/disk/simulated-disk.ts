/**
 * A disk in memory that behaves as badly as real ones may, all of it decided by a seed: what was
 * not synced is lost, torn at sectors and out of order on a power cut, files whose directory entry
 * was not synced vanish, a failed sync drops what it should have kept, room runs out. For tests.
 */

import type { Clock, Random } from '@godwit/runtime';
import { EngineError } from '@godwit/storage';
import type { Disk, DiskFile } from './disk.ts';
import { SimulatedFile } from './simulated-file.ts';

/** A change of the directory that was not synced yet. */
interface DirectoryChange {
  readonly remove: string | null;
  readonly set: string | null;
  readonly file: SimulatedFile;
}

/** What a `SimulatedDisk` is made from. */
export interface SimulatedDiskOptions {
  /** Decides what is lost; the same numbers give the same disk. */
  readonly random: Random;
  readonly clock: Clock;
  /** Room for all files together, in bytes; default: no end. */
  readonly bytesMax?: number;
}

/** The process that used the disk is gone: what it had called never returns. */
const NEVER: Promise<never> = new Promise(() => {});

/** One directory of files that outlives the engines on it. */
export class SimulatedDisk implements Disk {
  readonly name = 'simulated';
  /** Room for all files together, in bytes; may change at any time. */
  bytesMax: number;
  /** How long each call takes, at most, in milliseconds. */
  latencyMaxMs = 0;
  /** Calls since the beginning. */
  calls = 0;
  /** The call of this number, counted by `calls`, fails with `EIO` if it writes or syncs. */
  failingCall: number = Number.POSITIVE_INFINITY;
  /** At the call of this number the process is gone, with the call half done or not at all. */
  crashingCall: number = Number.POSITIVE_INFINITY;
  /** Called when `crashingCall` is reached. */
  onCrash: () => void = () => {};
  readonly #random: Random;
  readonly #clock: Clock;
  #files = new Map<string, SimulatedFile>();
  #syncedFiles = new Map<string, SimulatedFile>();
  #changes: DirectoryChange[] = [];
  #process = 0;
  #locked = false;

  constructor({ random, clock, bytesMax = Number.POSITIVE_INFINITY }: SimulatedDiskOptions) {
    this.#random = random;
    this.#clock = clock;
    this.bytesMax = bytesMax;
  }

  /** Bytes that all files take. */
  get bytesUsed(): number {
    let used = 0;
    for (const file of this.#files.values()) used += file.length;
    return used;
  }

  /** The content of a file as a process sees it; may be changed, as by a failing medium. */
  content(name: string): Uint8Array {
    return this.#file(name).content;
  }

  /** The process dies, as by `kill -9`: its calls never return, what it wrote stays. */
  crash(): void {
    this.#process += 1;
    this.#locked = false;
    this.crashingCall = Number.POSITIVE_INFINITY;
    this.failingCall = Number.POSITIVE_INFINITY;
  }

  /** The machine loses power: as `crash`, and what was not synced is lost in part or whole. */
  powerCut(): void {
    this.crash();
    for (const change of this.#changes) if (this.#coin()) apply(change, this.#syncedFiles);
    this.#changes = [];
    const every = new Set([...this.#syncedFiles.values(), ...this.#files.values()]);
    this.#files = new Map(this.#syncedFiles);
    for (const file of every) file.lose(this.#random);
  }

  open(name: string, create: boolean): Promise<DiskFile> {
    return this.#call(() => {
      let file = this.#files.get(name);
      if (create) {
        if (file !== undefined) throw systemError('EEXIST', name);
        file = new SimulatedFile();
        this.#change({ remove: null, set: name, file });
      }
      return this.#handle(file ?? this.#file(name));
    });
  }

  list(): Promise<string[]> {
    return this.#call(() => [...this.#files.keys()].sort());
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call(() => this.#change({ remove: from, set: to, file: this.#file(from) }));
  }

  remove(name: string): Promise<void> {
    return this.#call(() => this.#change({ remove: name, set: null, file: this.#file(name) }));
  }

  syncDirectory(): Promise<void> {
    return this.#call(() => {
      this.#mayFail();
      this.#syncedFiles = new Map(this.#files);
      this.#changes = [];
    });
  }

  lock(): Promise<() => void> {
    return this.#call(() => {
      if (this.#locked) throw new EngineError('locked', `${this.name} is in use`);
      this.#locked = true;
      const process = this.#process;
      return () => {
        if (process === this.#process) this.#locked = false;
      };
    });
  }

  #handle(file: SimulatedFile): DiskFile {
    return {
      write: (bytes, at) => {
        const copy = new Uint8Array(bytes);
        return this.#call(
          () => {
            this.#mayFail();
            const more = Math.max(0, at + copy.length - file.length);
            if (more > 0 && this.bytesUsed + more > this.bytesMax)
              throw systemError('ENOSPC', 'write');
            file.write(copy, at);
          },
          () => file.write(copy.subarray(0, this.#random.uint32() % (copy.length + 1)), at),
        );
      },
      read: (into, at) => this.#call(() => file.read(into, at)),
      datasync: () => {
        return this.#call(() => {
          if (this.calls === this.failingCall) file.dropUnsynced(this.#random);
          this.#mayFail();
          file.sync();
        });
      },
      truncate: size => this.#call(() => file.truncate(size)),
      size: () => this.#call(() => file.length),
      close: () => this.#call(() => {}),
    };
  }

  /** Runs one call of a living process; `half` is what is done of it when the process dies. */
  async #call<T>(run: () => T, half: () => void = () => {}): Promise<T> {
    const process = this.#process;
    await this.#wait();
    if (process !== this.#process) return NEVER;
    this.calls += 1;
    if (this.calls >= this.crashingCall) {
      if (this.#coin()) half();
      this.crash();
      this.onCrash();
      return NEVER;
    }
    return run();
  }

  #wait(): Promise<void> | undefined {
    if (this.latencyMaxMs === 0) return undefined;
    const delayMs = this.#random.uint32() % (this.latencyMaxMs + 1);
    return new Promise(resolve => this.#clock.after(delayMs, resolve));
  }

  #mayFail(): void {
    if (this.calls === this.failingCall) throw systemError('EIO', `call ${this.calls}`);
  }

  #file(name: string): SimulatedFile {
    const file = this.#files.get(name);
    if (file === undefined) throw systemError('ENOENT', name);
    return file;
  }

  #change(change: DirectoryChange): void {
    apply(change, this.#files);
    this.#changes.push(change);
  }

  #coin(): boolean {
    return this.#random.uint32() >>> 31 === 1;
  }
}

function apply({ remove, set, file }: DirectoryChange, files: Map<string, SimulatedFile>): void {
  if (remove !== null && files.get(remove) === file) files.delete(remove);
  if (set !== null) files.set(set, file);
}

function systemError(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
