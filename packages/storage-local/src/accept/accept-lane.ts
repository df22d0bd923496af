/**
 * Writes the accept log: the batch that waits for entries and marks, the one under way, and who
 * waits for it. When the disk is full entries wait for room, and marks go on in the reserve.
 */

import type { Clock, Timer } from '@godwit/runtime';
import { EngineError } from '@godwit/storage';
import type { Journal, Lane } from '../journal.ts';
import { RECORD_HEADER_BYTES } from '../log/log-format.ts';
import { LogWriter } from '../log/log-writer.ts';
import { AcceptBatch } from './accept-batch.ts';
import type { AcceptStore } from './accept-store.ts';
import { SettleQueue } from './settle-queue.ts';

/** The longest that a changed mark waits for company. */
const MARKS_WAIT_MS = 100;

export interface AcceptLaneOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly store: AcceptStore;
  /** All entries up to this position are durable. */
  readonly onAccepted: (upTo: number) => void;
  /** There may be more room, or less, than before. */
  readonly onRoom: () => void;
}

export class AcceptLane implements Lane {
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #store: AcceptStore;
  readonly #onAccepted: (upTo: number) => void;
  readonly #onRoom: () => void;
  readonly #settles = new SettleQueue();
  /** Writes marks without entries. */
  readonly #markWriter = new LogWriter();
  /** Those that wait, oldest first; entries go to the last one. */
  #batches: AcceptBatch[] = [];
  #last: AcceptBatch | null = null;
  /** The batch under way; null: of no entries. */
  #batch: AcceptBatch | null = null;
  /** What the next batch may follow in memory. */
  #before: LogWriter | null = null;
  #accepted = 0;
  #parked = false;
  /** Not even marks have room. */
  #held = false;
  #closing = false;
  #marksDue = false;
  /** Segments that had nothing left when the marks of the batch under way were taken. */
  #dead = 0;
  #marksTimer: Timer | null = null;

  constructor(options: AcceptLaneOptions) {
    this.#clock = options.clock;
    this.#journal = options.journal;
    this.#store = options.store;
    this.#onAccepted = options.onAccepted;
    this.#onRoom = options.onRoom;
    options.journal.add(this);
  }

  /** The last position that is durable. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Whether entries wait for room. */
  get parked(): boolean {
    return this.#parked;
  }

  /** Whether nothing is left to be written. */
  get empty(): boolean {
    return this.#batches.length === 0 && !this.#store.marks.dirty && this.#settles.empty;
  }

  /** Begins after position `accepted`. */
  open(accepted: number): void {
    this.#accepted = accepted;
  }

  /** Encodes the entry of a position; gives where its bytes are in its batch. */
  add(position: number, bytes: Uint8Array, start: number, end: number): number {
    let batch = this.#last;
    if (batch === null || batch.full) batch = this.#newBatch(position);
    const at = batch.add(bytes, start, end);
    this.#journal.kick();
    return at;
  }

  /** Bytes of an entry that is not stored yet, from where `add` has put them. */
  view(position: number, at: number, length: number): Uint8Array {
    const under = this.#batch;
    const batch =
      under !== null && position <= under.last
        ? under
        : this.#batches.findLast(({ first }) => first <= position)!;
    return batch.writer.view(at, length);
  }

