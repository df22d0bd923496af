/** What the state log has on the disk and where: its files and its tables. */

import { Quota } from '@godwit/storage/adapter';
import type { Journal } from '../journal.ts';
import type { LocalLimits } from '../local-limits.ts';
import type { LocalStats } from '../local-stats.ts';
import { LogCache } from '../log/log-cache.ts';
import { LogCleaner } from '../log/log-cleaner.ts';
import { LogReader } from '../log/log-reader.ts';
import { Mover } from '../log/mover.ts';
import type { FoundRecord } from '../log/segment-scan.ts';
import type { SegmentSet } from '../log/segment-set.ts';
import type { SegmentedLog } from '../log/segmented-log.ts';
import { HeldValues } from './held-values.ts';
import { readItems, writePut } from './state-items.ts';

/** Tables are read once, in the order of the disk: what is read ahead is all that is kept. */
const CACHE_BYTES_MAX = 4 * 1024 * 1024;

/** Numbers of the tables in the log, for ever. */
const Code = { sessions: 1, subscriptions: 2, retained: 3, wills: 4 } as const;

/** A value that is to be stored anew. */
interface MovingValue {
  readonly held: HeldValues;
  readonly key: string;
  /** Where it was found. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface StateStoreOptions {
  readonly journal: Journal;
  readonly stats: LocalStats;
  readonly limits: LocalLimits;
  readonly log: SegmentedLog;
  readonly set: SegmentSet;
  /** What to call the disk in messages. */
  readonly disk: string;
  readonly onError: (error: unknown) => void;
}

export class StateStore {
  readonly log: SegmentedLog;
  readonly set: SegmentSet;
  readonly sessions: HeldValues;
  readonly subscriptions: HeldValues;
  readonly retained: HeldValues;
  readonly wills: HeldValues;
  readonly reader: LogReader;
  readonly mover: Mover<MovingValue>;
  readonly cleaner: LogCleaner<MovingValue>;
  readonly #tables: readonly HeldValues[];

  constructor({ journal, stats, limits, log, set, disk, onError }: StateStoreOptions) {
    const table = (code: number, name: string, bytesMax: number): HeldValues =>
      new HeldValues(code, new Quota(name, bytesMax), set);
    this.log = log;
    this.set = set;
    this.sessions = table(Code.sessions, 'sessions', limits.sessionBytesMax);
    this.subscriptions = table(Code.subscriptions, 'subscriptions', limits.subscriptionBytesMax);
    this.retained = table(Code.retained, 'retained messages', limits.retainedBytesMax);
    this.wills = table(Code.wills, 'wills', limits.willBytesMax);
    this.#tables = [this.sessions, this.subscriptions, this.retained, this.wills];
    this.reader = new LogReader(set, new LogCache(CACHE_BYTES_MAX), disk, stats);
    this.mover = new Mover({
      counts: ({ held, key, address }) => held.counts(key, address),
      write: (to, { held, key, bytes }) => writePut(to, held.code, key, bytes),
      stored: ({ held, key, bytes }, address) => held.restored(key, address, bytes.length),
    });
    this.cleaner = new LogCleaner({
      journal,
      stats,
      set,
      reader: this.reader,
      segmentBytes: limits.segmentBytes,
      liveBytes: () => this.#tables.reduce((sum, { bytes }) => sum + bytes, 0),
      collect: (record, bodyAddress, items) => this.#collect(record, bodyAddress, items),
      move: items => {
        const moved = this.mover.move(items);
        journal.kick();
        return moved;
      },
      onError,
    });
  }

  /** Takes over what a record of an earlier run says. */
  restore({ body }: FoundRecord, bodyAddress: number): void {
    readItems(body, {
      put: (code, key, at, length) => this.#table(code).restored(key, bodyAddress + at, length),
      remove: (code, key) => this.#table(code).removed(key),
    });
  }

  /** Closes the files; `inOrder`, all that was written is synced. */
  async close(inOrder: boolean): Promise<void> {
    await this.cleaner.quiet();
    if (inOrder) await this.log.seal(1).catch(() => {});
    await this.log.close();
  }

  #collect({ body }: FoundRecord, bodyAddress: number, items: MovingValue[]): number {
    let size = 0;
    readItems(body, {
      put: (code, key, at, length) => {
        const held = this.#table(code);
        const address = bodyAddress + at;
        if (!held.counts(key, address)) return;
        items.push({ held, key, address, bytes: body.subarray(at, at + length) });
        size += key.length + length;
      },
      remove: () => {},
    });
    return size;
  }

  #table(code: number): HeldValues {
    const table = this.#tables[code - 1];
    if (table === undefined) throw new Error(`an item of the unknown table ${code}`);
    return table;
  }
}
