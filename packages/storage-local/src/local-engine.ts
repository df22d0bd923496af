/**
 * The engine for one machine: an accept log and a state log on one disk, written together by group
 * commit. It begins by reading what the run before has left, and ends when the disk fails rather
 * than believe it again.
 */

import { type Clock, type Random, systemRandom, type Timer } from '@godwit/runtime';
import {
  type AcceptLog,
  type Durability,
  type Engine,
  EngineError,
  type EngineHealth,
  type HealthListener,
  type Table,
} from '@godwit/storage';
import { Quota } from '@godwit/storage/adapter';
import { AcceptStore } from './accept/accept-store.ts';
import { LocalAcceptLog } from './accept/local-accept-log.ts';
import type { DataDirectory } from './data-directory.ts';
import { diskFailure } from './disk/disk-failure.ts';
import { Journal } from './journal.ts';
import { completeLimits, type LocalLimits } from './local-limits.ts';
import { LocalStats } from './local-stats.ts';
import { LogName, listLogs, openSegments, readSegments } from './log/segment-files.ts';
import { SegmentSet } from './log/segment-set.ts';
import { SegmentedLog } from './log/segmented-log.ts';
import type { HeldValues } from './state/held-values.ts';
import { LocalTable } from './state/local-table.ts';
import { StateLane } from './state/state-lane.ts';
import { StateStore } from './state/state-store.ts';

/** What a `LocalEngine` runs on. */
export interface LocalEngineOptions {
  readonly clock: Clock;
  /** Its data, for one engine at a time. Closing it, after the engine has stopped, is the caller's. */
  readonly data: DataDirectory;
  readonly limits?: Partial<LocalLimits>;
  readonly random?: Random;
}

/**
 * An engine whose acknowledged writes survive a crash of the process and of the machine.
 *
 * @example
 * const data = await DataDirectory.open(await NodeDisk.open('/var/lib/godwit'));
 * const engine = new LocalEngine({ clock: systemClock, data });
 * await engine.start();
 * await engine.accepts.load({ entry: () => 0, mark: () => {} });
 * // …
 * await engine.stop(10_000);
 * data.close();
 */
export class LocalEngine implements Engine {
  readonly durability: Durability = 'disk';
  readonly accepts: AcceptLog;
  readonly sessions: Table;
  readonly subscriptions: Table;
  readonly retained: Table;
  readonly wills: Table;
  /** What it counts; to be read only. */
  readonly stats: Readonly<LocalStats>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #data: DataDirectory;
  readonly #limits: LocalLimits;
  readonly #journal: Journal;
  readonly #acceptStore: AcceptStore;
  readonly #acceptLog: LocalAcceptLog;
  readonly #stateStore: StateStore;
  readonly #stateLane: StateLane;
  readonly #healthListeners: HealthListener[] = [];
  #health: EngineHealth | null = null;
  #stalled = false;
  #phase: 'new' | 'starting' | 'running' | 'over' = 'new';
  #starting: Promise<void> = Promise.resolve();
  #giveBack: () => void = () => {};
  #closing: Promise<void> | null = null;
  #stopping: PromiseWithResolvers<void> | null = null;
  #stopTimer: Timer | null = null;

