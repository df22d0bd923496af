/**
 * Turns changes of the session into batches for a table: what is told in one turn of the event
 * loop, or while a batch is being written, is the next batch. One promise a batch.
 */
import { OutboundState } from '@godwit/protocol';
import type { Clock } from '@godwit/runtime';
import type { Journal } from '../engine/journal.ts';
import type { Publication } from '../engine/publication.ts';
import { ErrorCode, MqttError } from '../errors.ts';
import {
  clientIdKey,
  encodeClientId,
  encodeInflight,
  encodeMessage,
  messageKey,
  stateOnceSent,
} from './session-records.ts';
import type { StoreTable } from './store-table.ts';

interface Waiter {
  position: number;
  call(): void;
}

const noBytes = new Uint8Array(0);

export class TableJournal implements Journal {
  readonly #table: StoreTable;
  readonly #clock: Clock;
  readonly #onFailure: (error: MqttError) => void;
  #clientId: string | undefined;
  #lastSequence: number;
  /** Changes for the next batch. */
  #pending: Map<number, Uint8Array | null>;
  /** Changes told, and those of them stored, since the beginning. */
  #told: number;
  #stored: number;
  /** In the order of their positions. */
  #waiters: Waiter[];
  #isScheduled: boolean;
  #writing: Promise<void> | null;
  #error: MqttError | undefined;

  constructor(
    table: StoreTable,
    clock: Clock,
    clientId: string | undefined,
    lastSequence: number,
    onFailure: (error: MqttError) => void,
  ) {
    this.#table = table;
    this.#clock = clock;
    this.#onFailure = onFailure;
    this.#clientId = clientId;
    this.#lastSequence = lastSequence;
    this.#pending = new Map();
    this.#told = 0;
    this.#stored = 0;
    this.#waiters = [];
    this.#isScheduled = false;
    this.#writing = null;
    this.#error = undefined;
  }

  add(publication: Publication): void {
    const { packet, expiresAt } = publication;
    const wallMs = this.#clock.wallMs() + expiresAt - this.#clock.monotonicMs();
    const value = encodeMessage(packet, wallMs);
    this.#lastSequence += 1;
    publication.sequence = this.#lastSequence;
    this.#tell(messageKey(publication.sequence), value);
  }

  sent(publication: Publication): void {
    const { packet, sequence } = publication;
    if (packet.qos === 0) this.remove(publication);
    else {
      this.#tell(messageKey(sequence) + 1, encodeInflight(stateOnceSent(packet), packet.packetId));
    }
  }

  received({ packet, sequence }: Publication): void {
    const key = messageKey(sequence);
    this.#tell(key, null);
    this.#tell(key + 1, encodeInflight(OutboundState.awaitingPubcomp, packet.packetId));
  }

  unsent({ sequence }: Publication): void {
    this.#tell(messageKey(sequence) + 1, null);
  }

  remove(publication: Publication): void {
    const key = messageKey(publication.sequence);
    publication.sequence = 0;
    // what is added and removed while the disk is busy never gets there
    const isNew = this.#pending.get(key) instanceof Uint8Array;
    this.#tell(key, null);
    this.#tell(key + 1, null);
    if (!isNew) return;
    this.#pending.delete(key);
    this.#pending.delete(key + 1);
  }

  remember(packetId: number): void {
    this.#tell(packetId, noBytes);
  }

  forget(packetId: number): void {
    this.#tell(packetId, null);
  }

  name(clientId: string): void {
    if (clientId === this.#clientId) return;
    this.#clientId = clientId;
    this.#tell(clientIdKey, encodeClientId(clientId));
  }

  whenStored(call: () => void): void {
    if (this.#stored === this.#told) call();
    else this.#waiters.push({ position: this.#told, call });
  }

  async close(): Promise<void> {
    while (this.#error === undefined && this.#stored < this.#told) {
      this.#write();
      await this.#writing;
    }
    const error = this.#error;
    this.#error ??= new MqttError(ErrorCode.closed, 'the store is closed');
    try {
      await this.#table.close();
    } catch (failure) {
      throw error ?? storeFailed(failure);
    }
    if (error !== undefined) throw error;
  }

  #tell(key: number, value: Uint8Array | null): void {
    if (this.#error !== undefined) return;
    this.#pending.set(key, value);
    this.#told += 1;
    if (this.#isScheduled || this.#writing !== null) return;
    this.#isScheduled = true;
    this.#clock.defer(() => {
      this.#isScheduled = false;
      this.#write();
    });
  }

  #write(): void {
    if (this.#writing !== null || this.#stored === this.#told || this.#error !== undefined) return;
    const batch = this.#pending;
    const position = this.#told;
    if (batch.size === 0) {
      this.#onStored(position);
      return;
    }
    this.#pending = new Map();
    this.#writing = this.#table.write(batch).then(
      () => this.#onStored(position),
      error => this.#onFailed(error),
    );
  }

  #onStored(position: number): void {
    this.#writing = null;
    this.#stored = position;
    const waiters = this.#waiters;
    let due = 0;
    while (due < waiters.length && waiters[due].position <= position) due += 1;
    for (const { call } of waiters.splice(0, due)) call();
    this.#write();
  }

  #onFailed(cause: unknown): void {
    this.#writing = null;
    this.#error = storeFailed(cause);
    this.#pending.clear();
    this.#waiters = [];
    this.#onFailure(this.#error);
  }
}

/** The failure of a table, in the client's words. */
export function storeFailed(cause: unknown): MqttError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new MqttError(ErrorCode.storeFailed, `the session's store failed: ${message}`, { cause });
}
