/**
 * What a durable session is to get with QoS 1 and 2: the messages are in the accept log, here is
 * only where. Sends them in order within the session's window, knows which ones are over.
 */
import { OutboundState, PacketType } from '@godwit/protocol';
import type { AcceptLog } from '@godwit/storage';
import type { Connection } from '../connection/connection.ts';
import { publishHeader, writePublish } from '../connection/publish-writer.ts';
import type { Session } from '../session/session.ts';
import { DeliveryList } from './delivery-list.ts';
import { EntryView } from './entry-format.ts';
import type { OutboundProgress } from './progress-mark.ts';
import {
  isSharedPlace,
  offsetOf,
  packetIdOf,
  placeOf,
  qosOf,
  StoredDelivery,
} from './stored-delivery.ts';

/** Reads the entries of all queues: one is done with before the next is read. */
const view = new EntryView();

export class StoredQueue {
  /** Deliveries that are durable and not sent yet. */
  readonly waiting: DeliveryList;
  /** Of the next message that is to be offered to the log for the session. */
  nextNumber: number;
  readonly #session: Session;
  readonly #log: AcceptLog;
  /** Some of it became over, or was sent. */
  readonly #onProgress: () => void;
  /** Offered and not durable yet: they count as waiting. */
  #offered: number;
  #offeredBytes: number;
  /** Number of the last delivery that became durable, and of the last that was sent. */
  #arrivedUpTo: number;
  #sentUpTo: number;
  /** An entry is being read from the disk: nothing is sent until it is there. */
  #isReading: boolean;
  /** The entry that was read last in that way, until it is sent. */
  #readAt: number;
  #readBytes: Uint8Array | null;
  /** What is to be sent again and is being read; 0 for none. */
  #stalledId: number;

  constructor(session: Session, log: AcceptLog, onProgress: () => void) {
    this.waiting = new DeliveryList();
    this.nextNumber = 1;
    this.#session = session;
    this.#log = log;
    this.#onProgress = onProgress;
    this.#offered = 0;
    this.#offeredBytes = 0;
    this.#arrivedUpTo = 0;
    this.#sentUpTo = 0;
    this.#isReading = false;
    this.#readAt = 0;
    this.#readBytes = null;
    this.#stalledId = 0;
  }

  /** Messages that wait, those not durable yet included. */
  get length(): number {
    return this.waiting.length + this.#offered;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.waiting.bytes + this.#offeredBytes;
  }

  /** A message was offered to the log, with what was {@link nextNumber}. */
  offered(size: number): void {
    this.#offered += 1;
    this.#offeredBytes += size;
  }

  /** It is durable: `entry` stands on this session's target. Sent now if that is possible. */
  arrived(entry: EntryView, at: number): void {
    const { number, message } = entry;
    const place = placeOf(entry.offset, entry.qos, entry.isShared);
    entry.readMessage();
    this.#offered -= 1;
    this.#offeredBytes -= message.size;
    this.#arrivedUpTo = number;
    const { connection } = this.#session;
    if (this.waiting.length === 0 && connection !== null && this.#canSend(connection, number)) {
      this.#send(connection, entry, at, place);
    } else this.waiting.push(number, at, place, message.size);
  }

  /** Gives up the oldest message that waits. @returns false when none does that could be given up */
  dropOldest(): boolean {
    const { waiting } = this;
    if (waiting.length === 0) return false;
    this.#log.release(waiting.at);
    waiting.shift();
    this.#onProgress();
    return true;
  }

