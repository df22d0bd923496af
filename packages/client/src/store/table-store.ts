/** A session store made of a table: what every adapter has in common. */
import type { Clock } from '@godwit/runtime';
import type { OpenStore, SessionStore } from '../engine/journal.ts';
import type { MqttError } from '../errors.ts';
import { readSession } from './session-records.ts';
import type { StoreTable } from './store-table.ts';
import { storeFailed, TableJournal } from './table-journal.ts';

/**
 * Makes a store of your own for `session.store`; `@godwit/client/store-contract` tests its table.
 *
 * ```ts
 * const client = createClient(url, { session: { store: tableStore(new RedisTable('meter-7')) } });
 * ```
 */
export function tableStore(table: StoreTable): SessionStore {
  return { open: (clock, onFailure) => open(table, clock, onFailure) };
}

async function open(
  table: StoreTable,
  clock: Clock,
  onFailure: (error: MqttError) => void,
): Promise<OpenStore> {
  let entries: Awaited<ReturnType<StoreTable['open']>>;
  try {
    entries = await table.open();
  } catch (error) {
    throw storeFailed(error);
  }
  try {
    const session = readSession(entries, clock);
    const last = session.messages.at(-1)?.sequence ?? 0;
    const journal = new TableJournal(table, clock, session.clientId, last, onFailure);
    return { session, journal };
  } catch (error) {
    await table.close();
    throw storeFailed(error);
  }
}
