/**
 * What a `mosquitto.db` holds as the records of an archive, and what of it cannot be taken over:
 * nothing is left out without being told.
 */
import type {
  ArchivedContent,
  ArchivedMessage,
  ArchivedSession,
  ArchivedTarget,
  ArchiveRecord,
} from '@godwit/broker';
import { parseTopicFilter, type QoS } from '@godwit/protocol';
import type { MosquittoDb, MosquittoMessage, MosquittoQueued } from './mosquitto-db.ts';
import { type Delivery, Flight } from './mosquitto-flight.ts';

/** Something that is not taken over. */
export interface LeftBehind {
  readonly reason: string;
  /** Which one. */
  readonly what: string;
}

/** What becomes of a `mosquitto.db`. */
export interface MosquittoRecords {
  readonly records: Iterable<ArchiveRecord>;
  /**
   * QoS 2 messages that clients were told Mosquitto has, and that nobody got yet, since that was to
   * wait for PUBREL. They are to be published; their packet identifiers are in the sessions.
   */
  readonly unpublished: readonly ArchivedContentWithRetain[];
  readonly left: readonly LeftBehind[];
}

export type ArchivedContentWithRetain = ArchivedContent & { readonly retain: boolean };

/** The session of a client, as it is put together. */
interface Client {
  readonly session: Omit<ArchivedSession, 'sentUpTo' | 'received'>;
  readonly inbound: number[];
  readonly flight: Flight;
}

/** States of a message, as Mosquitto numbers them. */
const State = {
  publishQos0: 1,
  resendPubrel: 6,
  waitForPubrel: 7,
  waitForPubcomp: 9,
  queued: 11,
} as const;

/** @param nowMs what is over by then is left behind */
export function mosquittoRecords(db: MosquittoDb, nowMs: number): MosquittoRecords {
  const mapping = new Mapping(db, nowMs);
  return mapping.run();
}

class Mapping {
  readonly #db: MosquittoDb;
  readonly #nowMs: number;
  readonly #left: LeftBehind[];
  readonly #clients: Map<string, Client>;
  readonly #unpublished: ArchivedContentWithRetain[];

  constructor(db: MosquittoDb, nowMs: number) {
    this.#db = db;
    this.#nowMs = nowMs;
    this.#left = [];
    this.#clients = new Map();
    this.#unpublished = [];
  }

  run(): MosquittoRecords {
    const { queued, subscriptions, retained } = this.#db;
    for (const { clientId } of this.#db.clients.values()) this.#client(clientId);
    for (const each of queued) this.#queued(each);
    const subscriptionRecords = subscriptions.flatMap(each => {
      const { filter } = each;
      if (!this.#clients.has(each.clientId)) {
        return this.#leave('subscriptions without a session', `${each.clientId}: ${filter}`);
      }
      const parsed = parseTopicFilter(filter);
      if (parsed === null || (parsed.share !== null && each.noLocal)) {
        return this.#leave('filters that are none', `${each.clientId}: ${filter}`);
      }
      return [{ kind: 'subscription', ...each, qos: each.qos as QoS } as const];
    });
    const retainedRecords = retained.flatMap(id => {
      const message = this.#message(id, 'retained');
      if (message === null) return [];
      const content = this.#content(message);
      return content.payload.length === 0 ? [] : [{ kind: 'retained', ...content } as const];
    });
    const sessions = [...this.#clients.values()].map(({ session, inbound, flight }) => {
      const { sentUpTo, received } = flight.number();
      return { ...session, inbound, sentUpTo, received };
    });
    const before = [...sessions, ...subscriptionRecords];
    const records = { [Symbol.iterator]: () => this.#all(before, retainedRecords) };
    return { records, unpublished: this.#unpublished, left: this.#left };
  }

  *#all(
    before: readonly ArchiveRecord[],
    after: readonly ArchiveRecord[],
  ): Generator<ArchiveRecord> {
    yield* before;
    yield* this.#messages();
    yield* after;
  }

  #client(clientId: string): void {
    const { expirySeconds, expiresAt } = this.#db.clients.get(clientId)!;
    if (clientId === '') {
      this.#leave('sessions without a client identifier', '');
    } else if (expirySeconds === 0) {
      this.#leave('sessions that ended with their connection', clientId);
    } else if (expiresAt !== 0 && expiresAt * 1000 <= this.#nowMs) {
      this.#leave('sessions that have expired', clientId);
    } else {
      const expiresAtMs = expiresAt === 0 ? null : expiresAt * 1000;
      const session = {
        kind: 'session',
        clientId,
        expirySeconds,
        expiresAtMs,
        inbound: [],
      } as const;
      this.#clients.set(clientId, { session, inbound: [], flight: new Flight() });
    }
  }

