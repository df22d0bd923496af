/**
 * The receiving side of QoS 1 and 2 for one session: holds the peer to our Receive Maximum, and
 * remembers QoS 2 identifiers so that no message is passed on twice. Acknowledges nothing itself.
 */
import { ProtocolError } from '../packet/protocol-error.ts';
import { ReasonCode } from '../packet/reason-code.ts';
import { PacketIdSet } from './packet-id-set.ts';

/** What was received and not yet acknowledged. */
export class InboundWindow {
  #receiveMaximum: number;
  #unacknowledged = 0;
  /** QoS 2 identifiers between PUBLISH and PUBREL. */
  readonly #known: PacketIdSet = new PacketIdSet();
  /** Those of them whose PUBLISH has not been seen on this connection: they hold no place. */
  #carried: PacketIdSet | undefined = undefined;

  /** @param receiveMaximum ours, 1 to 65,535 */
  constructor(receiveMaximum: number) {
    this.#receiveMaximum = receiveMaximum;
  }

  /** Messages of this connection that hold a place in our Receive Maximum. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** QoS 2 identifiers remembered, 0 to 65,535. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * A PUBLISH with QoS 1 or 2 has come.
   * @returns whether it is to be passed on; false for a QoS 2 message that was already, and now is
   *   only to be answered again [MQTT-4.3.3-10]
   * @throws ProtocolError 0x93 when the peer exceeds our Receive Maximum
   */
  received(qos: 1 | 2, packetId: number): boolean {
    if (qos === 2 && this.#known.has(packetId)) {
      // Sent again on this connection it takes a place, though never a second one.
      if (this.#carried?.has(packetId)) {
        this.#takePlace();
        this.#carried.delete(packetId);
      }
      return false;
    }
    this.#takePlace();
    if (qos === 2) this.#known.add(packetId);
    return true;
  }

  /** We send the PUBACK of a QoS 1 message that came on this connection. */
  acknowledge(): void {
    this.#unacknowledged -= 1;
  }

  /**
   * PUBREL has come, or we refuse the message by a PUBREC of 0x80 or above: the identifier means a
   * new message from now on [MQTT-4.3.3-9] [MQTT-4.3.3-12].
   * @returns false when it was not known
   */
  release(packetId: number): boolean {
    if (!this.#known.delete(packetId)) return false;
    if (this.#carried?.delete(packetId) !== true) this.#unacknowledged -= 1;
    return true;
  }

  /** Whether a QoS 2 message with this identifier waits for its PUBREL. */
  isKnown(packetId: number): boolean {
    return this.#known.has(packetId);
  }

  /** The QoS 2 identifiers remembered, in no particular order. */
  ids(): Iterable<number> {
    return this.#known;
  }

  /** Remembers an identifier of a stored session. {@link reset} follows. */
  restore(packetId: number): void {
    this.#known.add(packetId);
  }

  /** A new connection: QoS 2 identifiers stay known, and all places are free. */
  reset(receiveMaximum: number): void {
    this.#receiveMaximum = receiveMaximum;
    this.#unacknowledged = 0;
    this.#carried = undefined;
    if (this.#known.size === 0) return;
    this.#carried = new PacketIdSet();
    for (const id of this.#known) this.#carried.add(id);
  }

  /** Forgets everything: the session has ended. */
  clear(): void {
    this.#known.clear();
    this.#carried = undefined;
    this.#unacknowledged = 0;
  }

  /** [MQTT-3.3.4-7] [MQTT-3.3.4-9] */
  #takePlace(): void {
    if (this.#unacknowledged >= this.#receiveMaximum) {
      throw new ProtocolError(
        ReasonCode.receiveMaximumExceeded,
        `more than ${this.#receiveMaximum} messages are unacknowledged`,
      );
    }
    this.#unacknowledged += 1;
  }
}
