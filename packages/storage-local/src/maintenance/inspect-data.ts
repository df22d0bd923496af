/** What a stopped broker's directory holds, counted; and whether all of it is as it was written. */

import { readRecord } from '../accept/accept-items.ts';
import type { Disk } from '../disk/disk.ts';
import { LogName } from '../log/segment-files.ts';
import type { FoundRecord } from '../log/segment-scan.ts';
import { readItems, tableNames } from '../state/state-items.ts';
import { type DataProblem, type ScannedSegment, scanData } from './scan-data.ts';

/** Items of one kind. */
export interface ItemCount {
  readonly count: number;
  /** Their bytes, without keys. */
  readonly bytes: number;
}

/** One log. */
export interface LogReport {
  readonly segments: readonly ScannedSegment[];
  /** Bytes of all its files. */
  readonly size: number;
  /** Bytes written. */
  readonly bytes: number;
  /** Of these, bytes that nothing needs any more. */
  readonly deadBytes: number;
}

/** A directory. */
export interface DataReport {
  readonly accepts: LogReport;
  readonly state: LogReport;
  /** Entries that were not seen to go; the broker knows which of them are done with. */
  readonly entries: ItemCount;
  readonly marks: ItemCount;
  /** By table. */
  readonly tables: Readonly<Record<string, ItemCount>>;
  /** What is damaged: without it, what is behind is not counted. */
  readonly problems: readonly DataProblem[];
}

/**
 * Counts what is stored. Rejects with `EngineError`: `locked` while a broker runs, `version`, `io`.
 *
 * @example
 * const { entries, tables } = await inspectData(await NodeDisk.open('/var/lib/godwit'));
 */
export async function inspectData(disk: Disk): Promise<DataReport> {
  const content = new Content();
  const { segments, problems } = await scanData(disk, (log, record) => content.add(log, record));
  const entries = count(content.entries);
  const marks = count(content.marks);
  const tables: Record<string, ItemCount> = {};
  for (const [index, name] of tableNames.entries()) tables[name] = count(content.tables[index]);
  const stateBytes = Object.values(tables).reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    accepts: reportOf(segments.get(LogName.accept) ?? [], entries.bytes + marks.bytes),
    state: reportOf(segments.get(LogName.state) ?? [], stateBytes),
    entries,
    marks,
    tables,
    problems,
  };
}

/**
 * Reads everything and gives what is damaged, with file and byte; none is good. Rejects as
 * `inspectData` does, never for damage.
 */
export async function verifyData(disk: Disk): Promise<readonly DataProblem[]> {
  return (await scanData(disk, () => {})).problems;
}

/** Bytes of what counts, by position or key. */
class Content {
  readonly entries = new Map<number, number>();
  readonly marks = new Map<number, number>();
  readonly tables: readonly Map<string, number>[] = tableNames.map(() => new Map());

  add(log: string, record: FoundRecord): void {
    if (log === LogName.state) this.#addState(record.body);
    else this.#addAccepts(record);
  }

  #addAccepts(record: FoundRecord): void {
    readRecord(record, {
      entry: (position, _at, length) => this.entries.set(position, length),
      mark: (key, _at, length) => this.marks.set(key, length),
      forgotten: key => this.marks.delete(key),
    });
  }

  #addState(body: Buffer): void {
    readItems(body, {
      put: (table, key, _at, length) => this.tables[table - 1]?.set(key, length),
      remove: (table, key) => this.tables[table - 1]?.delete(key),
    });
  }
}

function count(items: ReadonlyMap<unknown, number>): ItemCount {
  let bytes = 0;
  for (const length of items.values()) bytes += length;
  return { count: items.size, bytes };
}

function reportOf(segments: readonly ScannedSegment[], liveBytes: number): LogReport {
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
  const size = segments.reduce((sum, segment) => sum + segment.size, 0);
  return { segments, size, bytes, deadBytes: Math.max(0, bytes - liveBytes) };
}