  /** @throws RangeError when the limits cannot work. */
  constructor({ clock, data, limits = {}, random = systemRandom }: LocalEngineOptions) {
    const { disk } = data;
    const stats = new LocalStats();
    this.#clock = clock;
    this.#random = random;
    this.#data = data;
    this.#limits = completeLimits(limits);
    this.stats = stats;
    const { acceptBytesMax, entryBytesMax, segmentBytes, cacheBytesMax } = this.#limits;
    const onError = (error: unknown): void => this.#fail(error);
    const onRoom = (): void => this.#report();
    const journal = new Journal(clock, stats, {
      onStall: stalled => {
        this.#stalled = stalled;
        this.#report();
      },
      onFailure: onError,
      onIdle: () => this.#stopIfDone(),
    });
    this.#journal = journal;
    const acceptSet = new SegmentSet();
    this.#acceptStore = new AcceptStore({
      disk,
      journal,
      stats,
      log: this.#newLog(LogName.accept, acceptSet, stats, () => this.#acceptLog.lane.roomIsBack()),
      set: acceptSet,
      cacheBytesMax,
      segmentBytes,
      onError,
    });
    const store = this.#acceptStore;
    const quota = new Quota('accept log', acceptBytesMax);
    const accept = { clock, journal, quota, stats, store, entryBytesMax, onRoom, onError };
    this.#acceptLog = new LocalAcceptLog(accept);
    const stateSet = new SegmentSet();
    this.#stateStore = new StateStore({
      journal,
      stats,
      limits: this.#limits,
      log: this.#newLog(LogName.state, stateSet, stats, () => this.#stateLane.roomIsBack()),
      set: stateSet,
      disk: disk.name,
      onError,
    });
    this.#stateLane = new StateLane({ journal, stats, store: this.#stateStore, onRoom });
    this.accepts = this.#acceptLog;
    this.sessions = this.#newTable(this.#stateStore.sessions);
    this.subscriptions = this.#newTable(this.#stateStore.subscriptions);
    this.retained = this.#newTable(this.#stateStore.retained);
    this.wills = this.#newTable(this.#stateStore.wills);
  }

  start(): Promise<void> {
    if (this.#phase !== 'new') {
      return Promise.reject(new EngineError('closed', 'an engine starts only once'));
    }
    this.#phase = 'starting';
    const started = this.#start().catch(error => {
      this.#end(diskFailure(error), false);
      throw diskFailure(error);
    });
    this.#starting = started.catch(() => {});
    return started;
  }

  stop(graceMs: number): Promise<void> {
    if (this.#stopping !== null) return this.#stopping.promise;
    this.#stopping = Promise.withResolvers();
    const { promise, resolve } = this.#stopping;
    this.#stopTimer = this.#clock.after(graceMs, () => {
      this.#end(stopped(), this.#journal.idle);
      resolve();
    });
    if (this.#phase === 'running') {
      this.#acceptLog.close();
      this.#stateLane.close();
      this.#stopIfDone();
    } else {
      this.#end(stopped(), false);
      this.#resolveWhenClosed();
    }
    return promise;
  }

  onHealth(listener: HealthListener): void {
    this.#healthListeners.push(listener);
  }

  /**
   * Stores everything anew that counts, so that all older files go; to be called once the log is
   * loaded, while nothing else is under way. Rejects with `EngineError`, `full` without room.
   */
  async compact(): Promise<void> {
    if (this.#journal.error !== null) throw this.#journal.error;
    await this.#acceptStore.cleaner.cleanAll();
    await this.#stateStore.cleaner.cleanAll();
  }

  /**
   * Ends as the process's death would: from now on it calls nobody, and its promises stay as they
   * are. A write under way is still finished; resolves when the files are closed.
   */
  kill(): Promise<void> {
    this.#healthListeners.length = 0;
    this.#phase = 'over';
    this.#stopTimer?.cancel();
    this.#journal.kill();
    this.#acceptLog.lane.kill();
    this.#closing ??= this.#close(false);
    return this.#closed();
  }

  async #start(): Promise<void> {
    const { disk } = this.#data;
    this.#giveBack = this.#data.take();
    const files = await listLogs(disk);
    const accepts = await openSegments(disk, LogName.accept, files.get(LogName.accept) ?? []);
    this.#acceptStore.open(accepts);
    const state = this.#stateStore;
    const begun = await openSegments(disk, LogName.state, files.get(LogName.state) ?? []);
    await readSegments(disk, begun, state.set, (record, address) => state.restore(record, address));
    // The disk is asked for all it may fail with before anybody relies on it.
    this.#journal.open();
    await state.log.open(1);
    if (this.#phase !== 'starting') throw stopped();
    this.#phase = 'running';
    this.#report();
  }

  #newLog(prefix: string, set: SegmentSet, stats: LocalStats, onRoom: () => void): SegmentedLog {
    return new SegmentedLog({
      disk: this.#data.disk,
      random: this.#random,
      clock: this.#clock,
      stats,
      prefix,
      segmentBytes: this.#limits.segmentBytes,
      set,
      pause: () => this.#journal.pause(),
      onRoom,
      onError: error => this.#fail(error),
    });
  }

  #newTable(held: HeldValues): LocalTable {
    const onError = (error: unknown): void => this.#fail(error);
    return new LocalTable({
      journal: this.#journal,
      lane: this.#stateLane,
      store: this.#stateStore,
      held,
      onError,
    });
  }

  #stopIfDone(): void {
    if (this.#stopping === null || this.#phase !== 'running') return;
    const empty = this.#acceptLog.lane.empty && this.#stateLane.empty;
    if (this.#journal.idle && empty) this.#end(stopped(), true);
  }

  #fail(error: unknown): void {
    if (this.#phase !== 'running') return;
    const failure = diskFailure(error);
    this.#end(failure, false);
    this.#tell('failed', failure);
  }

  #end(error: EngineError, inOrder: boolean): void {
    const begun = this.#phase === 'starting' || this.#phase === 'running';
    this.#phase = 'over';
    if (!begun) return;
    this.#journal.end(error);
    this.#closing = this.#close(inOrder);
    if (this.#stopping !== null) this.#resolveWhenClosed();
  }

  #resolveWhenClosed(): void {
    void this.#closed().then(() => {
      this.#stopTimer?.cancel();
      this.#stopping?.resolve();
    });
  }

  async #closed(): Promise<void> {
    await this.#starting;
    await this.#closing;
  }

  /** Waits for what is under way and closes the files; `inOrder`, all that was written is synced. */
  async #close(inOrder: boolean): Promise<void> {
    await this.#starting;
    await this.#journal.quiet();
    await Promise.allSettled([
      this.#acceptStore.close(inOrder, this.#acceptLog.lane.accepted + 1),
      this.#stateStore.close(inOrder),
    ]);
    this.#giveBack();
  }

  /** Tells how the engine is, if that has changed. */
  #report(): void {
    if (this.#phase !== 'running') return;
    const full = this.#acceptLog.refusing || this.#stateLane.refusing;
    this.#tell(this.#stalled ? 'stalled' : full ? 'full' : 'ready', null);
  }

  #tell(health: EngineHealth, error: EngineError | null): void {
    if (health === this.#health) return;
    this.#health = health;
    for (const listener of this.#healthListeners) {
      this.#journal.tell(() => listener(health, error));
    }
  }
}

function stopped(): EngineError {
  return new EngineError('closed', 'the engine is stopped');
}
