/**
 * The file layer: all that the engine asks of an operating system, in a dozen calls. Everything
 * above it runs on real files and on the simulated disk alike. A call fails with an error whose
 * `code` is the system's (`EIO`, `ENOSPC`, …).
 */

/** An open file. */
export interface DiskFile {
  /** Writes all of `bytes` at offset `at`; when it fails, any part may have been written. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Fills `into` from offset `at` on; gives the bytes read, fewer only at the file's end. */
  read(into: Uint8Array, at: number): Promise<number>;
  /** Makes what was written before the call survive a power cut. After a failure, nothing is sure. */
  datasync(): Promise<void>;
  /** Cuts the file, or extends it by zeros, to `size` bytes. */
  truncate(size: number): Promise<void>;
  /** Its length in bytes. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** One directory of files. */
export interface Disk {
  /** What to call it in messages. */
  readonly name: string;
  /** Opens a file for reading and writing; `create`: a new, empty one. */
  open(name: string, create: boolean): Promise<DiskFile>;
  /** Names of all files. */
  list(): Promise<string[]>;
  /** Gives a file another name, in place of the file that had it. */
  rename(from: string, to: string): Promise<void>;
  /** An open file can still be read when it is removed. */
  remove(name: string): Promise<void>;
  /** Makes what was created, renamed and removed before the call survive a power cut. */
  syncDirectory(): Promise<void>;
  /**
   * Takes the directory for this process until the function it gives is called or the process
   * ends. Rejects with an `EngineError`, `locked`, when another one has it.
   */
  lock(): Promise<() => void>;
}

/** Whether an error says that there is no room left, not that the medium is broken. */
export function saysFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
