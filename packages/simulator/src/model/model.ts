/**
 * What a broker has to do, and may do, for all clients together. It hears what passes at the
 * broker's edge and what befalls its process, and keeps the list of what was wrong. It shares no
 * code with the broker but the reading of packets.
 */
import type { ConnackPacket, ConnectPacket } from '@godwit/protocol';
import { type ConnectionEvents, ConnectionModel } from './connection-model.ts';
import { Ledger } from './ledger.ts';
import { never, type Published } from './published.ts';
import { SessionModel } from './session-model.ts';
import { WillModel } from './will-model.ts';

/** The broker's deadlines are in whole seconds. */
const slackMs = 2000;
/** After so long without trouble all that was to be written has been. */
const settledMs = 3000;
const endless = 0xffffffff;

interface ClientModel {
  readonly clientId: string;
  session: SessionModel | null;
  connection: ConnectionModel | null;
  /** A session of before has ended then, and a crash may bring it back for a while. */
  endedMs: number;
  /** A crash has undone what nobody was sure of: it may or may not have a session. */
  isVague: boolean;
  readonly wills: WillModel[];
}

export interface ModelOptions {
  readonly wallMs: () => number;
  /** Gets a line for each packet that passes. */
  readonly note: (line: string) => void;
  /** Full queues may drop messages. */
  readonly mayDrop: boolean;
}

export class Model implements ConnectionEvents {
  readonly ledger: Ledger;
  readonly #mayDrop: boolean;
  readonly #clients: Map<string, ClientModel>;
  #connections: number;
  #isUp: boolean;
  /** The disk takes nothing for now. */
  #isTroubled: boolean;
  #troubleEndedMs: number;

  constructor({ wallMs, note, mayDrop }: ModelOptions) {
    this.ledger = new Ledger(wallMs, note);
    this.#mayDrop = mayDrop;
    this.#clients = new Map();
    this.#connections = 0;
    this.#isUp = false;
    this.#isTroubled = false;
    this.#troubleEndedMs = 0;
  }

  get faults(): readonly string[] {
    return this.ledger.faults;
  }

