/**
 * What the session asks of a store that outlives the process: it is told of every change before
 * the server can see it, and gives the session back at the next start. Types only.
 */
import type { InflightState, PublishPacket } from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import type { MqttError } from '../errors.ts';
import type { Publication } from './publication.ts';

/** A message as it was when the process ended. */
export interface StoredMessage {
  readonly packet: PublishPacket;
  /** When its lifetime ends, on the monotonic clock; Infinity where it has no end. */
  readonly expiresAt: number;
  /** Its place in the log; see {@link Publication.sequence}. */
  readonly sequence: number;
  /** What it waited for; undefined when it was not sent. */
  readonly state: InflightState | undefined;
}

export interface StoredSession {
  /** Undefined when no server has accepted it yet. */
  readonly clientId: string | undefined;
  /** In the order of the log. */
  readonly messages: readonly StoredMessage[];
  /** Identifiers of QoS 2 messages that were passed on, and not released by the server yet. */
  readonly inbound: readonly number[];
}

/**
 * Writes the session down. Changes are gathered and written in batches, in their order: what a
 * crash leaves is what the session was at one moment.
 */
export interface Journal {
  /** A message enters the log. @throws RangeError when it cannot be encoded */
  add(publication: Publication): void;
  /** It is about to be sent for the first time; one of QoS 0 is thereby over. */
  sent(publication: Publication): void;
  /** The server has taken it over, of QoS 2: PUBREL is owed. */
  received(publication: Publication): void;
  /** It is to be sent as a new message. */
  unsent(publication: Publication): void;
  /** It is over. */
  remove(publication: Publication): void;
  /** A QoS 2 message of this identifier was passed on, and is not to be again. */
  remember(packetId: number): void;
  forget(packetId: number): void;
  /** The server knows the session by this name. */
  name(clientId: string): void;
  /** Calls once all changes so far are stored; at once if they are. Never after a failure. */
  whenStored(call: () => void): void;
  /** Stores what is not stored yet, and lets the store go. @throws MqttError 'store-failed' */
  close(): Promise<void>;
}

export interface OpenStore {
  readonly session: StoredSession;
  readonly journal: Journal;
}

/**
 * Keeps one session beyond the process: `fileStore` of the entry `./node`, `indexedDbStore` of
 * `./indexed-db`, or one of your own by `tableStore` of `./store`.
 */
export interface SessionStore {
  /**
   * Takes the store, for one client at a time.
   * @param onFailure called at most once, when changes cannot be stored
   * @throws MqttError 'store-failed' when it is in use, damaged, or out of reach
   */
  open(clock: Clock, onFailure: (error: MqttError) => void): Promise<OpenStore>;
}