  /** Marks have changed. */
  touched(): void {
    if (this.#closing) this.#writeMarks();
    else this.#marksTimer ??= this.#clock.after(MARKS_WAIT_MS, () => this.#writeMarks());
  }

  /** Calls `done` when all marks and entries up to `position` are durable. */
  settle(position: number, done: () => void): void {
    this.#settles.add(position, done);
    this.#journal.kick();
  }

  /** From now on nothing waits for company. */
  close(): void {
    this.#closing = true;
    this.#writeMarks();
  }

  /** There is room again after there was none. */
  roomIsBack(): void {
    this.#parked = false;
    this.#held = false;
    this.#journal.kick();
    this.#onRoom();
  }

  get waiting(): boolean {
    const { marks, mover, set } = this.#store;
    if (set.oldestIsDead) return true;
    if (this.#held) return false;
    return (
      (this.#batches.length > 0 && !this.#parked) ||
      this.#settles.ready(this.#accepted) ||
      (this.#marksDue && marks.dirty) ||
      mover.waiting
    );
  }

  take(): void {
    const { marks, mover, set } = this.#store;
    this.#dead = set.deadCount;
    const batch = this.#parked || this.#held ? null : (this.#batches.shift() ?? null);
    if (batch === this.#last) this.#last = null;
    this.#batch = batch;
    this.#marksDue = false;
    mover.take();
    if (this.#held) return;
    batch?.close();
    marks.write(batch?.writer ?? this.#markWriter);
    this.#settles.take();
    if (batch === null) return;
    batch.writer.seal();
    this.#before = batch.writer;
  }

  async commit(): Promise<void> {
    const { log, mover, set } = this.#store;
    const needed = this.#bytes;
    const adding = this.#batch !== null;
    if (needed > 0 && !(await log.reserve(needed, adding, this.#accepted + 1))) {
      await this.#reduce();
    }
    if (this.#journal.error !== null) return;
    const entries = this.#batch !== null;
    const sync = entries || mover.taken || this.#settles.taken || set.oldestIsDead;
    await this.#append();
    // Marks that nobody waits for are not worth a sync.
    if (sync) await log.sync();
  }

  finish(): void {
    const { log, mover, cleaner } = this.#store;
    const batch = this.#batch;
    this.#batch = null;
    this.#markWriter.clear();
    if (batch !== null) {
      this.#accepted = batch.last;
      this.#journal.tell(() => this.#onAccepted(batch.last));
    }
    for (const done of this.#settles.settled(this.#accepted)) {
      if (this.#journal.error !== null) return;
      this.#journal.tell(done);
    }
    if (this.#journal.error !== null) return;
    mover.finish(null);
    // Others may hold entries whose release is due to a mark that is not written yet.
    log.retire(this.#dead);
    this.#onRoom();
    if ((this.#parked || this.#held) && !log.lacksRoom) this.roomIsBack();
    if (!log.lacksRoom) cleaner.consider();
  }

  /** Calls nobody any more. */
  kill(): void {
    this.#marksTimer?.cancel();
  }

  fail(error: EngineError): void {
    this.#marksTimer?.cancel();
    this.#store.mover.finish(error);
  }

  /** Bytes that the batch under way needs. */
  get #bytes(): number {
    const moved = this.#store.mover.writer.bodyBytes;
    const own = (this.#batch?.writer ?? this.#markWriter).bodyBytes;
    return moved === 0 ? own : moved + RECORD_HEADER_BYTES + own;
  }

  #newBatch(first: number): AcceptBatch {
    const batch = new AcceptBatch(first, this.#before);
    this.#before = null;
    this.#batches.push(batch);
    this.#last = batch;
    return batch;
  }

  #writeMarks(): void {
    this.#marksTimer?.cancel();
    this.#marksTimer = null;
    this.#marksDue = true;
    if (this.#store.marks.dirty) this.#journal.kick();
  }

  /** There is no room: entries wait, and only marks are written. */
  async #reduce(): Promise<void> {
    const { log, marks, mover } = this.#store;
    const batch = this.#batch;
    marks.takeBack();
    this.#markWriter.clear();
    if (mover.taken) mover.finish(new EngineError('full', 'the medium has no room left'));
    if (batch !== null) {
      batch.reduce();
      this.#batches.unshift(batch);
      this.#batch = null;
      this.#parked = true;
      this.#onRoom();
    }
    marks.write(this.#markWriter);
    const needed = this.#markWriter.bodyBytes;
    if (needed === 0 || (await log.reserve(needed, false, this.#accepted + 1))) return;
    marks.takeBack();
    this.#settles.putBack();
    this.#markWriter.clear();
    this.#held = true;
  }

  async #append(): Promise<void> {
    const { log, marks, mover } = this.#store;
    const sequence = this.#accepted + 1;
    if (mover.writer.bodyBytes > 0) mover.stored(await log.append(mover.writer, sequence));
    const batch = this.#batch;
    const writer = batch?.writer ?? this.#markWriter;
    if (writer.bodyBytes === 0) return;
    const bodyAddress = await log.append(writer, batch?.first ?? sequence);
    marks.stored(bodyAddress);
    if (batch !== null) this.#store.entriesStored(batch, bodyAddress);
  }
}
