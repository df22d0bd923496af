/** A file that is there when it is complete, and not before. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';

const chunkBytes = 1024 * 1024;

export class TextFile {
  readonly #handle: FileHandle;
  #chunk: string[];
  #length: number;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
    this.#chunk = [];
    this.#length = 0;
  }

  /** Makes `path`, in place of the file that had the name, from what `fill` adds. */
  static async write(path: string, fill: (file: TextFile) => Promise<void>): Promise<void> {
    const unfinished = `${path}.part`;
    const handle = await open(unfinished, 'w', 0o600);
    try {
      const file = new TextFile(handle);
      await fill(file);
      await file.#flush();
      await handle.datasync();
    } catch (error) {
      await handle.close();
      await rm(unfinished, { force: true });
      throw error;
    }
    await handle.close();
    await rename(unfinished, path);
  }

  async add(text: string): Promise<void> {
    this.#chunk.push(text);
    this.#length += text.length;
    if (this.#length >= chunkBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = this.#chunk.join('');
    this.#chunk = [];
    this.#length = 0;
    await this.#handle.writeFile(text);
  }
}
