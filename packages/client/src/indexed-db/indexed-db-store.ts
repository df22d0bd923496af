/** The session store of a page or a worker in a browser. */
import type { SessionStore } from '../engine/journal.ts';
import { tableStore } from '../store/table-store.ts';
import type { IdbFactory, LockManager } from './indexed-db.ts';
import { IndexedDbTable } from './indexed-db-table.ts';

/**
 * Keeps one client's session in the database `name`, which is made when it is missing. A second
 * page or worker of the same origin is refused as long as it is open.
 *
 * ```ts
 * const client = createClient('wss://broker.example/mqtt', {
 *   session: { expiryMs: 'never', store: indexedDbStore('meter-7') },
 * });
 * ```
 * @throws TypeError without IndexedDB and Web Locks; browsers have both for pages of `https:` and of
 *   the machine itself
 */
export function indexedDbStore(name: string): SessionStore {
  const { indexedDB, navigator } = globalThis as {
    indexedDB?: IdbFactory;
    navigator?: { locks?: LockManager };
  };
  if (indexedDB === undefined || navigator?.locks === undefined) {
    throw new TypeError('a store needs IndexedDB and Web Locks, which are missing here');
  }
  return tableStore(new IndexedDbTable(name, indexedDB, navigator.locks));
}
