/**
 * What a client of the crash test gets: hands on each message as its QoS demands, keeps the
 * packet identifiers of QoS 2 over lost connections, answers in order, at once or after a while.
 */
import {
  type AcknowledgementPacket,
  type Packet,
  PacketType,
  type PublishPacket,
} from '@godwit/protocol';
import type { PeerOptions } from './peer.ts';

/** A message as the client's user sees it. */
export interface Arrived {
  readonly topic: string;
  /** Its own copy. */
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
  readonly packetId: number;
  readonly messageExpiryInterval: number | undefined;
}

/** Bytes of a payload by which a message is known again. */
const knownBytes = 64;

export class InboundFlow {
  readonly #options: PeerOptions;
  readonly #send: (packet: Packet) => void;
  /** QoS 2 messages between PUBLISH and PUBREL, by packet identifier. */
  readonly #received = new Map<number, string>();
  #answers: Packet[] = [];
  #isWaiting = false;

  constructor(options: PeerOptions, send: (packet: Packet) => void) {
    this.#options = options;
    this.#send = send;
  }

  /** No PUBREL is owed. */
  get isIdle(): boolean {
    return this.#received.size === 0;
  }

  connected(): void {
    this.#answers = [];
  }

  disconnected(): void {
    this.#answers = [];
  }

  forget(): void {
    this.#received.clear();
  }

  receive(packet: PublishPacket | AcknowledgementPacket): void {
    if (packet.type === PacketType.publish) this.#publish(packet);
    else {
      const isKnown = this.#received.delete(packet.packetId);
      // It may be sent again after a PUBCOMP that the broker never saw.
      const reasonCode = isKnown ? 0 : 0x92;
      this.#answer({ type: PacketType.pubcomp, packetId: packet.packetId, reasonCode });
    }
  }

  #publish(packet: PublishPacket): void {
    const { topic, qos, packetId } = packet;
    const payload = Buffer.from(packet.payload);
    if (qos === 2) {
      const key = `${topic} ${payload.toString('latin1', 0, knownBytes)}`;
      const known = this.#received.get(packetId);
      this.#received.set(packetId, key);
      this.#answer({ type: PacketType.pubrec, packetId, reasonCode: 0 });
      if (known !== undefined) {
        if (known !== key) this.#reused(packetId, known, key);
        return;
      }
    } else if (qos === 1) this.#answer({ type: PacketType.puback, packetId, reasonCode: 0 });
    const { retain, properties } = packet;
    const { messageExpiryInterval } = properties ?? {};
    const { onMessage } = this.#options;
    onMessage?.({ topic, payload, qos, retain, packetId, messageExpiryInterval });
  }

  #reused(packetId: number, known: string, key: string): void {
    const { faults, clientId } = this.#options;
    const evidence = `${clientId}: packet ${packetId} was '${known}', is '${key}'`;
    faults.add('packet identifier used again before PUBREL', evidence);
  }

  #answer(packet: Packet): void {
    const delayMs = this.#options.ackDelayMs?.() ?? 0;
    if (delayMs === 0 && !this.#isWaiting) {
      this.#send(packet);
      return;
    }
    this.#answers.push(packet);
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    this.#options.clock.after(delayMs, () => {
      this.#isWaiting = false;
      for (const answer of this.#answers.splice(0)) this.#send(answer);
    });
  }
}
