/**
 * Makes an engine's content from records: what a broker that starts on it will find. Only what a
 * broker could have written itself is taken; the rest is refused, with the reason.
 */
import { isValidTopicName, parseTopicFilter } from '@godwit/protocol';
import { type Engine, EngineError } from '@godwit/storage';
import { EntryWriter, type TargetInit } from '../durable/entry-format.ts';
import { subscriptionKey, writeSession, writeSubscription, writeWill } from '../durable/records.ts';
import { brokerMark } from '../durable/retained-saver.ts';
import { encodeMessage } from '../routing/encode-message.ts';
import type { Message } from '../routing/message.ts';
import { encodeIdentifiers } from '../routing/subscription-identifiers.ts';
import type {
  ArchivedContent,
  ArchivedMessage,
  ArchivedSession,
  ArchivedSubscription,
  ArchivedTarget,
  ArchivedWill,
  ArchiveRecord,
} from './archive-record.ts';
import { ArchivedProgress } from './archived-progress.ts';

/** Bytes that may wait for the disk; and records, since each costs more than its bytes. */
const pendingBytesMax = 8 * 1024 * 1024;
const pendingRecordsMax = 4096;
const identifierMax = 268_435_455;
const timeMaxMs = 2 ** 48 - 1;

export class ArchiveWriter {
  readonly #engine: Engine;
  readonly #sessions: Map<string, ArchivedProgress>;
  readonly #byNumber: Map<number, ArchivedProgress>;
  readonly #writer: EntryWriter;
  /** Rejects when the engine fails; never resolves. */
  readonly #failed: Promise<never>;
  #puts: Promise<void>[];
  #pendingBytes: number;
  #pendingRecords: number;

