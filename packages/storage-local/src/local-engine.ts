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
  type Inboxes,
  type NodeRef,
  type RetainedStore,
  type SessionRegistry,
  type WillStore,
} from '@godwit/storage';
import { Quota } from '@godwit/storage/adapter';
import { LocalAcceptLog } from './accept/local-accept-log.ts';
import { acceptPrefix, OrphanRuns } from './accept/orphan-runs.ts';
import type { DataDirectory } from './data-directory.ts';
import { diskFailure } from './disk/disk-failure.ts';
import { Journal } from './journal.ts';
import { completeLimits, type LocalLimits } from './local-limits.ts';
import { listLogs, restoreLog } from './log/segment-files.ts';
import { SegmentSet } from './log/segment-set.ts';
import { SegmentedLog } from './log/segmented-log.ts';
import { LocalRetainedStore } from './state/local-retained-store.ts';
import { LocalSessionRegistry } from './state/local-session-registry.ts';
import { LocalWillStore } from './state/local-will-store.ts';
import { StateCleaner } from './state/state-cleaner.ts';
import { StateLog } from './state/state-log.ts';
import { StateTables } from './state/state-tables.ts';

const STATE = 'state';

/** What a `LocalEngine` runs on. */
export interface LocalEngineOptions {
  readonly clock: Clock;
  /** Its data; a newer engine on the same takes over. Closing it is the caller's. */
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
 * // …
 * await engine.stop(10_000);
 * await data.close();
 */
export class LocalEngine implements Engine {
  readonly self: NodeRef;
  readonly durability: Durability = 'disk';
  readonly accepts: AcceptLog;
  readonly inboxes: Inboxes;
  readonly sessions: SessionRegistry;
  readonly retained: RetainedStore;
  readonly wills: WillStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #data: DataDirectory;
  readonly #limits: LocalLimits;
  readonly #journal: Journal;
  readonly #state: StateLog;
  readonly #tables: StateTables;
  readonly #cleaner: StateCleaner;
  readonly #orphans: OrphanRuns;
  readonly #acceptLog: LocalAcceptLog;
  readonly #sessionRegistry: LocalSessionRegistry;
  readonly #retainedStore: LocalRetainedStore;
  readonly #willStore: LocalWillStore;
  readonly #healthListeners: ((health: EngineHealth) => void)[] = [];
  #logs: { readonly state: SegmentedLog; readonly accept: SegmentedLog } | null = null;
  #health: EngineHealth | null = null;
  #phase: 'new' | 'starting' | 'running' | 'over' = 'new';
  #starting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;
  #stopping: PromiseWithResolvers<void> | null = null;
  #stopTimer: Timer | null = null;
  #killed = false;

