/**
 * Messages from the server: takes each over once, keeps the server within our Receive Maximum, and
 * owes it the acknowledgements. It never makes the server wait for anything else.
 */
import {
  type AcknowledgementPacket,
  InboundWindow,
  PacketType,
  ProtocolError,
  type ProtocolVersion,
  type PublishPacket,
  ReasonCode,
} from '@godwit/protocol';
import { type Receipt, Receipts } from './receipts.ts';

export interface InboundHandlers {
  /** A new message. Whoever keeps it shares its receipt, which is null for QoS 0. */
  deliver(packet: PublishPacket, receipt: Receipt | null): void;
  send(packet: AcknowledgementPacket): void;
}

export class Inbound {
  readonly #version: ProtocolVersion;
  readonly #handlers: InboundHandlers;
  readonly #window: InboundWindow;
  readonly #pubacks: Receipts;
  readonly #pubrecs: Receipts;
  /** Identifiers of QoS 2 whose PUBREC is still owed. */
  readonly #unanswered: Set<number>;

  /** @param receiveMaximum unacknowledged messages, at most; 65,535 where none was agreed upon */
  constructor(version: ProtocolVersion, receiveMaximum: number, handlers: InboundHandlers) {
    this.#version = version;
    this.#handlers = handlers;
    this.#window = new InboundWindow(receiveMaximum);
    this.#pubacks = new Receipts(receipt => {
      this.#window.acknowledge();
      this.#acknowledge(PacketType.puback, receipt);
    });
    this.#pubrecs = new Receipts(receipt => {
      this.#unanswered.delete(receipt.packetId);
      // [MQTT-4.3.3-9] a refused message is over; 3.x cannot refuse one
      if (receipt.reasonCode >= 0x80 && version === 5) this.#window.release(receipt.packetId);
      this.#acknowledge(PacketType.pubrec, receipt);
    });
    this.#unanswered = new Set();
  }

  /** Messages that the application has not acknowledged. */
  get unacked(): number {
    return this.#pubacks.size + this.#pubrecs.size;
  }

  onPublish(packet: PublishPacket): void {
    // [MQTT-3.1.2-27] no alias was offered
    if (packet.properties?.topicAlias !== undefined) {
      throw new ProtocolError(ReasonCode.topicAliasInvalid, 'topic alias over the maximum of 0');
    }
    const { qos, packetId } = packet;
    let receipt: Receipt | null = null;
    if (qos > 0) {
      if (!this.#window.received(qos as 1 | 2, packetId)) {
        this.#onRepeat(packetId);
        return;
      }
      receipt = (qos === 1 ? this.#pubacks : this.#pubrecs).open(packetId);
      if (qos === 2) this.#unanswered.add(packetId);
    }
    // the payload is a view of memory that is used again
    packet.payload = new Uint8Array(packet.payload);
    this.#handlers.deliver(packet, receipt);
    receipt?.answer(ReasonCode.success);
  }

  onPubrel({ packetId }: AcknowledgementPacket): void {
    if (this.#unanswered.has(packetId)) {
      throw new ProtocolError(ReasonCode.protocolError, 'PUBREL for a PUBLISH without PUBREC');
    }
    const isKnown = this.#window.release(packetId) || this.#version < 5;
    // [MQTT-4.3.3-11]
    this.#handlers.send({
      type: PacketType.pubcomp,
      packetId,
      reasonCode: isKnown ? ReasonCode.success : ReasonCode.packetIdentifierNotFound,
    });
  }

  /** The connection is gone; acknowledgements that come now are void. */
  down(): void {
    this.#pubacks.clear();
    this.#pubrecs.clear();
    this.#unanswered.clear();
  }

  /** [MQTT-4.3.3-10] answered again, unless the answer to the first is still to come. */
  #onRepeat(packetId: number): void {
    if (this.#unanswered.has(packetId)) return;
    this.#handlers.send({ type: PacketType.pubrec, packetId, reasonCode: ReasonCode.success });
  }

  #acknowledge(
    type: typeof PacketType.puback | typeof PacketType.pubrec,
    { packetId, reasonCode }: Receipt,
  ): void {
    this.#handlers.send({ type, packetId, reasonCode: this.#version === 5 ? reasonCode : 0 });
  }
}
