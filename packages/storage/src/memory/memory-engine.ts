/**
 * The engine that keeps everything in maps: for brokers without durable state, for tests and the
 * simulator. It behaves as an engine with a disk does (one writer, batches, runs, fencing), on a
 * `MemoryDisk` that can misbehave and that the next engine can be opened on.
 */

import type { Clock, Timer } from '@godwit/runtime';
import type { AcceptLog } from '../accept-log.ts';
import type { Durability, Engine, EngineHealth } from '../engine.ts';
import { EngineError } from '../engine-error.ts';
import type { Inboxes } from '../inboxes.ts';
import type { NodeRef } from '../node-ref.ts';
import type { RetainedStore } from '../retained-store.ts';
import type { SessionRegistry } from '../session-registry.ts';
import type { WillStore } from '../will-store.ts';
import { MemoryAcceptLog } from './memory-accept-log.ts';
import { MemoryDisk } from './memory-disk.ts';
import { MemoryInboxes } from './memory-inboxes.ts';
import { MemoryJournal } from './memory-journal.ts';
import { MemoryRetainedStore } from './memory-retained-store.ts';
import { MemorySessionRegistry } from './memory-session-registry.ts';
import { MemoryWillStore } from './memory-will-store.ts';

/** What a `MemoryEngine` runs on. */
export interface MemoryEngineOptions {
  readonly clock: Clock;
  /** The data, with its limits and faults; a new, empty disk by default. */
  readonly disk?: MemoryDisk;
  /** Name of the node; default `memory`. */
  readonly nodeId?: string;
}

/**
 * An engine whose data ends with its `disk`; `durability` is `memory`.
 *
 * @example
 * const engine = new MemoryEngine({ clock: systemClock });
 * await engine.start();
 */
export class MemoryEngine implements Engine {
  readonly self: NodeRef;
  readonly durability: Durability = 'memory';
  readonly disk: MemoryDisk;
  readonly #clock: Clock;
  readonly #journal: MemoryJournal;
  readonly #accepts: MemoryAcceptLog;
  readonly #inboxes: MemoryInboxes;
  readonly #sessions: MemorySessionRegistry;
  readonly #retained: MemoryRetainedStore;
  readonly #wills: MemoryWillStore;
  readonly #healthListeners: ((health: EngineHealth) => void)[] = [];
  #health: EngineHealth | null = null;
  #state: 'new' | 'running' | 'over' = 'new';
  #stopping: PromiseWithResolvers<void> | null = null;
  #stopTimer: Timer | null = null;

  constructor({ clock, disk = new MemoryDisk(), nodeId = 'memory' }: MemoryEngineOptions) {
    this.self = { id: nodeId, incarnation: disk.newIncarnation() };
    this.disk = disk;
    this.#clock = clock;
    this.#journal = new MemoryJournal(clock, disk.faults, {
      onStall: stalled => this.#report(stalled ? 'stalled' : 'ready'),
      onFailure: error => this.#end(error, 'failed'),
      onIdle: () => this.#stopIfDone(),
    });
    this.#accepts = new MemoryAcceptLog(disk, this.#journal, this.self);
    this.#inboxes = new MemoryInboxes(clock, disk, this.#journal);
    this.#sessions = new MemorySessionRegistry(clock, disk, this.#journal);
    this.#retained = new MemoryRetainedStore(clock, disk, this.#journal);
    this.#wills = new MemoryWillStore(clock, disk, this.#journal, this.self);
  }

  get accepts(): AcceptLog {
    return this.#accepts;
  }

  get inboxes(): Inboxes {
    return this.#inboxes;
  }

  get sessions(): SessionRegistry {
    return this.#sessions;
  }

  get retained(): RetainedStore {
    return this.#retained;
  }

  get wills(): WillStore {
    return this.#wills;
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw new EngineError('closed', 'an engine starts only once');
    this.disk.take({
      self: this.self,
      fence: () => this.fence(),
      onFaultsChanged: () => {
        this.#journal.resume();
        this.#accepts.tellDrained();
      },
    });
    this.#state = 'running';
    this.#journal.open();
    this.#accepts.open();
    this.#sessions.open();
    this.#retained.open();
    this.#wills.open();
    this.#report('ready');
  }

  stop(graceMs: number): Promise<void> {
    if (this.#stopping !== null) return this.#stopping.promise;
    this.#stopping = Promise.withResolvers();
    if (this.#state === 'running') {
      this.#accepts.drain();
      this.#stopTimer = this.#clock.after(graceMs, () => this.#end(stopped(), null));
      this.#stopIfDone();
    } else {
      this.#state = 'over';
      this.#stopping.resolve();
    }
    return this.#stopping.promise;
  }

  onHealth(listener: (health: EngineHealth) => void): void {
    this.#healthListeners.push(listener);
  }

  /** What a newer run does to this one when it starts: ends it with `fenced`. */
  fence(): void {
    this.#end(new EngineError('fenced', 'a newer run has taken the data over'), 'fenced');
  }

  /**
   * Cuts the power. What was not yet written is lost, and from now on the engine does nothing and
   * calls nobody: no `done`, no listener, and its promises stay as they are.
   */
  kill(): void {
    this.#state = 'over';
    this.#stopTimer?.cancel();
    this.#journal.kill();
    this.#sessions.close();
    this.#retained.close();
    this.#wills.halt();
  }

  #stopIfDone(): void {
    if (this.#stopping === null || !this.#journal.idle || !this.#accepts.empty) return;
    this.#end(stopped(), null);
  }

  #end(error: EngineError, health: EngineHealth | null): void {
    if (this.#state !== 'running') return;
    this.#state = 'over';
    this.#stopTimer?.cancel();
    this.#sessions.close();
    this.#retained.close();
    this.#journal.end(error);
    this.#wills.close();
    if (health !== null) this.#report(health);
    this.#stopping?.resolve();
  }

  #report(health: EngineHealth): void {
    if (health === this.#health) return;
    this.#health = health;
    for (const listener of this.#healthListeners) listener(health);
  }
}

function stopped(): EngineError {
  return new EngineError('closed', 'the engine is stopped');
}
