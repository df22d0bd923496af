/** A session, and what is in it, as those who look into a broker see them. */
import {
  type InflightState,
  OutboundState,
  type ProtocolVersion,
  type QoS,
} from '@godwit/protocol';
import { EntryView } from '../durable/entry-format.ts';
import { offsetOf, qosOf } from '../durable/stored-delivery.ts';
import type { Delivery } from '../session/delivery.ts';
import { neverExpires, type Session } from '../session/session.ts';

export interface SessionInfo {
  readonly clientId: string;
  readonly isConnected: boolean;
  /** It survives the broker. */
  readonly isDurable: boolean;
  /** Seconds that it outlives its connection; null: for ever. */
  readonly expirySeconds: number | null;
  readonly subscriptions: number;
  /** Messages with QoS 1 and 2 that wait, and their bytes. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly inflightMessages: number;
  readonly hasWill: boolean;
  /** Null while the client is away. */
  readonly connection: ConnectionInfo | null;
}

export interface ConnectionInfo {
  readonly username: string | null;
  readonly protocolVersion: ProtocolVersion;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Bytes written that the client has not taken. */
  readonly outboundBytes: number;
}

export interface SubscriptionInfo {
  readonly clientId: string;
  /** With `$share/name/` where it is shared. */
  readonly filter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** Subscription Identifier; 0 when there is none. */
  readonly identifier: number;
}

const stateNames: Readonly<Record<InflightState, InflightInfo['state']>> = {
  [OutboundState.awaitingPuback]: 'awaiting-puback',
  [OutboundState.awaitingPubrec]: 'awaiting-pubrec',
  [OutboundState.awaitingPubcomp]: 'awaiting-pubcomp',
};

export interface InflightInfo {
  readonly packetId: number;
  readonly state: 'awaiting-puback' | 'awaiting-pubrec' | 'awaiting-pubcomp';
}

export interface QueuedInfo {
  readonly topic: string;
  readonly qos: QoS;
  readonly payloadBytes: number;
  /** Wall time in milliseconds; 0: never. */
  readonly expiresAtMs: number;
}

export function sessionInfo(session: Session): SessionInfo {
  const { clientId, connection, durable, expirySeconds, will } = session;
  const queue = durable === null ? session.queue : durable.queue;
  return {
    clientId,
    isConnected: connection !== null,
    isDurable: durable !== null,
    expirySeconds: expirySeconds === neverExpires ? null : expirySeconds,
    subscriptions: session.subscriptions.size,
    queuedMessages: queue.length,
    queuedBytes: queue.bytes,
    inflightMessages: session.outbound.size,
    hasWill: will !== null,
    connection: connectionInfo(session),
  };
}

function connectionInfo({ connection }: Session): ConnectionInfo | null {
  if (connection === null) return null;
  const { username, protocolVersion, remoteAddress, remotePort } = connection.client;
  const outboundBytes = connection.outbox.queuedBytes;
  return { username: username ?? null, protocolVersion, remoteAddress, remotePort, outboundBytes };
}

export function* subscriptionsOf(session: Session): Generator<SubscriptionInfo, void, undefined> {
  const { clientId } = session;
  for (const subscription of session.subscriptions.values()) {
    const { filter, qos, noLocal, retainAsPublished, identifier } = subscription;
    yield { clientId, filter, qos, noLocal, retainAsPublished, identifier };
  }
}

export function inflightOf(session: Session, countMax: number): readonly InflightInfo[] {
  const found: InflightInfo[] = [];
  session.outbound.inOrder((packetId, state) => {
    if (found.length < countMax) found.push({ packetId, state: stateNames[state] });
  });
  return found;
}

/** Reads from the log what is not in memory. */
export async function queuedOf(session: Session, countMax: number): Promise<readonly QueuedInfo[]> {
  const { durable, context } = session;
  if (durable === null) return session.queue.first(countMax).map(waiting);
  const rows: [at: number, place: number][] = [];
  durable.queue.waiting.forEach((_, at, place) => {
    if (rows.length < countMax) rows.push([at, place]);
  });
  const found: QueuedInfo[] = [];
  for (const [at, place] of rows) {
    const view = new EntryView();
    try {
      view.read(await context.durability!.engine.accepts.read(at));
    } catch {
      // Delivered, or the engine has ended, while the one before was read.
      break;
    }
    view.targetAt(offsetOf(place));
    view.readMessage();
    const { topic, payloadSize, expiresAtMs } = view.message;
    found.push({ topic, qos: qosOf(place), payloadBytes: payloadSize, expiresAtMs });
  }
  return found;
}

function waiting({ message, qos }: Delivery): QueuedInfo {
  const { topic, payloadSize, expiresAtMs } = message;
  return { topic, qos, payloadBytes: payloadSize, expiresAtMs };
}
