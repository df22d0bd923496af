/** The session store of a program on Node. */
import { systemRandom } from '@godwit/runtime';
import type { SessionStore } from '../engine/journal.ts';
import { tableStore } from '../store/table-store.ts';
import { FileTable } from './file-table.ts';

/**
 * Keeps one client's session in `directory`, which is made when it is missing. What is stored
 * survives a crash and a power cut; a second process is refused.
 *
 * ```ts
 * const client = createClient('mqtt://127.0.0.1', {
 *   clientId: 'meter-7',
 *   session: { expiryMs: 'never', store: fileStore('./meter-7') },
 * });
 * ```
 */
export function fileStore(directory: string): SessionStore {
  return tableStore(new FileTable(directory, systemRandom));
}
