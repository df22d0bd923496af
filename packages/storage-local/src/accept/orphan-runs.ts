/**
 * The accept logs that earlier runs have left: found at start, read on request, removed when they
 * are finished. That a log is finished is said in the state log first, so that it goes as a whole.
 */

import type { EntryRef, NodeRef, OrphanEntry, OrphanLog } from '@godwit/storage';
import { itemCost, type Quota } from '@godwit/storage/adapter';
import type { Disk } from '../disk/disk.ts';
import { LogReader } from '../log/log-reader.ts';
import { removeLog, restoreLog } from '../log/segment-files.ts';
import type { SegmentSet } from '../log/segment-set.ts';
import type { KeyedTable } from '../state/keyed-table.ts';
import { itemBytesMax } from '../state/state-items.ts';
import type { StateLog } from '../state/state-log.ts';
import { indexRecord } from './accept-items.ts';
import { EntryIndex } from './entry-index.ts';

const PREFIX = 'accept-';

/** Prefix of the files of a run's accept log. */
export function acceptPrefix(incarnation: string): string {
  return `${PREFIX}${incarnation}`;
}

interface OrphanRun {
  readonly from: NodeRef;
  readonly set: SegmentSet;
  readonly index: EntryIndex;
  readonly numbers: readonly number[];
}

export class OrphanRuns {
  readonly #disk: Disk;
  readonly #state: StateLog;
  readonly #quota: Quota;
  /** By incarnation: those that are finished and may still have files. */
  readonly #finished: KeyedTable;
  /** By incarnation, oldest first. */
  readonly #runs = new Map<string, OrphanRun>();

  constructor(disk: Disk, state: StateLog, finished: KeyedTable, quota: Quota) {
    this.#disk = disk;
    this.#state = state;
    this.#finished = finished;
    this.#quota = quota;
  }

  /** Finds the logs of other runs of the node `nodeId`. Rejects with `EngineError`. */
  async restore(nodeId: string, logs: ReadonlyMap<string, readonly number[]>): Promise<void> {
    const prefixes = [...logs.keys()].filter(prefix => prefix.startsWith(PREFIX)).sort();
    for (const prefix of prefixes) {
      const incarnation = prefix.slice(PREFIX.length);
      const numbers = logs.get(prefix)!;
      if (this.#finished.get(incarnation) !== undefined) {
        await removeLog(this.#disk, prefix, numbers);
        continue;
      }
      const run = await this.#restoreRun({ id: nodeId, incarnation }, prefix, numbers);
      if (run.index.count > 0) {
        this.#runs.set(incarnation, run);
        this.#quota.charge(costOf(run.index));
      } else {
        await this.#removeFiles(run);
      }
    }
  }

  /** Forgets the marks of logs whose files are gone, after `restore`. */
  async forgetFinished(): Promise<void> {
    for (const [incarnation] of [...this.#finished.entries()]) await this.#forget(incarnation);
  }

  /** The logs there are, oldest first; `onFinished` is called when one has gone. */
  async *logs(onFinished: () => void): AsyncGenerator<OrphanLog> {
    const runs = await this.#state.run(0, null, () => [...this.#runs.values()]);
    for (const run of runs) {
      yield {
        from: run.from,
        entries: () => this.#entries(run),
        finish: () => this.#finish(run, onFinished),
      };
    }
  }

  /** Closes all files. */
  async close(): Promise<void> {
    for (const { set } of this.#runs.values()) {
      await Promise.all(set.segments.map(segment => segment.retire()));
    }
  }

  async #restoreRun(from: NodeRef, prefix: string, numbers: readonly number[]): Promise<OrphanRun> {
    let index: EntryIndex | null = null;
    const { set, kept } = await restoreLog(this.#disk, prefix, numbers, (record, segment, all) => {
      index ??= new EntryIndex(all);
      indexRecord(record, segment.base + record.bodyAt, index);
    });
    return { from, set, index: index ?? new EntryIndex(set), numbers: kept };
  }

  async *#entries(run: OrphanRun): AsyncGenerator<OrphanEntry> {
    const entries = await this.#state.run(0, null, () => run.index.entries());
    const reader = new LogReader(run.set);
    for (const { sequence, index, address, length } of entries) {
      const at: EntryRef = { node: run.from, sequence, index };
      const bytes = reader.followAt(address, length);
      yield { at, bytes: bytes instanceof Uint8Array ? bytes : await bytes };
    }
  }

  async #finish(run: OrphanRun, onFinished: () => void): Promise<void> {
    const { incarnation } = run.from;
    const finished = await this.#state.run(itemBytesMax(incarnation), null, () => {
      if (!this.#runs.delete(incarnation)) return false;
      const none = new Uint8Array(0);
      this.#finished.quota.charge(itemCost(none, incarnation));
      this.#finished.put(incarnation, none, Number.POSITIVE_INFINITY);
      return true;
    });
    if (!finished) return;
    this.#quota.give(costOf(run.index));
    await this.#removeFiles(run);
    await this.#forget(incarnation);
    onFinished();
  }

  async #removeFiles({ from, set, numbers }: OrphanRun): Promise<void> {
    await Promise.all(set.segments.map(segment => segment.retire()));
    await removeLog(this.#disk, acceptPrefix(from.incarnation), numbers);
  }

  async #forget(incarnation: string): Promise<void> {
    await this.#state.run(itemBytesMax(incarnation), null, () =>
      this.#finished.remove(incarnation),
    );
  }
}

function costOf(index: EntryIndex): number {
  return index.count * itemCost({ length: 0 }, '') + index.bytes;
}