  /** Sends what waits, as far as the client takes it. */
  pump(connection: Connection): void {
    const { waiting } = this;
    while (waiting.length > 0 && this.#canSend(connection, waiting.number)) {
      const { at, place } = waiting;
      if (!this.#read(at)) return;
      view.targetAt(offsetOf(place));
      waiting.shift();
      this.#send(connection, view, at, place);
    }
  }

  /** A connection is new: what was about to be sent again is owed once more. */
  restart(): void {
    this.#stalledId = 0;
  }

  /** Sends again what an earlier connection left in flight. @returns false while it has to wait */
  resend(connection: Connection): boolean {
    const { outbound } = this.#session;
    while (!this.#isReading) {
      const id = this.#stalledId === 0 ? outbound.nextOwed() : this.#stalledId;
      this.#stalledId = 0;
      if (id === 0) return true;
      const delivery = outbound.messageOf(id) as StoredDelivery | undefined;
      if (delivery === undefined) continue;
      if (outbound.stateOf(id) === OutboundState.awaitingPubcomp) {
        connection.acknowledge(PacketType.pubrel, id, 0);
      } else if (this.#read(delivery.at)) {
        view.targetAt(offsetOf(delivery.place));
        this.#write(connection, view, delivery, id, true);
      } else this.#stalledId = id;
    }
    return false;
  }

  /** The client has the message, or does not want it: its entry is not needed any more. */
  release(delivery: StoredDelivery): void {
    if (delivery.at === 0) return;
    this.#log.release(delivery.at);
    delivery.at = 0;
  }

  /**
   * The session has ended: lets go of all entries but those that came by shared subscriptions and
   * another member may get. `onShared` has to release these.
   */
  clear(onShared: (at: number, offset: number) => void): void {
    this.#session.outbound.inOrder((_, state, kept) => {
      const delivery = kept as StoredDelivery;
      const { at, place } = delivery;
      // [MQTT-4.8.2-5] what was begun with QoS 2 is for this client only
      if (state === OutboundState.awaitingPuback && isSharedPlace(place)) {
        onShared(at, offsetOf(place));
      } else this.release(delivery);
    });
    this.waiting.forEach((_, at, place) => {
      if (isSharedPlace(place)) onShared(at, offsetOf(place));
      else this.#log.release(at);
    });
    this.waiting.clear();
  }

  /** Which deliveries are over, and which only wait for PUBCOMP. */
  progress(): OutboundProgress {
    const { outbound } = this.#session;
    const oldest = outbound.oldest as StoredDelivery | undefined;
    const { waiting } = this;
    const sentUpTo = this.#sentUpTo;
    const firstWaiting = waiting.length > 0 ? waiting.number : this.#arrivedUpTo + 1;
    const droppedUpTo = Math.max(sentUpTo, firstWaiting - 1);
    const done: [number, number][] = [];
    const received: number[] = [];
    const doneUpTo = oldest === undefined ? droppedUpTo : oldest.number - 1;
    let next = doneUpTo + 1;
    outbound.inOrder((_, state, delivery) => {
      const { number } = delivery as StoredDelivery;
      if (number > next) done.push([next, number - 1]);
      next = number + 1;
      if (state === OutboundState.awaitingPubcomp) received.push(number);
    });
    if (next <= sentUpTo) done.push([next, sentUpTo]);
    return { doneUpTo, sentUpTo: Math.max(sentUpTo, doneUpTo), droppedUpTo, done, received };
  }

  /** Takes over what recovery found: in flight, in the order of sending, and what is known of all. */
  restore(flight: readonly StoredDelivery[], progress: OutboundProgress, upTo: number): void {
    const received = new Set(progress.received);
    for (const delivery of flight) {
      const isQos1 = qosOf(delivery.place) === 1;
      const unreceived = isQos1 ? OutboundState.awaitingPuback : OutboundState.awaitingPubrec;
      const state = received.has(delivery.number) ? OutboundState.awaitingPubcomp : unreceived;
      this.#session.outbound.restore(packetIdOf(delivery.number), state, delivery);
    }
    this.#sentUpTo = progress.sentUpTo;
    this.#arrivedUpTo = Math.max(upTo, progress.sentUpTo, progress.droppedUpTo);
    this.nextNumber = this.#arrivedUpTo + 1;
  }

  #canSend(connection: Connection, number: number): boolean {
    const { outbound } = this.#session;
    if (this.#isReading || !outbound.hasRoom || connection.outbox.isFull) return false;
    return outbound.stateOf(packetIdOf(number)) === OutboundState.free;
  }

  #send(connection: Connection, entry: EntryView, at: number, place: number): void {
    const { number, qos, message } = entry;
    const { context, outbound } = this.#session;
    entry.readMessage();
    const delivery = new StoredDelivery(number, at, place);
    if (message.expiresAtMs !== 0 && message.isExpired(context.clock.wallMs())) {
      context.metrics.messagesDroppedExpired += 1;
      this.release(delivery);
    } else {
      const id = packetIdOf(number);
      outbound.sendAs(id, qos, delivery);
      this.#sentUpTo = number;
      this.#write(connection, entry, delivery, id, false);
    }
    this.#onProgress();
  }

  #write(
    connection: Connection,
    entry: EntryView,
    delivery: StoredDelivery,
    id: number,
    isAgain: boolean,
  ): void {
    const { message, qos, retain, identifiers, share } = entry;
    const { metrics, router, clock } = this.#session.context;
    entry.readMessage();
    const header = publishHeader(qos, retain, isAgain);
    const isAllowed = this.#session.mayReceive(message);
    if (isAllowed && writePublish(connection, message, header, id, identifiers)) {
      metrics.messagesSent += 1;
      return;
    }
    // [MQTT-3.1.2-25] as if it had been delivered; but another member may get what was not begun
    this.#session.outbound.release(id);
    if (share === null || (isAgain && qos === 2)) {
      if (isAllowed) metrics.messagesDroppedTooLarge += 1;
      else metrics.messagesDroppedUnauthorized += 1;
    } else router.redeliver(message.copy(), share, this.#session, clock.wallMs());
    this.release(delivery);
    this.#onProgress();
  }

  /** Has {@link view} read an entry. @returns false when it is not there yet: then it goes on later */
  #read(at: number): boolean {
    const bytes = at === this.#readAt ? this.#readBytes! : this.#log.read(at);
    if (bytes instanceof Uint8Array) {
      this.#readAt = 0;
      this.#readBytes = null;
      view.read(bytes);
      return true;
    }
    this.#isReading = true;
    bytes.then(
      read => {
        this.#isReading = false;
        this.#readAt = at;
        this.#readBytes = read;
        this.#session.advance();
      },
      // The engine has failed, and says so to everybody.
      () => {},
    );
    return false;
  }
}
