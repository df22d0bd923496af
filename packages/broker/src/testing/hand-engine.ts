/**
 * A storage engine whose disk is a test's hand: nothing is durable before `sync`, and `crash` leaves
 * what was. In memory, exact, and as small as the ports allow.
 */
import {
  type AcceptLog,
  type AcceptLogVisitor,
  type Durability,
  type Engine,
  EngineError,
  type EngineHealth,
  type HealthListener,
  type Table,
  type TableEntry,
} from '@godwit/storage';

/** What survives a crash. */
interface Medium {
  entries: Map<number, Uint8Array>;
  marks: Map<number, Uint8Array>;
  tables: Map<string, Uint8Array>[];
  lastAt: number;
}

type Settled = (error: EngineError | null) => void;

class HandTable implements Table {
  readonly values: Map<string, Uint8Array>;
  readonly #engine: HandEngine;

  constructor(engine: HandEngine, values: Map<string, Uint8Array>) {
    this.#engine = engine;
    this.values = values;
  }

  put(key: string, bytes: Uint8Array | null): Promise<void> {
    const copy = bytes === null ? null : new Uint8Array(bytes);
    if (copy !== null && this.#engine.isFull) {
      return Promise.reject(new EngineError('full', 'by hand'));
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#engine.later(
      () => {
        if (copy === null) this.values.delete(key);
        else this.values.set(key, copy);
      },
      error => (error === null ? resolve() : reject(error)),
    );
    return promise;
  }

  async *load(): AsyncIterable<TableEntry> {
    for (const [key, bytes] of this.values) yield { key, bytes };
  }
}

class HandLog implements AcceptLog {
  readonly entryBytesMax: number = 1024 * 1024;
  readonly markBytesMax: number = 262_144;
  /** Entries with holders, durable or not. */
  readonly held: Map<number, { bytes: Uint8Array; holders: number }> = new Map();
  /** Reads of these come later, as if from a disk. */
  readonly slow: Set<number> = new Set();
  readonly #engine: HandEngine;
  readonly #medium: Medium;
  readonly #touched = new Set<number>();
  /** They vanish with the next marks. */
  #released: number[] = [];
  #encode: (key: number, into: Uint8Array) => number = () => 0;
  #onAccepted: (upTo: number) => void = () => {};
  #onDrain: () => void = () => {};
  /** Takes offers; set by `load`. */
  isLoaded = false;

  constructor(engine: HandEngine, medium: Medium) {
    this.#engine = engine;
    this.#medium = medium;
  }

