/** As much of the browser's IndexedDB and Web Locks as a table of bytes needs. Types only. */

export interface IdbRequest<T> {
  readonly result: T;
  readonly error: Error | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

export interface IdbOpenRequest extends IdbRequest<IdbDatabase> {
  onupgradeneeded: (() => void) | null;
}

export interface IdbObjectStore {
  getAll(): IdbRequest<Uint8Array[]>;
  getAllKeys(): IdbRequest<number[]>;
  put(value: Uint8Array, key: number): IdbRequest<unknown>;
  delete(key: number): IdbRequest<unknown>;
}

export interface IdbTransaction {
  readonly error: Error | null;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  objectStore(name: string): IdbObjectStore;
}

export interface IdbDatabase {
  createObjectStore(name: string): unknown;
  transaction(
    names: string,
    mode: 'readonly' | 'readwrite',
    options?: { durability: 'strict' },
  ): IdbTransaction;
  close(): void;
}

export interface IdbFactory {
  open(name: string, version: number): IdbOpenRequest;
}

export interface LockManager {
  request(
    name: string,
    options: { ifAvailable: true },
    held: (lock: object | null) => Promise<void>,
  ): Promise<void>;
}
