/**
 * The durable side of one session: its number, what it is to get, and which of its own QoS 2
 * messages the broker has. All of it is in the session's mark, so that it survives the broker.
 */
import type { AcceptLog } from '@godwit/storage';
import type { Session } from '../session/session.ts';
import { type ProgressMark, writeProgress } from './progress-mark.ts';
import type { StoredDelivery } from './stored-delivery.ts';
import { StoredQueue } from './stored-queue.ts';

/** Messages in flight to one durable session at most: what its mark has room for. */
export const storedInflightMax = 4096;

export class DurableSession {
  /** Names the session in the log; never used for another one. */
  readonly number: number;
  readonly queue: StoredQueue;
  /** The engine has a record of it, though perhaps not the latest. */
  isRecorded: boolean;
  /** The session has ended. */
  isOver: boolean;
  readonly #log: AcceptLog;
  readonly #session: Session;
  /** Packet identifiers of the client's own messages that are in the log and wait for PUBREL. */
  readonly #inbound: Set<number>;
  /** Position of the last of them. */
  #inboundAt: number;
  /** Changes that are not durable yet and must be before what follows from them is said. */
  #unsettled: number;

  constructor(session: Session, number: number, log: AcceptLog) {
    this.number = number;
    this.queue = new StoredQueue(session, log, () => log.touch(number));
    this.isRecorded = false;
    this.isOver = false;
    this.#log = log;
    this.#session = session;
    this.#inbound = new Set();
    this.#inboundAt = 0;
    this.#unsettled = 0;
  }

  /** All that the client said is durable, as far as that matters for what it may be told. */
  get isSettled(): boolean {
    return this.#unsettled === 0;
  }

  /** Calls `then` when the session as it is now will survive. */
  settle(then: () => void): void {
    this.#unsettled += 1;
    this.#log.touch(this.number);
    this.#log.settle(() => {
      this.#unsettled -= 1;
      then();
    });
  }

  /** Calls `then` when everything that waits to {@link settle} has. */
  afterSettled(then: () => void): void {
    this.#log.settle(then);
  }

  /** The client has a message, or does not want it. */
  done(delivery: StoredDelivery): void {
    // First: an entry does not vanish before the marks that were touched before it was let go of.
    this.#log.touch(this.number);
    this.queue.release(delivery);
  }

  /** The client has a QoS 2 message; `then` is called when that will not be forgotten. */
  received(delivery: StoredDelivery, then: () => void): void {
    this.settle(then);
    this.queue.release(delivery);
  }

  /** A QoS 2 message of the client's own is durable. */
  inboundAccepted(packetId: number, at: number): void {
    // The client may have released it already, where its PUBREC did not wait for the disk.
    if (!this.#session.inbound.isKnown(packetId)) return;
    this.#inbound.add(packetId);
    this.#inboundAt = at;
    this.#log.touch(this.number);
  }

  /** PUBREL has come for one. @returns whether {@link settle} has to come before PUBCOMP */
  inboundReleased(packetId: number): boolean {
    return this.#inbound.delete(packetId);
  }

  /** Writes the session's mark. @returns its length */
  writeMark(into: Uint8Array): number {
    const inbound = { inboundAt: this.#inboundAt, inbound: [...this.#inbound] };
    return writeProgress(into, { ...this.queue.progress(), ...inbound });
  }

  /** Takes over the client's own messages as recovery found them. */
  restoreInbound(mark: ProgressMark, found: readonly (readonly [number, number])[]): void {
    this.#inboundAt = mark.inboundAt;
    for (const packetId of mark.inbound) this.#inbound.add(packetId);
    for (const [packetId, at] of found) {
      if (at <= mark.inboundAt) continue;
      this.#inbound.add(packetId);
      this.#inboundAt = Math.max(this.#inboundAt, at);
    }
    for (const packetId of this.#inbound) this.#session.inbound.restore(packetId);
  }

  /**
   * The session has ended: lets go of everything but what came by shared subscriptions and another
   * member may still get. `onShared` has to release that.
   */
  clear(onShared: (at: number, offset: number) => void): void {
    this.isOver = true;
    this.queue.clear(onShared);
    this.#inbound.clear();
  }
}