  async load(visitor: AcceptLogVisitor): Promise<void> {
    for (const [at, bytes] of this.#medium.entries) {
      const holders = visitor.entry(at, bytes);
      if (holders > 0) this.held.set(at, { bytes, holders });
    }
    for (const [key, bytes] of this.#medium.marks) visitor.mark(key, bytes);
    this.isLoaded = true;
  }

  offer(bytes: Uint8Array, start: number, end: number, holders: number): number {
    if (this.#engine.isFull || !this.isLoaded) return 0;
    this.#medium.lastAt += 1;
    const at = this.#medium.lastAt;
    const copy = new Uint8Array(bytes.slice(start, end));
    this.held.set(at, { bytes: copy, holders });
    this.#engine.later(
      () => this.#medium.entries.set(at, copy),
      error => {
        if (error === null) this.#onAccepted(at);
      },
    );
    return at;
  }

  onAccepted(listener: (upTo: number) => void): void {
    this.#onAccepted = listener;
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  read(at: number): Uint8Array | Promise<Uint8Array> {
    const held = this.held.get(at);
    if (held === undefined) throw new RangeError(`nobody holds entry ${at}`);
    return this.slow.has(at) ? Promise.resolve(held.bytes) : held.bytes;
  }

  release(at: number): void {
    const held = this.held.get(at);
    if (held === undefined) throw new RangeError(`nobody holds entry ${at}`);
    held.holders -= 1;
    if (held.holders > 0) return;
    this.held.delete(at);
    this.#released.push(at);
  }

  onMark(encode: (key: number, into: Uint8Array) => number): void {
    this.#encode = encode;
  }

  touch(key: number): void {
    this.#touched.add(key);
  }

  forget(key: number): void {
    this.#touched.delete(key);
    this.#medium.marks.delete(key);
  }

  settle(done: () => void): void {
    this.#engine.later(
      () => {},
      error => {
        if (error === null) done();
      },
    );
  }

  drained(): void {
    this.#onDrain();
  }

  writeMarks(): void {
    for (const key of this.#touched) {
      const into = new Uint8Array(this.markBytesMax);
      this.#medium.marks.set(key, into.slice(0, this.#encode(key, into)));
    }
    this.#touched.clear();
    for (const at of this.#released) this.#medium.entries.delete(at);
    this.#released = [];
  }
}

export class HandEngine implements Engine {
  readonly durability: Durability = 'disk';
  readonly accepts: HandLog;
  readonly sessions: HandTable;
  readonly subscriptions: HandTable;
  readonly retained: HandTable;
  readonly wills: HandTable;
  isFull = false;
  readonly #medium: Medium;
  readonly #onHealth: HealthListener[] = [];
  #waiting: { apply: () => void; settled: Settled }[] = [];
  #isOver = false;
  #isAutomatic: boolean;

  /** @param isAutomatic everything is durable as soon as the present turn is over */
  constructor(isAutomatic = false, medium?: Medium) {
    this.#isAutomatic = isAutomatic;
    this.#medium = medium ?? {
      entries: new Map(),
      marks: new Map(),
      tables: [new Map(), new Map(), new Map(), new Map()],
      lastAt: 0,
    };
    this.accepts = new HandLog(this, this.#medium);
    const [sessions, subscriptions, retained, wills] = this.#medium.tables;
    this.sessions = new HandTable(this, sessions);
    this.subscriptions = new HandTable(this, subscriptions);
    this.retained = new HandTable(this, retained);
    this.wills = new HandTable(this, wills);
  }

  /** Work that becomes durable with the next {@link sync}. */
  later(apply: () => void, settled: Settled): void {
    if (this.#isOver) return;
    this.#waiting.push({ apply, settled });
    if (this.#isAutomatic && this.#waiting.length === 1) queueMicrotask(() => this.sync());
  }

  /** All that was asked for up to now is durable. */
  sync(): void {
    if (this.#isOver) return;
    const batch = this.#waiting;
    this.#waiting = [];
    for (const { apply } of batch) apply();
    this.accepts.writeMarks();
    for (const { settled } of batch) settled(null);
  }

  /** The process dies: gives the engine of the next one, with what was durable. */
  crash(): HandEngine {
    this.#isOver = true;
    return new HandEngine(this.#isAutomatic, {
      entries: new Map(this.#medium.entries),
      marks: new Map(this.#medium.marks),
      tables: this.#medium.tables.map(table => new Map(table)),
      lastAt: this.#medium.lastAt,
    });
  }

  /** The disk is full from now on, or has room again. */
  setFull(isFull: boolean): void {
    this.isFull = isFull;
    this.#report(isFull ? 'full' : 'ready');
    if (!isFull) this.accepts.drained();
  }

  /** The disk breaks. */
  fail(): void {
    const error = new EngineError('io', 'by hand');
    const batch = this.#waiting;
    this.#isOver = true;
    this.#report('failed', error);
    for (const { settled } of batch) settled(error);
  }

  async start(): Promise<void> {
    this.#report('ready');
  }

  async stop(): Promise<void> {
    this.sync();
    this.#isOver = true;
  }

  onHealth(listener: HealthListener): void {
    this.#onHealth.push(listener);
  }

  #report(health: EngineHealth, error: EngineError | null = null): void {
    for (const listener of this.#onHealth) listener(health, error);
  }
}
