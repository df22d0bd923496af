import { IDBFactory } from 'fake-indexeddb';
import { tableContract } from '../store-contract/table-contract.ts';
import type { IdbFactory, LockManager } from './indexed-db.ts';
import { IndexedDbTable } from './indexed-db-table.ts';

/** As `navigator.locks`, for one name. */
class OneLock implements LockManager {
  #isHeld = false;

  async request(
    _name: string,
    _options: object,
    held: (lock: object | null) => Promise<void>,
  ): Promise<void> {
    if (this.#isHeld) return held(null);
    this.#isHeld = true;
    try {
      await held({});
    } finally {
      this.#isHeld = false;
    }
  }
}

tableContract('IndexedDB', async () => {
  const factory = new IDBFactory() as unknown as IdbFactory;
  const locks = new OneLock();
  const tables: IndexedDbTable[] = [];
  const make = (): IndexedDbTable => {
    const table = new IndexedDbTable('session', factory, locks);
    tables.push(table);
    return table;
  };
  const close = async (): Promise<void> => {
    for (const table of tables) await table.close();
  };
  return { table: make(), another: make, crash: close, close };
});
