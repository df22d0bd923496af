/**
 * Reads an engine's whole content as records, one at a time: what a broker would find if it
 * started now. Changes nothing; keeps in memory a line's worth of each session and the positions
 * of what waits.
 */
import type { PublishPacket } from '@godwit/protocol';
import type { Engine } from '@godwit/storage';
import { EntryView, publishOf } from '../durable/entry-format.ts';
import { readUint48 } from '../durable/numbers.ts';
import { isOver, noProgress, type ProgressMark, readProgress } from '../durable/progress-mark.ts';
import { readSession, readSubscription, readWill } from '../durable/records.ts';
import { brokerMark } from '../durable/retained-saver.ts';
import { decodeIdentifiers } from '../routing/subscription-identifiers.ts';
import type {
  ArchivedContent,
  ArchivedMessage,
  ArchivedRetained,
  ArchivedSession,
  ArchivedTarget,
  ArchiveRecord,
} from './archive-record.ts';

interface Found {
  readonly clientId: string;
  readonly expirySeconds: number;
  readonly expiresAtMs: number;
  mark: ProgressMark;
  received: ReadonlySet<number>;
  /** Of its own QoS 2 messages in the log: packet identifier and position. */
  readonly inbound: [packetId: number, at: number][];
}

/**
 * The records of an engine that is started, and not loaded yet. Sessions come before all that names
 * their clients. Throws `EngineError`.
 *
 * @example
 * await engine.start();
 * for await (const record of readArchive(engine)) console.log(record.kind);
 */
export async function* readArchive(engine: Engine): AsyncGenerator<ArchiveRecord, void, undefined> {
  const reader = new ArchiveReader(engine);
  await reader.load();
  yield* reader.sessions();
  yield* reader.subscriptions();
  yield* reader.messages();
  yield* reader.retained();
  for await (const { key, bytes } of engine.wills.load()) {
    const { dueAtMs, will } = readWill(bytes);
    const { topic, payload, qos, retain, properties = {} } = will;
    const dueAt = dueAtMs === 0 ? null : dueAtMs;
    yield {
      kind: 'will',
      clientId: key,
      dueAtMs: dueAt,
      topic,
      payload,
      qos,
      retain,
      properties,
    };
  }
}

class ArchiveReader {
  readonly #engine: Engine;
  readonly #found: Map<number, Found>;
  readonly #view: EntryView;
  /** Positions of entries that sessions hold, and of those that are to be retained messages. */
  readonly #held: number[];
  #toRetain: number[];

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#found = new Map();
    this.#view = new EntryView();
    this.#held = [];
    this.#toRetain = [];
  }

  async load(): Promise<void> {
    for await (const { key, bytes } of this.#engine.sessions.load()) {
      const { number, expirySeconds, expiresAtMs } = readSession(bytes);
      this.#found.set(number, {
        clientId: key,
        expirySeconds,
        expiresAtMs,
        mark: noProgress,
        received: new Set(),
        inbound: [],
      });
    }
    let savedUpTo = 0;
    await this.#engine.accepts.load({
      entry: (at, bytes) => this.#entry(at, bytes),
      mark: (key, bytes) => {
        if (key === brokerMark) savedUpTo = readUint48(bytes, 0);
        else this.#mark(key, bytes);
      },
    });
    this.#held.sort((a, b) => a - b);
    this.#toRetain = this.#toRetain.filter(at => at > savedUpTo).sort((a, b) => a - b);
  }

  *sessions(): Generator<ArchivedSession> {
    for (const { clientId, expirySeconds, expiresAtMs, mark, inbound } of this.#found.values()) {
      const known = new Set(mark.inbound);
      for (const [packetId, at] of inbound) if (at > mark.inboundAt) known.add(packetId);
      yield {
        kind: 'session',
        clientId,
        expirySeconds,
        expiresAtMs: expiresAtMs === 0 ? null : expiresAtMs,
        sentUpTo: mark.sentUpTo,
        received: mark.received,
        inbound: [...known].sort((a, b) => a - b),
      };
    }
  }

  async *subscriptions(): AsyncGenerator<ArchiveRecord> {
    for await (const { key, bytes } of this.#engine.subscriptions.load()) {
      const { number, filter, options } = readSubscription(key, bytes);
      const found = this.#found.get(number);
      if (found === undefined) continue;
      yield { kind: 'subscription', clientId: found.clientId, filter, ...options };
    }
  }

  async *messages(): AsyncGenerator<ArchivedMessage> {
    for (const at of this.#held) {
      const bytes = await this.#engine.accepts.read(at);
      const targets = this.#targets(bytes);
      if (targets.length === 0) continue;
      const packet = publishOf(bytes);
      yield { kind: 'message', ...this.#content(packet), retain: packet.retain, targets };
    }
  }

  /** What the table has, but for topics of which the log has something newer. */
  async *retained(): AsyncGenerator<ArchivedRetained> {
    const newer = new Map<string, number>();
    for (const at of this.#toRetain) {
      const { topic } = publishOf(await this.#engine.accepts.read(at));
      newer.delete(topic);
      newer.set(topic, at);
    }
    for await (const { key, bytes } of this.#engine.retained.load()) {
      if (!newer.has(key)) yield this.#retainedOf(bytes);
    }
    for (const at of newer.values()) {
      const record = this.#retainedOf(await this.#engine.accepts.read(at));
      if (record.payload.length > 0) yield record;
    }
  }

  #entry(at: number, bytes: Uint8Array): number {
    const view = this.#view;
    view.read(bytes);
    if (view.targetCount > 0) this.#held.push(at);
    if (view.retained) this.#toRetain.push(at);
    if (view.inbound !== 0) {
      view.readMessage();
      this.#found.get(view.inbound)?.inbound.push([view.packetId, at]);
    }
    // Nothing is let go of: that is for the broker.
    return 1;
  }

  #mark(key: number, bytes: Uint8Array): void {
    const found = this.#found.get(key);
    if (found === undefined) return;
    found.mark = readProgress(bytes);
    found.received = new Set(found.mark.received);
  }

  #targets(bytes: Uint8Array): ArchivedTarget[] {
    const view = this.#view;
    const targets: ArchivedTarget[] = [];
    view.read(bytes);
    while (view.nextTarget()) {
      const { session, number, qos, retain, share } = view;
      const found = this.#found.get(session);
      if (found === undefined || isOver(found.mark, number) || found.received.has(number)) continue;
      const identifiers = decodeIdentifiers(view.identifiers);
      targets.push({ clientId: found.clientId, number, qos, retain, identifiers, share });
    }
    return targets;
  }

  #retainedOf(bytes: Uint8Array): ArchivedRetained {
    this.#view.read(bytes);
    return { kind: 'retained', ...this.#content(publishOf(bytes)) };
  }

  /** Of the entry that was read last. */
  #content({ topic, payload, qos, properties = {} }: PublishPacket): ArchivedContent {
    const { expiresAtMs } = this.#view.message;
    return { topic, payload, qos, expiresAtMs: expiresAtMs === 0 ? null : expiresAtMs, properties };
  }
}