  /** @throws RangeError when the limits cannot work. */
  constructor({ clock, data, limits = {}, random = systemRandom }: LocalEngineOptions) {
    this.self = data.newRun();
    this.#clock = clock;
    this.#random = random;
    this.#data = data;
    this.#limits = completeLimits(limits);
    const { acceptBytesMax, entryBytesMax, segmentBytes } = this.#limits;
    const onError = (error: unknown): void => this.#fail(error);
    const journal = new Journal(clock, {
      onStall: stalled => this.#report(stalled ? 'stalled' : 'ready'),
      onFailure: onError,
      onIdle: () => this.#stopIfDone(),
    });
    const state = new StateLog(journal, () => this.#cleaner.consider());
    const tables = new StateTables(clock, state, this.#limits);
    const quota = new Quota('accept log', acceptBytesMax);
    this.#journal = journal;
    this.#state = state;
    this.#tables = tables;
    this.#cleaner = new StateCleaner({
      journal,
      state,
      segmentBytes,
      usedBytes: () => tables.usedBytes,
      counts: (item, address) => tables.counts(item, address),
      move: value => tables.move(value),
      onError,
    });
    const orphans = new OrphanRuns(data.disk, state, tables.finished, quota);
    const { self } = this;
    this.#orphans = orphans;
    this.#acceptLog = new LocalAcceptLog({
      journal,
      self,
      quota,
      entryBytesMax,
      segmentBytes,
      orphans,
      onError,
    });
    this.#sessionRegistry = new LocalSessionRegistry(clock, state, tables.sessions);
    this.#retainedStore = new LocalRetainedStore(clock, state, tables.retained);
    this.#willStore = new LocalWillStore(clock, state, tables.wills);
    this.accepts = this.#acceptLog;
    this.inboxes = tables.inboxes;
    this.sessions = this.#sessionRegistry;
    this.retained = this.#retainedStore;
    this.wills = this.#willStore;
  }

  start(): Promise<void> {
    if (this.#phase !== 'new') {
      return Promise.reject(new EngineError('closed', 'an engine starts only once'));
    }
    this.#phase = 'starting';
    const started = this.#start().catch(error => {
      this.#end(diskFailure(error), null);
      throw diskFailure(error);
    });
    this.#starting = started.catch(() => {});
    return started;
  }

  stop(graceMs: number): Promise<void> {
    if (this.#stopping !== null) return this.#stopping.promise;
    this.#stopping = Promise.withResolvers();
    if (this.#phase === 'running' && !this.#killed) {
      this.#acceptLog.drain();
      this.#stopTimer = this.#clock.after(graceMs, () => {
        this.#end(stopped(), null, this.#journal.idle);
        this.#stopping?.resolve();
      });
      this.#stopIfDone();
    } else {
      this.#phase = 'over';
      this.#stopping.resolve();
    }
    return this.#stopping.promise;
  }

  onHealth(listener: (health: EngineHealth) => void): void {
    this.#healthListeners.push(listener);
  }

  /** What a newer run does to this one when it starts; resolves when this one writes no more. */
  async fence(): Promise<void> {
    this.#end(new EngineError('fenced', 'a newer run has taken the data over'), 'fenced');
    await this.#starting;
    await this.#closing;
  }

  /**
   * Ends as the process's death would: from now on it calls nobody, no `done`, no listener, and its
   * promises stay as they are. A write under way is still finished.
   */
  kill(): void {
    this.#killed = true;
    this.#phase = 'over';
    this.#stopTimer?.cancel();
    this.#journal.kill();
    this.#closeTimers();
    this.#willStore.halt();
    this.#closing ??= this.#close(false);
  }

  async #start(): Promise<void> {
    const { disk } = this.#data;
    await this.#data.take(this);
    const files = await listLogs(disk);
    const restored = await restoreLog(
      disk,
      STATE,
      files.get(STATE) ?? [],
      (record, segment, set) => {
        this.#state.restore(set);
        this.#tables.restore(record, segment.base + record.bodyAt);
      },
    );
    this.#state.restore(restored.set);
    this.#tables.inboxes.finishRestore();
    await this.#orphans.restore(this.self.id, files);
    const state = this.#newLog(STATE, restored.set, () => {});
    const acceptSet = new SegmentSet();
    const accept = this.#newLog(acceptPrefix(this.self.incarnation), acceptSet, () =>
      this.#acceptLog.tellDrained(),
    );
    this.#logs = { state, accept };
    // The disk is asked for all it may fail with before anybody relies on it.
    this.#journal.open();
    await Promise.all([state.open(restored.sequence), accept.open(1)]);
    if (this.#phase !== 'starting') throw stopped();
    this.#state.open(state, restored.sequence);
    this.#acceptLog.open(accept, acceptSet);
    this.#phase = 'running';
    this.#sessionRegistry.open();
    this.#retainedStore.open();
    this.#willStore.open();
    this.#report('ready');
    await this.#orphans.forgetFinished();
  }

  #newLog(prefix: string, set: SegmentSet, onRoom: () => void): SegmentedLog {
    return new SegmentedLog({
      disk: this.#data.disk,
      random: this.#random,
      prefix,
      segmentBytes: this.#limits.segmentBytes,
      set,
      pause: () => this.#journal.pause(),
      onRoom,
      onError: error => this.#fail(error),
    });
  }

  #stopIfDone(): void {
    if (this.#stopping === null || this.#phase !== 'running') return;
    if (this.#journal.idle && this.#acceptLog.empty) this.#end(stopped(), null, true);
  }

  #fail(error: unknown): void {
    if (this.#phase === 'running') this.#end(diskFailure(error), 'failed');
  }

  #end(error: EngineError, health: EngineHealth | null, inOrder = false): void {
    const phase = this.#phase;
    this.#phase = 'over';
    if (phase === 'over' || phase === 'new') return;
    this.#closeTimers();
    this.#journal.end(error);
    this.#willStore.close();
    if (health !== null) this.#report(health);
    this.#closing = this.#close(inOrder);
    if (!inOrder) {
      this.#stopTimer?.cancel();
      this.#stopping?.resolve();
      return;
    }
    void this.#closing.then(() => {
      this.#stopTimer?.cancel();
      this.#stopping?.resolve();
    });
  }

  #closeTimers(): void {
    this.#sessionRegistry.close();
    this.#retainedStore.close();
  }

  /** Waits for what is under way and closes the files; `inOrder`, all that was written is synced. */
  async #close(inOrder: boolean): Promise<void> {
    await Promise.allSettled([
      this.#journal.quiet(),
      this.#cleaner.quiet(),
      this.#acceptLog.quiet(),
    ]);
    if (this.#logs === null) return;
    const { state, accept } = this.#logs;
    if (inOrder) {
      await Promise.allSettled([
        state.seal(this.#state.sequence),
        accept.seal(this.#acceptLog.sequence),
      ]);
    }
    await Promise.allSettled([state.close(), accept.close(), this.#orphans.close()]);
  }

  #report(health: EngineHealth): void {
    if (health === this.#health || this.#killed) return;
    this.#health = health;
    for (const listener of this.#healthListeners) this.#journal.tell(() => listener(health));
  }
}

function stopped(): EngineError {
  return new EngineError('closed', 'the engine is stopped');
}
