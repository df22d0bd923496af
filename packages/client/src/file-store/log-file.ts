/**
 * One log file: reads what it holds, and appends a record a batch, synced before it counts. A torn
 * end is cut off; any other damage is an error that says where.
 */
import type { FileHandle, open } from 'node:fs/promises';
import type { StoreChanges } from '../store/store-table.ts';
import {
  decodeFileHeader,
  encodeFileHeader,
  encodeRecord,
  fileHeaderBytes,
  forEachChange,
  hasRecord,
  isSound,
  type RecordHeader,
  recordHeaderAt,
  recordHeaderBytes,
} from './log-format.ts';

/** Opens a file, as `open` of `node:fs/promises` does. */
export type OpenFile = typeof open;

/** What a record changes, and where in the file the value begins. */
export type VisitChange = (key: number, value: Buffer | null, valueAt: number) => void;

export class LogFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #salt: number;
  #end: number;

  private constructor(path: string, file: FileHandle, salt: number) {
    this.#path = path;
    this.#file = file;
    this.#salt = salt;
    this.#end = fileHeaderBytes;
  }

  /** A new, empty one, in place of any that was there. */
  static async create(path: string, openFile: OpenFile, salt: number): Promise<LogFile> {
    const log = new LogFile(path, await openFile(path, 'w+', 0o600), salt);
    await log.#closeOnFailure(async () => {
      await log.#write(encodeFileHeader(salt), 0);
      await log.#file.datasync();
    });
    return log;
  }

  /**
   * Opens one that exists, and shows its changes in their order.
   * @throws Error with path and offset when it is damaged
   */
  static async open(path: string, openFile: OpenFile, visit: VisitChange): Promise<LogFile> {
    const log = new LogFile(path, await openFile(path, 'r+'), 0);
    await log.#closeOnFailure(() => log.#load(visit));
    return log;
  }

  /** Bytes in the file. */
  get size(): number {
    return this.#end;
  }

  /** Appends a record. @returns where its body begins */
  async append(changes: StoreChanges): Promise<number> {
    const record = encodeRecord(changes, this.#salt);
    const at = this.#end;
    await this.#write(record, at);
    await this.#file.datasync();
    this.#end = at + record.length;
    return at + recordHeaderBytes;
  }

  /** The bytes from `at` on; fewer at the file's end. */
  async read(at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.#file.read(bytes, done, length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const left = bytes.length - done;
      const { bytesWritten } = await this.#file.write(bytes, done, left, at + done);
      done += bytesWritten;
    }
  }

  async #load(visit: VisitChange): Promise<void> {
    const { size } = await this.#file.stat();
    try {
      this.#salt = decodeFileHeader(await this.read(0, fileHeaderBytes));
    } catch (error) {
      throw new Error(`${this.#path}: ${(error as Error).message}`);
    }
    while (this.#end < size) {
      const at = this.#end;
      const header = recordHeaderAt(await this.read(at, recordHeaderBytes), 0, this.#salt);
      const body = header === null ? null : await this.#body(at, header, size);
      if (body === null) {
        await this.#cut(at, size);
        return;
      }
      const bodyAt = at + recordHeaderBytes;
      forEachChange(body, (key, value, valueAt) => visit(key, value, bodyAt + valueAt));
      this.#end = bodyAt + body.length;
    }
  }

  /** Null when it is not all there, or not as it was written. */
  async #body(at: number, header: RecordHeader, size: number): Promise<Buffer | null> {
    const bodyAt = at + recordHeaderBytes;
    if (bodyAt + header.bodyBytes > size) return null;
    const body = await this.read(bodyAt, header.bodyBytes);
    return isSound(body, header) ? body : null;
  }

  /** A record is begun when the one before is stored: only the last one can be torn. */
  async #cut(at: number, size: number): Promise<void> {
    if (hasRecord(await this.read(at + 1, size - at - 1), this.#salt)) {
      throw new Error(`${this.#path}: damaged at byte ${at}`);
    }
    await this.#file.truncate(at);
    await this.#file.datasync();
  }

  async #closeOnFailure(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.#file.close();
      throw error;
    }
  }
}