  /** Watches a new connection. */
  watch(): ConnectionModel {
    this.#connections += 1;
    return new ConnectionModel(this.#connections, this.ledger, this);
  }

  /** The disk has no room, or has room again. */
  troubled(isTroubled: boolean): void {
    this.#isTroubled = isTroubled;
    if (!isTroubled) this.#troubleEndedMs = this.ledger.wallMs();
  }

  accepted(connection: ConnectionModel, connack: ConnackPacket): SessionModel {
    const { ledger } = this;
    const connect = connection.connect!;
    const client = this.#client(connect.clientId);
    const nowMs = ledger.wallMs();
    if (client.connection !== null) {
      client.connection.isOutdated = true;
      this.#over(client, client.connection);
    }
    const before = client.session;
    const existence = this.#existence(client, nowMs);
    const expected = connect.cleanStart ? 'none' : existence;
    const isSilent = connect.protocolVersion === 3;
    const isResumed = isSilent ? expected === 'there' : connack.sessionPresent;
    if (isSilent ? connack.sessionPresent : (expected === 'there') !== isResumed) {
      if (isSilent || expected !== 'either') {
        ledger.fail(`${client.clientId}: Session Present ${isResumed}, its session: ${expected}`);
      }
    }
    const expirySeconds = expiryOf(connect);
    let session: SessionModel;
    if (isResumed && before !== null) {
      session = before;
      if (expected === 'either') this.#blur(session);
      this.#resumedWills(client, nowMs);
    } else {
      if (before !== null) this.#end(client, before, nowMs);
      session = new SessionModel(client.clientId, ledger.now, nowMs, expirySeconds);
      session.isVague = isSilent && expected === 'either';
      client.session = session;
    }
    client.isVague = client.isVague && isResumed;
    if (session.expirySeconds !== expirySeconds) session.changedMs = nowMs;
    session.expirySeconds = expirySeconds;
    session.endsFromMs = Number.POSITIVE_INFINITY;
    session.endsByMs = Number.POSITIVE_INFINITY;
    session.endedAt = never;
    client.connection = connection;
    const sizeMax = connect.properties?.maximumPacketSize ?? never;
    if (sizeMax !== never) ledger.reassignments += 1;
    for (const message of session.due) if (message.sizeMax > sizeMax) session.due.delete(message);
    this.#will(client, connect, session, nowMs);
    return session;
  }

  acknowledged(message: Published): void {
    if (this.#mayDrop) return;
    for (const client of this.#clients.values()) this.#owe(client, message);
  }

  closed(connection: ConnectionModel): void {
    const client = this.#clients.get(connection.connect?.clientId ?? '');
    if (client?.connection === connection) this.#over(client, connection);
  }

  /** The broker's process is gone. */
  crashed(): void {
    const { ledger } = this;
    ledger.now += 1;
    ledger.crashes += 1;
    ledger.reassignments += 1;
    this.#isUp = false;
    const nowMs = ledger.wallMs();
    for (const client of this.#clients.values()) {
      const { session, connection } = client;
      client.connection = null;
      if (!this.#isSettled(client.endedMs)) client.isVague = true;
      for (const will of client.wills) will.crash(this.#isSettled(will.changedMs));
      if (session === null || session.endedAt !== never) continue;
      if (!session.isDurable) {
        session.endedAt = ledger.now;
        continue;
      }
      const isOnRecord = session.subscriptions.some(({ requests }) =>
        requests.some(({ grantedAt }) => grantedAt !== never),
      );
      if (!isOnRecord && !this.#isSettled(session.startedMs)) client.isVague = true;
      if (!this.#isSettled(session.changedMs)) client.isVague = true;
      if (connection === null) continue;
      const { expirySeconds } = session;
      const isEndless = expirySeconds === endless;
      session.endsFromMs = isEndless ? Number.POSITIVE_INFINITY : nowMs + expirySeconds * 1000;
      session.endsByMs = Number.POSITIVE_INFINITY;
    }
  }

  /** The broker takes clients again. */
  ready(): void {
    this.#isUp = true;
    const nowMs = this.ledger.wallMs();
    for (const { session, wills } of this.#clients.values()) {
      if (session !== null && session.endsFromMs !== Number.POSITIVE_INFINITY) {
        if (session.endsByMs === Number.POSITIVE_INFINITY) {
          session.endsByMs = nowMs + session.expirySeconds * 1000;
        }
      }
      for (const will of wills) {
        if (!will.isOver) will.await(nowMs, will.session.expirySeconds);
      }
    }
  }

  /** Time has passed. */
  tick(): void {
    if (!this.#isUp || this.#isTroubled || this.#mayDrop) return;
    const nowMs = this.ledger.wallMs();
    for (const client of this.#clients.values()) {
      for (const will of client.wills) {
        if (will.isOver || nowMs < will.dueMs + settledMs) continue;
        will.isOver = true;
        if (this.#troubleEndedMs > will.changedMs) continue;
        for (const other of this.#clients.values()) this.#owe(other, will.message);
      }
      // What is settled for good need not be looked at again.
      const settled = client.wills.findIndex(will => !will.isOver);
      if (settled > 8) client.wills.splice(0, settled - 8);
    }
  }

  /** Everything had time to arrive, and every client took all it was given. */
  finish(): void {
    const nowMs = this.ledger.wallMs();
    for (const { clientId, session, connection } of this.#clients.values()) {
      if (connection !== null && connection.unanswered.length > 0) {
        this.ledger.fail(`${clientId} was not answered ${connection.unanswered}`);
      }
      if (session === null || connection === null || session.isVague) continue;
      const unreleased = session.unreleased(this.ledger.crashes);
      if (unreleased.length > 0) this.ledger.fail(`${clientId} got no PUBREL for ${unreleased}`);
      for (const { name, topic, expiresAtMs } of session.due) {
        if (expiresAtMs !== 0 && expiresAtMs <= nowMs) continue;
        this.ledger.fail(`${clientId} never got ${name} on ${topic}, which was acknowledged`);
      }
    }
  }

  /** A client has just subscribed to everything, and was given all that is retained. */
  probed(clientId: string): void {
    const session = this.#clients.get(clientId)?.session ?? null;
    if (session === null) return;
    const since = session.subscriptions[0].from;
    const soonMs = this.ledger.wallMs() + slackMs;
    for (const topic of this.ledger.retained.topics) {
      const candidates = this.ledger.retained.candidates(topic, since);
      const isThere = candidates.every(
        one => one !== null && (one.expiresAtMs === 0 || one.expiresAtMs > soonMs),
      );
      if (isThere && !candidates.some(one => session.hasBegun(one!))) {
        const names = candidates.map(one => one!.name).join(' or ');
        this.ledger.fail(`${topic} should have had ${names} retained`);
      }
    }
  }

  #client(clientId: string): ClientModel {
    let client = this.#clients.get(clientId);
    if (client === undefined) {
      const endedMs = Number.NEGATIVE_INFINITY;
      client = { clientId, session: null, connection: null, endedMs, isVague: false, wills: [] };
      this.#clients.set(clientId, client);
    }
    return client;
  }

  #existence({ session, isVague }: ClientModel, nowMs: number): 'there' | 'none' | 'either' {
    if (session === null) return 'none';
    if (isVague) return 'either';
    if (session.endedAt !== never || nowMs > session.endsByMs + slackMs) return 'none';
    return nowMs < session.endsFromMs ? 'there' : 'either';
  }

  #isSettled(sinceMs: number): boolean {
    if (this.#isTroubled) return false;
    return this.ledger.wallMs() - Math.max(sinceMs, this.#troubleEndedMs) > settledMs;
  }

  #blur(session: SessionModel): void {
    session.isVague = true;
    session.due.clear();
  }

  #end(client: ClientModel, session: SessionModel, nowMs: number): void {
    if (session.isDurable) client.endedMs = nowMs;
    if (session.endedAt === never) session.endedAt = this.ledger.now;
    this.ledger.reassignments += 1;
    session.due.clear();
    // The end of the session is the end of the wait.
    for (const will of client.wills) {
      if (!will.isOver && will.dueMs !== never) will.await(nowMs, 0);
    }
  }

  /** The client's connection is over. */
  #over(client: ClientModel, connection: ConnectionModel): void {
    client.connection = null;
    const session = client.session!;
    const nowMs = this.ledger.wallMs();
    const { goodbye, isOutdated } = connection;
    if (goodbye?.expirySeconds !== undefined) session.expirySeconds = goodbye.expirySeconds;
    const { expirySeconds } = session;
    if (expirySeconds !== endless) session.changedMs = nowMs;
    this.ledger.reassignments += 1;
    const will = client.wills.findLast(one => !one.isOver && one.dueMs === never);
    if (goodbye?.reasonCode === 0 && !isOutdated) will?.discard(nowMs);
    else will?.await(nowMs, expirySeconds);
    if (expirySeconds === 0) this.#end(client, session, nowMs);
    else if (expirySeconds !== endless) {
      session.endsFromMs = nowMs + expirySeconds * 1000;
      session.endsByMs = session.endsFromMs;
    }
  }

  #resumedWills(client: ClientModel, nowMs: number): void {
    for (const will of client.wills) {
      if (will.isOver) continue;
      // Close to its time nobody can say which was first.
      if (will.fromMs > nowMs) will.discard(nowMs);
      else if (nowMs < will.dueMs + slackMs) will.isOver = true;
    }
  }

  #will(client: ClientModel, { will }: ConnectPacket, session: SessionModel, nowMs: number): void {
    if (will === undefined) return;
    const message = this.ledger.enter(will, client.clientId, undefined, true);
    message.origins.add(session);
    const delaySeconds = will.properties?.willDelayInterval ?? 0;
    client.wills.push(new WillModel(message, session, delaySeconds, nowMs));
  }

  /** The client's session has to get the message, if it is sure that it is to have it. */
  #owe(client: ClientModel, message: Published): void {
    const { session, connection } = client;
    if (session === null || session.isVague || session.got.has(message.name)) return;
    if (connection === null && this.#existence(client, this.ledger.wallMs()) !== 'there') return;
    if (session.startedAt >= message.firstIn || session.endedAt !== never) return;
    const sizeMax = connection?.connect?.properties?.maximumPacketSize ?? never;
    if (message.sizeMax > sizeMax) return;
    const { isSure, qosMin, shares } = session.entitlement(message);
    // Which copy a session got that is in a shared subscription too, nobody can tell.
    if (isSure && shares === 0 && qosMin > 0) session.due.add(message);
  }
}

/** Seconds that the session is to outlive its connection. */
function expiryOf({ protocolVersion, cleanStart, properties }: ConnectPacket): number {
  if (protocolVersion === 5) return properties?.sessionExpiryInterval ?? 0;
  return cleanStart ? 0 : endless;
}
