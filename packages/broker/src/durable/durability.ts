/**
 * What a broker with a storage engine has beside one without: the log that answers for messages,
 * the records of what must survive, and how both come back when it starts.
 */
import type { Engine, EngineHealth } from '@godwit/storage';
import type { Context } from '../context.ts';
import type { Session } from '../session/session.ts';
import type { PendingWill } from '../session/will.ts';
import { Acceptor } from './acceptor.ts';
import { DurableSession } from './durable-session.ts';
import { EntryView } from './entry-format.ts';
import { Records } from './records.ts';
import { Recovery } from './recovery.ts';
import { brokerMark, RetainedSaver } from './retained-saver.ts';

export class Durability {
  readonly engine: Engine;
  readonly acceptor: Acceptor;
  readonly records: Records;
  readonly #retained: RetainedSaver;
  readonly #context: Context;
  /** Of the next session that is to be durable. */
  #nextNumber: number;
  #health: EngineHealth;
  /** Marks of sessions that have ended and are still on record. */
  readonly #ending: Map<number, Uint8Array>;
  readonly #scratch: Uint8Array;
  /** Wait for room in the log. */
  #waiting: (() => void)[];

  /** @param onRefused there is no room to put the session on record: it must not go on */
  constructor(engine: Engine, context: Context, onRefused: (session: Session) => void) {
    const { accepts, retained } = engine;
    this.engine = engine;
    this.#context = context;
    this.#retained = new RetainedSaver(accepts, retained, context.retained);
    this.acceptor = new Acceptor(accepts, {
      onRetained: (at, { message }) => this.#retained.save(message, at),
      onOrphan: view => this.#passOn(view, null),
    });
    this.records = new Records(engine, onRefused);
    this.#nextNumber = brokerMark + 1;
    this.#health = 'stalled';
    this.#ending = new Map();
    this.#scratch = new Uint8Array(accepts.markBytesMax);
    this.#waiting = [];
    accepts.onMark((key, into) => this.#writeMark(key, into));
    accepts.onDrain(() => this.#hasRoom());
    engine.onHealth(health => {
      this.#health = health;
      if (health === 'ready') this.#hasRoom();
    });
  }

  /** How the engine is; `full` also while the log alone takes nothing. */
  get health(): EngineHealth {
    return this.#health === 'ready' && this.acceptor.isFull ? 'full' : this.#health;
  }

  /** Nothing more can be stored for now. */
  get isFull(): boolean {
    return this.#health === 'full' || this.acceptor.isFull;
  }

  /**
   * Opens the engine's data and takes over what it holds. Rejects with `EngineError`.
   * @param publishWill for wills whose connections ended with the broker
   */
  async start(publishWill: (will: PendingWill) => void): Promise<void> {
    await this.engine.start();
    const recovery = new Recovery(this.#context, this, this.#retained, publishWill);
    this.#nextNumber = await recovery.run(this.#nextNumber);
    // What was offered before now had no log to go to; that tells nothing of its room.
    this.acceptor.isFull = false;
    recovery.resume();
  }

  /** Makes a new session durable. */
  begin(session: Session): void {
    session.durable = this.adopt(session, this.#nextNumber);
    this.#nextNumber += 1;
  }

  /** Makes a session durable that had its number in an earlier run. */
  adopt(session: Session, number: number): DurableSession {
    const durable = new DurableSession(session, number, this.engine.accepts);
    this.acceptor.sessions.set(number, durable);
    return durable;
  }

  /**
   * The session has ended: nothing of it is kept.
   * @param isReplaced another session of the client takes its place on record
   */
  end(session: Session, isReplaced: boolean): void {
    const { durable } = session;
    if (durable === null) return;
    const filters = [...session.subscriptions.keys()];
    const mark = this.#markOf(durable);
    const shared: [at: number, offset: number][] = [];
    this.acceptor.sessions.delete(durable.number);
    durable.clear((at, offset) => shared.push([at, offset]));
    if (shared.length === 0) {
      this.#remove(session, filters, isReplaced);
      return;
    }
    // As long as others do not have it, the session is on record: so a crash loses nothing.
    this.#ending.set(durable.number, mark);
    void this.#redeliver(session, shared).then(isDone => {
      if (!isDone) return;
      this.#ending.delete(durable.number);
      const next = this.#context.sessions.get(session.clientId);
      this.#remove(session, filters, isReplaced || (next !== undefined && next.durable !== null));
    });
  }

  #remove(session: Session, filters: readonly string[], isReplaced: boolean): void {
    this.records.removeSession(session, filters, isReplaced);
    this.engine.accepts.forget(session.durable!.number);
  }

  /** The session's mark as it is now. */
  #markOf(durable: DurableSession): Uint8Array {
    const length = durable.writeMark(this.#scratch);
    return this.#scratch.slice(0, length);
  }

  /**
   * Gives what the session did not get to other members of its shared subscriptions.
   * @returns false when the engine failed meanwhile
   */
  async #redeliver(
    session: Session,
    shared: readonly (readonly [number, number])[],
  ): Promise<boolean> {
    const log = this.engine.accepts;
    const view = new EntryView();
    for (const [at, offset] of shared) {
      const bytes = log.read(at);
      try {
        view.read(bytes instanceof Uint8Array ? bytes : await bytes);
      } catch {
        return false;
      }
      view.targetAt(offset);
      this.#passOn(view, session);
      log.release(at);
    }
    return true;
  }

  /** Gives the message to another member of the shared subscription that `view`'s target is of. */
  #passOn(view: EntryView, from: Session | null): void {
    const { router, clock } = this.#context;
    view.readMessage();
    router.redeliver(view.message.copy(), view.share!, from, clock.wallMs());
  }

  /** A will was published: it is not needed on record once that is durable. */
  published(will: PendingWill): void {
    this.engine.accepts.settle(() => this.records.removeWill(will));
  }

  /** Resolves when the log may have room again. */
  room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    return promise;
  }

  #hasRoom(): void {
    this.acceptor.isFull = false;
    if (this.#health === 'full') return;
    this.#retained.retry();
    this.records.retry(this.#context.clock.wallMs());
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #writeMark(key: number, into: Uint8Array): number {
    if (key === brokerMark) return this.#retained.writeMark(into);
    const ending = this.#ending.get(key);
    if (ending === undefined) return this.acceptor.sessions.get(key)!.writeMark(into);
    into.set(ending);
    return ending.length;
  }
}
