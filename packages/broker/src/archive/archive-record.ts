/**
 * What a broker keeps in its engine, as plain objects: the whole of it can be written down as a
 * sequence of these records and be made again from them. They name sessions by client identifier,
 * so that a sequence means the same in any broker.
 */
import type { PublishProperties, QoS, WillProperties } from '@godwit/protocol';

/** A session, before everything that names its client. */
export interface ArchivedSession {
  readonly kind: 'session';
  readonly clientId: string;
  /** 1 to 0xFFFFFFFF; the last: for ever. */
  readonly expirySeconds: number;
  /** When it ends; null when it never does, or its time has not begun since its client was there. */
  readonly expiresAtMs: number | null;
  /**
   * Number of the last message that was sent to it. Messages up to it are in flight; the packet
   * identifier of number `n` is `(n - 1) % 65535 + 1`.
   */
  readonly sentUpTo: number;
  /** Numbers of QoS 2 messages that the client has: PUBREL is owed. */
  readonly received: readonly number[];
  /** Packet identifiers of the client's own QoS 2 messages that wait for its PUBREL. */
  readonly inbound: readonly number[];
}

export interface ArchivedSubscription {
  readonly kind: 'subscription';
  readonly clientId: string;
  /** With `$share/name/` where it is shared. */
  readonly filter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** Subscription Identifier; 0 for none. */
  readonly identifier: number;
}

/** An application message. */
export interface ArchivedContent {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** As published. */
  readonly qos: QoS;
  /** Wall time; only with `properties.messageExpiryInterval`, and always with it. */
  readonly expiresAtMs: number | null;
  readonly properties: Omit<PublishProperties, 'topicAlias' | 'subscriptionIdentifiers'>;
}

/** Who is to get a message. */
export interface ArchivedTarget {
  readonly clientId: string;
  /** Of the message among those for this session: 1 and up, growing from record to record. */
  readonly number: number;
  readonly qos: 1 | 2;
  readonly retain: boolean;
  readonly identifiers: readonly number[];
  /** The shared filter that it came by; null for none. */
  readonly share: string | null;
}

/** A message that waits for sessions, or is in flight to them. */
export interface ArchivedMessage extends ArchivedContent {
  readonly kind: 'message';
  readonly retain: boolean;
  readonly targets: readonly ArchivedTarget[];
}

export interface ArchivedRetained extends ArchivedContent {
  readonly kind: 'retained';
}

export interface ArchivedWill {
  readonly kind: 'will';
  readonly clientId: string;
  /** When it is to be published; null: its connection is over, and its delay begins anew. */
  readonly dueAtMs: number | null;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: WillProperties;
}

export type ArchiveRecord =
  | ArchivedSession
  | ArchivedSubscription
  | ArchivedMessage
  | ArchivedRetained
  | ArchivedWill;
