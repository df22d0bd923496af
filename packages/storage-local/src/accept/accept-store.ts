/**
 * What the accept log has on the disk and where: its files, the index of its entries, its marks, and
 * how they are read, moved and loaded.
 */

import type { AcceptLogVisitor } from '@godwit/storage';
import type { Disk } from '../disk/disk.ts';
import type { Journal } from '../journal.ts';
import type { LocalStats } from '../local-stats.ts';
import { LogCache } from '../log/log-cache.ts';
import { LogCleaner } from '../log/log-cleaner.ts';
import { RECORD_HEADER_BYTES } from '../log/log-format.ts';
import { LogReader } from '../log/log-reader.ts';
import { Mover } from '../log/mover.ts';
import { type BegunSegment, closeSegments, readSegments } from '../log/segment-files.ts';
import type { FoundRecord } from '../log/segment-scan.ts';
import type { SegmentSet } from '../log/segment-set.ts';
import type { SegmentedLog } from '../log/segmented-log.ts';
import type { AcceptBatch } from './accept-batch.ts';
import { MOVED_BYTES, readRecord, writeMoved } from './accept-items.ts';
import { AcceptLoader } from './accept-loader.ts';
import { EntryIndex } from './entry-index.ts';
import { MarkBook } from './mark-book.ts';

/**
 * Positions left out at each start: more than were ever given to offers that did not get to the
 * disk, but that marks may speak of.
 */
const POSITIONS_LEFT_OUT = 2 ** 30;

/** As an address, the place of an entry that is in a batch only; and back. */
export function placeInBatch(at: number): number {
  return -1 - at;
}

/** An entry that is to be stored anew. */
interface MovingEntry {
  readonly position: number;
  /** Where it was found. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface AcceptStoreOptions {
  readonly disk: Disk;
  readonly journal: Journal;
  readonly stats: LocalStats;
  readonly log: SegmentedLog;
  readonly set: SegmentSet;
  readonly cacheBytesMax: number;
  readonly segmentBytes: number;
  readonly onError: (error: unknown) => void;
}

export class AcceptStore {
  readonly log: SegmentedLog;
  readonly set: SegmentSet;
  readonly index: EntryIndex = new EntryIndex();
  readonly marks: MarkBook;
  readonly cache: LogCache;
  readonly reader: LogReader;
  readonly mover: Mover<MovingEntry>;
  readonly cleaner: LogCleaner<MovingEntry>;
  readonly #disk: Disk;
  readonly #stats: LocalStats;
  #begun: readonly BegunSegment[] = [];
  #loading: Promise<unknown> = Promise.resolve();
  #opened = false;

  constructor(options: AcceptStoreOptions) {
    const { disk, journal, stats, log, set, segmentBytes, onError } = options;
    this.log = log;
    this.set = set;
    this.marks = new MarkBook(set);
    this.cache = new LogCache(options.cacheBytesMax);
    this.reader = new LogReader(set, this.cache, disk.name, stats);
    this.mover = new Mover({
      counts: ({ position, address }) => this.index.addressOf(position) === address,
      write: (to, { position, bytes }) => writeMoved(to, position, bytes),
      stored: ({ position, address }, now) => {
        this.index.move(position, now);
        set.count(address, -1);
        set.count(now, 1);
      },
    });
    this.cleaner = new LogCleaner({
      journal,
      stats,
      set,
      reader: this.reader,
      segmentBytes,
      liveBytes: () => stats.entryBytes + stats.entries * MOVED_BYTES + this.marks.bytes,
      collect: (record, bodyAddress, items) => this.#collect(record, bodyAddress, items),
      move: items => {
        const moved = this.mover.move(items);
        journal.kick();
        return moved;
      },
      onError,
    });
    this.#disk = disk;
    this.#stats = stats;
  }

  /** Says which files earlier runs have left; they are to be read by `load`. */
  open(begun: readonly BegunSegment[]): void {
    this.#begun = begun;
  }

  /** Reads what there is and begins a new file; gives the first position of this run. */
  load(visitor: AcceptLogVisitor): Promise<number> {
    const loading = this.#load(visitor);
    this.#loading = loading.catch(() => {});
    return loading;
  }

  /** A batch is stored, its body at `bodyAddress`. */
  entriesStored({ first, last, writer }: AcceptBatch, bodyAddress: number): void {
    let stored = 0;
    for (let position = first; position <= last; position += 1) {
      const at = this.index.addressOf(position);
      // It may have been let go of meanwhile.
      if (Number.isNaN(at)) continue;
      this.index.move(position, bodyAddress + placeInBatch(at));
      stored += 1;
    }
    this.set.at(bodyAddress).live += stored;
    const from = bodyAddress - RECORD_HEADER_BYTES;
    this.cache.addWritten(from, writer.block, writer.start, RECORD_HEADER_BYTES + writer.bodyBytes);
  }

  /** Closes the files; `inOrder`, all that was written is synced, and `position` is the next. */
  async close(inOrder: boolean, position: number): Promise<void> {
    await this.#loading;
    await this.cleaner.quiet();
    await closeSegments(this.#begun);
    if (!this.#opened) return;
    if (inOrder) await this.log.seal(position).catch(() => {});
    await this.log.close();
  }

  async #load(visitor: AcceptLogVisitor): Promise<number> {
    const begun = this.#begun;
    this.#begun = [];
    const { index, marks, set } = this;
    const onHeld = (length: number): void => {
      this.#stats.entries += 1;
      this.#stats.entryBytes += length;
    };
    const loader = new AcceptLoader({ set, index, marks, visitor, onHeld });
    const last = await readSegments(this.#disk, begun, set, (record, bodyAddress) =>
      loader.record(record, bodyAddress),
    );
    this.#opened = true;
    loader.finish();
    const position = last + POSITIONS_LEFT_OUT;
    await this.log.open(position);
    return position;
  }

  #collect(record: FoundRecord, bodyAddress: number, items: MovingEntry[]): number {
    let size = 0;
    readRecord(record, {
      entry: (position, at, length) => {
        const address = bodyAddress + at;
        if (this.index.addressOf(position) !== address) return;
        items.push({ position, address, bytes: record.body.subarray(at, at + length) });
        size += MOVED_BYTES + length;
      },
      mark: (key, at, length) => {
        if (this.marks.moveFrom(key, bodyAddress + at)) size += length;
      },
      forgotten: () => {},
    });
    return size;
  }
}
