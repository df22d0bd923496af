/**
 * What a client of the crash test publishes with QoS 1 and 2: its window, and after a lost
 * connection everything unfinished again, in order and with the same packet identifiers.
 */
import {
  type AcknowledgementPacket,
  type Packet,
  PacketType,
  type PublishProperties,
} from '@godwit/protocol';
import type { PeerOptions } from './peer.ts';

export interface Outgoing {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 1 | 2;
  readonly retain?: boolean;
  readonly properties?: PublishProperties;
  /** The acknowledgement does not promise that the message survives. */
  readonly isVolatile?: boolean;
  /** It goes out: the first time, or again. */
  readonly onSent?: () => void;
  /** PUBACK or PUBREC has come. */
  readonly onAcknowledged?: () => void;
  /** Nobody will know what became of it. */
  readonly onAbandoned?: () => void;
}

interface Inflight {
  readonly message: Outgoing;
  readonly packetId: number;
  isReceived: boolean;
  releases: number;
}

const windowDefault = 20;

export class OutboundFlow {
  readonly #options: PeerOptions;
  readonly #send: (packet: Packet) => void;
  #waiting: Outgoing[] = [];
  /** By packet identifier, in the order of sending. */
  readonly #inflight = new Map<number, Inflight>();
  #lastId = 0;
  #isOnline = false;

  constructor(options: PeerOptions, send: (packet: Packet) => void) {
    this.#options = options;
    this.#send = send;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#inflight.size === 0;
  }

  add(message: Outgoing): void {
    this.#waiting.push(message);
    this.#pump();
  }

  connected(): void {
    this.#isOnline = true;
    for (const one of this.#inflight.values()) {
      if (one.isReceived) this.#release(one);
      else this.#publish(one, true);
    }
    this.#pump();
  }

  disconnected(): void {
    this.#isOnline = false;
  }

  /** The session is gone: what was in flight may have been delivered or not. */
  forget(): void {
    for (const { message, isReceived } of this.#inflight.values()) {
      if (!isReceived) message.onAbandoned?.();
    }
    this.#inflight.clear();
  }

  receive({ type, packetId, reasonCode }: AcknowledgementPacket): void {
    const one = this.#inflight.get(packetId);
    if (one === undefined) return;
    const { message } = one;
    const wrong = (why: string): void => {
      const where = `${this.#options.clientId}: ${message.topic}, packet ${packetId}`;
      this.#options.faults.add('wrong answer to a publisher', `${where}: ${why}`);
    };
    if (type === PacketType.pubcomp) {
      if (!one.isReceived) wrong('PUBCOMP before PUBREC');
      // The first PUBREL after a PUBREC that promised something: the broker must know it.
      else if (reasonCode !== 0 && one.releases === 1 && !message.isVolatile) {
        wrong(`PUBCOMP ${reasonCode} to the first PUBREL: the message is forgotten`);
      }
      this.#inflight.delete(packetId);
    } else if (reasonCode >= 0x80) wrong(`refused with ${reasonCode}`);
    else if ((type === PacketType.pubrec) !== (message.qos === 2)) wrong(`type ${type}`);
    else if (type === PacketType.puback) {
      this.#inflight.delete(packetId);
      message.onAcknowledged?.();
    } else {
      if (!one.isReceived) message.onAcknowledged?.();
      one.isReceived = true;
      this.#release(one);
    }
    this.#pump();
  }

  #pump(): void {
    const { window = windowDefault } = this.#options;
    while (this.#isOnline && this.#inflight.size < window && this.#waiting.length > 0) {
      const message = this.#waiting.shift()!;
      const one = { message, packetId: this.#freeId(), isReceived: false, releases: 0 };
      this.#inflight.set(one.packetId, one);
      this.#publish(one, false);
    }
  }

  #freeId(): number {
    // Few, so that one the broker should have forgotten is soon used again.
    const packetIds = 2 * (this.#options.window ?? windowDefault);
    do {
      this.#lastId = (this.#lastId % packetIds) + 1;
    } while (this.#inflight.has(this.#lastId));
    return this.#lastId;
  }

  #publish({ message, packetId }: Inflight, dup: boolean): void {
    const { topic, payload, qos, retain = false, properties } = message;
    message.onSent?.();
    const flags = { qos, retain, dup };
    const more = this.#options.version === 5 && properties !== undefined ? { properties } : {};
    this.#send({ type: PacketType.publish, topic, payload, packetId, ...flags, ...more });
  }

  #release(one: Inflight): void {
    one.releases += 1;
    this.#send({ type: PacketType.pubrel, packetId: one.packetId, reasonCode: 0 });
  }
}
