/**
 * How a broker finds what it had: sessions and their subscriptions, retained messages, wills, and
 * from the accept log what each session is still to get. Runs once, before anyone connects.
 */
import type { AcceptLog } from '@godwit/storage';
import type { Context } from '../context.ts';
import type { ClientInfo } from '../hooks.ts';
import { Subscription } from '../routing/subscription.ts';
import { Session } from '../session/session.ts';
import { PendingWill } from '../session/will.ts';
import type { Durability } from './durability.ts';
import type { DurableSession } from './durable-session.ts';
import { EntryView } from './entry-format.ts';
import { isOver, noProgress, type ProgressMark, readProgress } from './progress-mark.ts';
import { readSession, readSubscription, readWill, type SessionRecord } from './records.ts';
import { brokerMark, type RetainedSaver } from './retained-saver.ts';
import { placeOf, StoredDelivery } from './stored-delivery.ts';

/** A client that is not there any more. */
const nobody: ClientInfo = {
  clientId: '',
  username: undefined,
  protocolVersion: 5,
  remoteAddress: '',
  remotePort: 0,
};

/** A session while it is put together. */
interface Found {
  readonly session: Session;
  readonly durable: DurableSession;
  readonly record: SessionRecord;
  mark: ProgressMark;
  /** Its own QoS 2 messages: packet identifier and position. */
  readonly inbound: [packetId: number, at: number][];
  /** Deliveries did not come in the order of their numbers. */
  isUnsorted: boolean;
  lastNumber: number;
}

export class Recovery {
  readonly #context: Context;
  readonly #durability: Durability;
  readonly #retained: RetainedSaver;
  readonly #log: AcceptLog;
  readonly #found: Map<number, Found>;
  /** Positions of entries that are to be retained messages. */
  readonly #toRetain: number[];
  readonly #view: EntryView;
  readonly #publishWill: (will: PendingWill) => void;
  /** Wills of sessions that are over. */
  readonly #lost: PendingWill[];
  /** Keys of subscriptions whose sessions had ended; the process died before they were removed. */
  readonly #orphans: string[];
  #brokerMark: Uint8Array | null;
  /** Highest number of a session that anything names. */
  #lastNumber: number;

  constructor(
    context: Context,
    durability: Durability,
    retained: RetainedSaver,
    publishWill: (will: PendingWill) => void,
  ) {
    this.#context = context;
    this.#publishWill = publishWill;
    this.#lost = [];
    this.#orphans = [];
    this.#durability = durability;
    this.#retained = retained;
    this.#log = durability.engine.accepts;
    this.#found = new Map();
    this.#toRetain = [];
    this.#view = new EntryView();
    this.#brokerMark = null;
    this.#lastNumber = 0;
  }

