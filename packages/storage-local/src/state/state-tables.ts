/** Everything that the state log holds: which item belongs to whom, when read and when moved. */

import type { Clock } from '@godwit/runtime';
import { Quota } from '@godwit/storage/adapter';
import type { LocalLimits } from '../local-limits.ts';
import { BodyReader } from '../log/body-reader.ts';
import type { FoundRecord } from '../log/segment-scan.ts';
import { KeyedTable } from './keyed-table.ts';
import { LocalInboxes } from './local-inboxes.ts';
import type { StoredValue } from './state-cleaner.ts';
import { ItemKind, readItems, type StateItem } from './state-items.ts';
import type { StateLog } from './state-log.ts';

/** Numbers of the tables in the log, for ever. */
const Table = { sessions: 1, retained: 2, wills: 3, finished: 4 } as const;

export class StateTables {
  readonly inboxes: LocalInboxes;
  readonly sessions: KeyedTable;
  readonly retained: KeyedTable;
  readonly wills: KeyedTable;
  /** Accept logs of earlier runs that are finished, while their files go. */
  readonly finished: KeyedTable;
  readonly #tables: ReadonlyMap<number, KeyedTable>;
  readonly #quotas: readonly Quota[];

  constructor(clock: Clock, state: StateLog, limits: LocalLimits) {
    const inboxQuota = new Quota('inboxes', limits.inboxBytesMax);
    const table = (code: number, name: string, bytesMax: number) =>
      new KeyedTable(code, new Quota(name, bytesMax), state);
    this.inboxes = new LocalInboxes(clock, state, inboxQuota);
    this.sessions = table(Table.sessions, 'sessions', limits.sessionBytesMax);
    this.retained = table(Table.retained, 'retained messages', limits.retainedBytesMax);
    this.wills = table(Table.wills, 'wills', limits.willBytesMax);
    this.finished = table(Table.finished, 'finished logs', Number.POSITIVE_INFINITY);
    this.#tables = new Map([
      [Table.sessions, this.sessions],
      [Table.retained, this.retained],
      [Table.wills, this.wills],
      [Table.finished, this.finished],
    ]);
    this.#quotas = [inboxQuota, ...Array.from(this.#tables.values(), ({ quota }) => quota)];
  }

  /** Bytes that everything takes, about. */
  get usedBytes(): number {
    return this.#quotas.reduce((sum, { used }) => sum + used, 0);
  }

  /** Takes over what a record says; `bodyAddress` is where its body is. */
  restore({ body }: FoundRecord, bodyAddress: number): void {
    for (const item of readItems(new BodyReader(body))) {
      switch (item.kind) {
        case ItemKind.put:
          this.#table(item.table).restorePut(item, bodyAddress + item.valueAt);
          break;
        case ItemKind.remove:
          this.#table(item.table).forget(item.key);
          break;
        case ItemKind.append:
          this.inboxes.restoreAppend(item, bodyAddress + item.valueAt);
          break;
        case ItemKind.trim:
          this.inboxes.restoreTrim(item);
          break;
      }
    }
  }

  /** Whether what an item stored at `address` still counts. */
  counts(item: StateItem, address: number): boolean {
    if (item.kind === ItemKind.put) return this.#table(item.table).counts(item.key, address);
    return item.kind === ItemKind.append && this.inboxes.counts(item, address);
  }

  /** Encodes a value anew if it still counts. */
  move({ item, address, value }: StoredValue): void {
    if (item.kind === ItemKind.put) this.#table(item.table).move(item, address, value);
    else if (item.kind === ItemKind.append) this.inboxes.move(item, address, value);
  }

  #table(code: number): KeyedTable {
    const table = this.#tables.get(code);
    if (table === undefined) throw new Error(`an item of the unknown table ${code}`);
    return table;
  }
}