  /** @param engine is not started, and has no content */
  constructor(engine: Engine) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {});
    this.#engine = engine;
    this.#sessions = new Map();
    this.#byNumber = new Map();
    this.#writer = new EntryWriter();
    this.#failed = promise;
    this.#puts = [];
    this.#pendingBytes = 0;
    this.#pendingRecords = 0;
    engine.accepts.onMark((key, into) => this.#byNumber.get(key)!.write(into));
    engine.onHealth((health, error) => {
      if (health === 'failed') reject(error);
    });
  }

  /** Rejects with `EngineError`. */
  async start(): Promise<void> {
    await this.#engine.start();
    await this.#engine.accepts.load({ entry: () => 1, mark: () => {} });
  }

  /**
   * Takes a record; may wait for the disk. Rejects with RangeError for what no broker could have
   * written, then nothing of the record is taken; with `EngineError` when it cannot be stored.
   */
  async add(record: ArchiveRecord): Promise<void> {
    switch (record.kind) {
      case 'session':
        this.#session(record);
        break;
      case 'subscription':
        this.#subscription(record);
        break;
      case 'message':
        await this.#message(record);
        break;
      case 'retained':
        this.#retained(record);
        break;
      case 'will':
        this.#will(record);
    }
    if (this.#pendingRecords >= pendingRecordsMax || this.#pendingBytes >= pendingBytesMax) {
      await this.#flush();
    }
  }

  /** All has been given: resolves when it is durable. The engine is the caller's to stop. */
  async finish(): Promise<void> {
    for (const [number, progress] of this.#byNumber) {
      if (progress.isFresh) continue;
      this.#engine.accepts.touch(number);
      this.#pendingRecords += 1;
      if (this.#pendingRecords >= pendingRecordsMax) await this.#flush();
    }
    await this.#flush();
  }

  #session(record: ArchivedSession): void {
    const { clientId, expirySeconds, expiresAtMs } = record;
    if (this.#sessions.has(clientId)) throw new RangeError('clientId: has a session already');
    checkInteger(expirySeconds, 1, 0xffffffff, 'expirySeconds');
    if (expiresAtMs !== null) checkInteger(expiresAtMs, 1, timeMaxMs, 'expiresAtMs');
    const number = this.#sessions.size + 1 + brokerMark;
    const progress = new ArchivedProgress(number, record);
    const bytes = writeSession({ number, expirySeconds, expiresAtMs: expiresAtMs ?? 0 });
    this.#put(this.#engine.sessions.put(clientId, bytes), bytes.length);
    this.#sessions.set(clientId, progress);
    this.#byNumber.set(number, progress);
  }

  #subscription({ clientId, ...options }: ArchivedSubscription): void {
    const { number } = this.#progressOf(clientId);
    const { filter, noLocal, identifier } = options;
    const parsed = parseTopicFilter(filter);
    if (parsed === null) throw new RangeError('filter: is not a topic filter');
    if (parsed.share !== null && noLocal) {
      throw new RangeError('noLocal: is true for a shared subscription');
    }
    checkInteger(identifier, 0, identifierMax, 'identifier');
    const bytes = writeSubscription(options);
    const key = subscriptionKey(number, filter);
    this.#put(this.#engine.subscriptions.put(key, bytes), key.length + bytes.length);
  }

  async #message(record: ArchivedMessage): Promise<void> {
    const message = messageOf(record, record.retain);
    const { targets } = record;
    if (targets.length === 0) throw new RangeError('targets: there are none');
    const inits = targets.map(target => this.#targetOf(target));
    for (const { clientId, number } of targets) this.#progressOf(clientId).add(number);
    const size = this.#writer.write(message, inits, inits.length, false, 0, 0);
    if (!this.#offer(size, inits.length)) {
      await this.#flush();
      if (!this.#offer(size, inits.length)) {
        throw new EngineError('full', 'there is no room for this message');
      }
    }
    this.#pendingBytes += size;
    this.#pendingRecords += 1;
  }

  #targetOf(target: ArchivedTarget): TargetInit {
    const { clientId, number, qos, retain, identifiers, share } = target;
    const progress = this.#progressOf(clientId);
    progress.check(number);
    for (const identifier of identifiers) checkInteger(identifier, 1, identifierMax, 'identifiers');
    if (share !== null && (parseTopicFilter(share)?.share ?? null) === null) {
      throw new RangeError('share: is not a shared filter');
    }
    const encoded = encodeIdentifiers(identifiers);
    return { session: progress.number, number, qos, retain, identifiers: encoded, share };
  }

  #offer(size: number, holders: number): boolean {
    return this.#engine.accepts.offer(this.#writer.bytes, 0, size, holders) !== 0;
  }

  #retained(record: ArchivedContent): void {
    if (record.payload.length === 0) throw new RangeError('payload: is empty');
    const message = messageOf(record, true);
    const length = this.#writer.write(message, [], 0, true, 0, 0);
    const bytes = this.#writer.bytes.subarray(0, length);
    this.#put(this.#engine.retained.put(record.topic, bytes), length);
  }

  #will({ clientId, dueAtMs, topic, ...rest }: ArchivedWill): void {
    if (!isValidTopicName(topic)) throw new RangeError('topic: is not a topic name');
    if (dueAtMs !== null) checkInteger(dueAtMs, 1, timeMaxMs, 'dueAtMs');
    const { payload, qos, retain, properties } = rest;
    const will = { topic, payload, qos, retain, properties };
    const bytes = writeWill(clientId, { dueAtMs: dueAtMs ?? 0, will });
    this.#put(this.#engine.wills.put(clientId, bytes), bytes.length);
  }

  #progressOf(clientId: string): ArchivedProgress {
    const progress = this.#sessions.get(clientId);
    if (progress === undefined) throw new RangeError('clientId: no session before has it');
    return progress;
  }

  #put(done: Promise<void>, bytes: number): void {
    done.catch(() => {});
    this.#puts.push(done);
    this.#pendingBytes += bytes;
    this.#pendingRecords += 1;
  }

  async #flush(): Promise<void> {
    const puts = this.#puts;
    const settled = Promise.withResolvers<void>();
    this.#puts = [];
    this.#pendingBytes = 0;
    this.#pendingRecords = 0;
    this.#engine.accepts.settle(settled.resolve);
    await Promise.race([Promise.all([...puts, settled.promise]), this.#failed]);
  }
}

function messageOf(record: ArchivedContent, retain: boolean): Message {
  const { topic, payload, qos, expiresAtMs, properties } = record;
  if (!isValidTopicName(topic)) throw new RangeError('topic: is not a topic name');
  if ((expiresAtMs === null) !== (properties.messageExpiryInterval === undefined)) {
    throw new RangeError('expiresAtMs: goes with properties.messageExpiryInterval');
  }
  if (expiresAtMs !== null) checkInteger(expiresAtMs, 1, timeMaxMs, 'expiresAtMs');
  const message = encodeMessage({ topic, payload, qos, retain, properties }, '');
  message.expiresAtMs = expiresAtMs ?? 0;
  return message;
}

function checkInteger(value: number, min: number, max: number, name: string): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name}: is ${value}, expected an integer from ${min} to ${max}`);
}