  /** @returns the number of the next new session, `first` or above */
  async run(first: number): Promise<number> {
    this.#lastNumber = first - 1;
    await this.#loadSessions();
    await this.#loadSubscriptions();
    await this.#log.load({
      entry: (at, bytes) => this.#entry(at, bytes),
      mark: (key, bytes) => this.#mark(key, bytes),
    });
    const { subscriptions } = this.#durability.engine;
    for (const key of this.#orphans) subscriptions.put(key, null).catch(() => {});
    for (const found of this.#found.values()) this.#restore(found);
    await this.#retained.restore(this.#brokerMark, this.#toRetain);
    await this.#loadWills();
    return this.#lastNumber + 1;
  }

  /** Lets time go on: ends what is over by now, publishes the wills that are due. */
  resume(): void {
    for (const { session, record } of this.#found.values()) this.#await(session, record);
    for (const will of this.#lost) will.publish();
  }

  async #loadWills(): Promise<void> {
    const { sessions } = this.#context;
    for await (const { key, bytes } of this.#durability.engine.wills.load()) {
      const { dueAtMs, will } = readWill(bytes);
      const session = sessions.get(key);
      // The session of a will must be somewhere, if only for its name.
      const owner = session ?? new Session(this.#context, key, 0, () => {});
      const client = { ...nobody, clientId: key };
      const pending = new PendingWill(owner, will, client, this.#publishWill);
      this.#durability.records.adoptWill(pending);
      if (session === undefined) this.#lost.push(pending);
      else {
        session.will = pending;
        this.#awaitWill(pending, session, dueAtMs);
      }
    }
  }

  #awaitWill(will: PendingWill, session: Session, dueAtMs: number): void {
    const delayMs =
      dueAtMs === 0 ? will.delaySeconds * 1000 : dueAtMs - this.#context.clock.wallMs();
    if (delayMs < session.expirySeconds * 1000) will.publishIn(Math.max(0, delayMs));
  }

  async #loadSessions(): Promise<void> {
    const { sessions } = this.#context;
    for await (const { key, bytes } of this.#durability.engine.sessions.load()) {
      const record = readSession(bytes);
      const session = sessions.create(this.#context, key, record.expirySeconds);
      const durable = this.#durability.adopt(session, record.number);
      durable.isRecorded = true;
      session.durable = durable;
      this.#seen(record.number);
      this.#found.set(record.number, {
        session,
        durable,
        record,
        mark: noProgress,
        inbound: [],
        isUnsorted: false,
        lastNumber: 0,
      });
    }
  }

  async #loadSubscriptions(): Promise<void> {
    const { router, metrics } = this.#context;
    const { subscriptions } = this.#durability.engine;
    for await (const { key, bytes } of subscriptions.load()) {
      const { number, filter, options } = readSubscription(key, bytes);
      const found = this.#found.get(number);
      this.#seen(number);
      if (found === undefined) {
        this.#orphans.push(key);
        continue;
      }
      const subscription = new Subscription(found.session, filter, options, null);
      found.session.subscribed(subscription);
      router.add(subscription);
      metrics.subscriptions += 1;
    }
  }

  #entry(at: number, bytes: Uint8Array): number {
    const view = this.#view;
    view.read(bytes);
    let holders = 0;
    while (view.nextTarget()) {
      const { session, number, offset, qos, isShared, size } = view;
      this.#seen(session);
      const found = this.#found.get(session);
      if (found === undefined) continue;
      found.durable.queue.waiting.push(number, at, placeOf(offset, qos, isShared), size);
      found.isUnsorted ||= number < found.lastNumber;
      found.lastNumber = Math.max(found.lastNumber, number);
      holders += 1;
    }
    if (view.inbound !== 0) {
      view.readMessage();
      this.#seen(view.inbound);
      this.#found.get(view.inbound)?.inbound.push([view.packetId, at]);
    }
    if (view.retained) {
      this.#toRetain.push(at);
      holders += 1;
    }
    return holders;
  }

  #mark(key: number, bytes: Uint8Array): void {
    this.#seen(key);
    const found = this.#found.get(key);
    if (found !== undefined) found.mark = readProgress(bytes);
    else if (key === brokerMark) this.#brokerMark = new Uint8Array(bytes);
    else this.#log.forget(key);
  }

  /** Parts what waits from what is in flight and what is over, and counts on from there. */
  #restore({ durable, mark, inbound, isUnsorted, lastNumber }: Found): void {
    const { waiting } = durable.queue;
    if (isUnsorted) waiting.sort();
    const received = new Set(mark.received);
    const flight = mark.received.map(number => new StoredDelivery(number, 0, placeOf(0, 2, false)));
    while (waiting.length > 0 && waiting.number <= Math.max(mark.sentUpTo, mark.droppedUpTo)) {
      const { number, at, place } = waiting;
      waiting.shift();
      if (isOver(mark, number) || received.has(number)) this.#log.release(at);
      else flight.push(new StoredDelivery(number, at, place));
    }
    flight.sort((a, b) => a.number - b.number);
    durable.queue.restore(flight, mark, lastNumber);
    durable.restoreInbound(mark, inbound);
  }

  /** A session that was connected is away from now on. */
  #await(session: Session, { expiresAtMs }: SessionRecord): void {
    const { sessions, clock } = this.#context;
    const wallMs = clock.wallMs();
    if (expiresAtMs === 0) {
      sessions.waitForExpiry(session, session.expirySeconds * 1000);
      this.#durability.records.putSession(session, wallMs);
    } else sessions.waitForExpiry(session, expiresAtMs - wallMs);
  }

  #seen(number: number): void {
    if (number > this.#lastNumber) this.#lastNumber = number;
  }
}
