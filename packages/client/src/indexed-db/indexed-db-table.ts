/** A session's table in a database of the browser: one entry a record, one transaction a batch. */
import type { StoreChanges, StoreTable } from '../store/store-table.ts';
import type {
  IdbDatabase,
  IdbFactory,
  IdbObjectStore,
  IdbRequest,
  LockManager,
} from './indexed-db.ts';

const entries = 'entries';
const version = 1;

export class IndexedDbTable implements StoreTable {
  readonly #name: string;
  readonly #factory: IdbFactory;
  readonly #locks: LockManager;
  #database: IdbDatabase | null;
  #unlock: (() => void) | null;

  constructor(name: string, factory: IdbFactory, locks: LockManager) {
    this.#name = name;
    this.#factory = factory;
    this.#locks = locks;
    this.#database = null;
    this.#unlock = null;
  }

  async open(): Promise<[number, Uint8Array][]> {
    const unlock = await this.#lock();
    try {
      const database = await this.#connect();
      const store = database.transaction(entries, 'readonly').objectStore(entries);
      const [keys, values] = await Promise.all([
        resultOf(store.getAllKeys()),
        resultOf(store.getAll()),
      ]);
      this.#database = database;
      this.#unlock = unlock;
      return keys.map((key, at) => [key, values[at]]);
    } catch (error) {
      unlock();
      throw error;
    }
  }

  write(changes: StoreChanges): Promise<void> {
    return new Promise((resolve, reject) => {
      // without 'strict' the browser may say that it is done before it is on the disk
      const options = { durability: 'strict' } as const;
      const transaction = this.#database!.transaction(entries, 'readwrite', options);
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      putAll(transaction.objectStore(entries), changes);
    });
  }

  async close(): Promise<void> {
    this.#database?.close();
    this.#database = null;
    this.#unlock?.();
    this.#unlock = null;
  }

  async #connect(): Promise<IdbDatabase> {
    const request = this.#factory.open(this.#name, version);
    request.onupgradeneeded = () => request.result.createObjectStore(entries);
    return resultOf(request);
  }

  /** Held until the function given is called, or the page is gone. */
  #lock(): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const name = `godwit session ${this.#name}`;
      this.#locks
        .request(name, { ifAvailable: true }, lock => {
          if (lock === null) throw new Error(`${this.#name} is in use by another page or worker`);
          return new Promise<void>(unlock => resolve(unlock));
        })
        .catch(reject);
    });
  }
}

function putAll(store: IdbObjectStore, changes: StoreChanges): void {
  for (const [key, value] of changes) {
    if (value === null) store.delete(key);
    else store.put(value, key);
  }
}

function resultOf<T>(request: IdbRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