  #queued(queued: MosquittoQueued): void {
    const { clientId, state, qos, isFromClient } = queued;
    const client = this.#clients.get(clientId);
    const what = `${clientId}: packet identifier ${queued.packetId}`;
    if (client === undefined) {
      this.#leave('messages without a session', what);
    } else if (isFromClient) {
      // Of the others the client was not told, or they are done with: it sends them again.
      if (state === State.waitForPubrel) this.#inbound(client, queued, what);
    } else if (qos === 0 || state === State.publishQos0) {
      this.#leave('messages of QoS 0 that wait', what);
    } else if (!client.flight.admits(queued.packetId, state !== State.queued)) {
      this.#leave('messages in flight beyond what a session may have', what);
    } else if (state === State.resendPubrel || state === State.waitForPubcomp) {
      client.flight.addReceived(queued.packetId);
    } else if (this.#message(queued.message, what) !== null) {
      if (state === State.queued) client.flight.addWaiting(queued);
      else client.flight.addSent(queued);
    }
  }

  #inbound({ inbound }: Client, { message: id, packetId }: MosquittoQueued, what: string): void {
    if (packetId === 0 || inbound.includes(packetId)) {
      this.#leave('messages in flight beyond what a session may have', what);
      return;
    }
    inbound.push(packetId);
    const message = this.#message(id, what);
    if (message === null) return;
    this.#unpublished.push({ ...this.#content(message), retain: message.retain });
  }

  /** Each message once for all clients that get theirs in the order of the file's ids. */
  *#messages(): Generator<ArchivedMessage> {
    const inOrder = new Map<bigint, ArchivedTarget[]>();
    for (const [clientId, { flight }] of this.#clients) {
      if (!flight.isInOrder) continue;
      for (const delivery of flight.deliveries) {
        const targets = inOrder.get(delivery.message) ?? [];
        inOrder.set(delivery.message, targets);
        targets.push(targetOf(clientId, delivery));
      }
    }
    const ids = [...inOrder.keys()].sort((a, b) => (a < b ? -1 : 1));
    for (const id of ids) yield this.#messageFor(id, inOrder.get(id)!);
    for (const [clientId, { flight }] of this.#clients) {
      if (flight.isInOrder) continue;
      for (const each of flight.deliveries) {
        yield this.#messageFor(each.message, [targetOf(clientId, each)]);
      }
    }
  }

  #messageFor(id: bigint, targets: readonly ArchivedTarget[]): ArchivedMessage {
    const message = this.#db.messages.get(id)!;
    return { kind: 'message', ...this.#content(message), retain: message.retain, targets };
  }

  /** The message with an id; null, which is noted, when it cannot be had. */
  #message(id: bigint, what: string): MosquittoMessage | null {
    const message = this.#db.messages.get(id);
    if (message === undefined) this.#leave('messages that are not in the file', what);
    else if (message.expiresAt !== 0 && message.expiresAt * 1000 <= this.#nowMs) {
      this.#leave('messages that have expired', `${what}: ${message.topic}`);
    } else return message;
    return null;
  }

  #content({ topic, payload, qos, expiresAt, properties }: MosquittoMessage): ArchivedContent {
    const {
      topicAlias: _,
      subscriptionIdentifiers: __,
      messageExpiryInterval: ___,
      ...rest
    } = properties;
    if (expiresAt === 0) {
      return { topic, payload, qos: qos as QoS, expiresAtMs: null, properties: rest };
    }
    const expiresAtMs = expiresAt * 1000;
    const messageExpiryInterval = Math.ceil((expiresAtMs - this.#nowMs) / 1000);
    const content = { ...rest, messageExpiryInterval };
    return { topic, payload, qos: qos as QoS, expiresAtMs, properties: content };
  }

  #leave(reason: string, what: string): [] {
    this.#left.push({ reason, what });
    return [];
  }
}

function targetOf(clientId: string, { number, queued }: Delivery): ArchivedTarget {
  const { qos, retain, identifiers } = queued;
  return { clientId, number, qos: qos as 1 | 2, retain, identifiers, share: null };
}
