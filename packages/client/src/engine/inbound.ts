/**
 * Messages from the server: takes each over once, keeps the server within our Receive Maximum, and
 * owes it the acknowledgements, also those of earlier connections. It never makes the server wait
 * for anything else.
 */
import {
  type AcknowledgementPacket,
  InboundAliases,
  InboundWindow,
  PacketType,
  ProtocolError,
  type ProtocolVersion,
  type PublishPacket,
  ReasonCode,
} from '@godwit/protocol';
import type { Journal } from './journal.ts';
import { type Receipt, Receipts } from './receipts.ts';

export interface InboundLimits {
  /** Unacknowledged messages, at most; 65,535 where none was agreed upon. */
  receiveMaximum: number;
  /** Topic aliases that we announced. */
  topicAliasMaximum: number;
}

export interface InboundHandlers {
  /** A new message. Whoever keeps it shares its receipt, which is null for QoS 0. */
  deliver(packet: PublishPacket, receipt: Receipt | null): void;
  send(packet: AcknowledgementPacket): void;
}

export class Inbound {
  readonly #version: ProtocolVersion;
  readonly #limits: InboundLimits;
  readonly #handlers: InboundHandlers;
  readonly #window: InboundWindow;
  readonly #pubacks: Receipts;
  readonly #pubrecs: Receipts;
  /** Identifiers whose PUBACK or PUBREC is still owed. */
  readonly #unanswered: Set<number>;
  /** Identifiers of QoS 2 that may stand for other messages now. */
  #doubtful: Set<number>;
  #aliases: InboundAliases<string>;
  #journal: Journal | null;

  constructor(version: ProtocolVersion, limits: InboundLimits, handlers: InboundHandlers) {
    this.#version = version;
    this.#limits = limits;
    this.#handlers = handlers;
    this.#window = new InboundWindow(limits.receiveMaximum);
    this.#pubacks = new Receipts(receipt => {
      this.#unanswered.delete(receipt.packetId);
      this.#window.acknowledge();
      this.#acknowledge(PacketType.puback, receipt);
    });
    this.#pubrecs = new Receipts(receipt => {
      this.#unanswered.delete(receipt.packetId);
      // [MQTT-4.3.3-9] a refused message is over; 3.x cannot refuse one
      if (receipt.reasonCode >= 0x80 && version === 5) this.#window.release(receipt.packetId);
      else this.#journal?.remember(receipt.packetId);
      this.#acknowledge(PacketType.pubrec, receipt);
    });
    this.#unanswered = new Set();
    this.#doubtful = new Set();
    this.#aliases = new InboundAliases(limits.topicAliasMaximum);
    this.#journal = null;
  }

  /** What an earlier process has passed on; from now on the journal is told. */
  restore(packetIds: readonly number[], journal: Journal): void {
    for (const packetId of packetIds) this.#window.restore(packetId);
    this.#journal = journal;
  }

  /** Messages that the application has not acknowledged. */
  get unacked(): number {
    return this.#pubacks.size + this.#pubrecs.size;
  }

  /**
   * @param isKept whether the server still knows what was not acknowledged
   * @param isCertain false: it says so, but perhaps of another session
   */
  up(isKept: boolean, isCertain: boolean): void {
    const { receiveMaximum, topicAliasMaximum } = this.#limits;
    if (!isKept) {
      for (const packetId of this.#window.ids()) this.#journal?.forget(packetId);
      this.#window.clear();
      this.#pubrecs.clear();
    }
    // of QoS 1 a message may rather come twice than be taken for another
    if (!isKept || !isCertain) this.#pubacks.clear();
    this.#window.reset(receiveMaximum);
    // a doubt remains until the identifier is used
    if (!isKept || !isCertain) this.#doubtful = new Set(this.#window.ids());
    // [MQTT-3.3.2-7]
    this.#aliases = new InboundAliases(topicAliasMaximum);
  }

  onPublish(packet: PublishPacket): void {
    this.#resolveAlias(packet);
    const { qos, packetId } = packet;
    let receipt: Receipt | null = null;
    if (qos > 0) {
      this.#forgetDoubtful(packet);
      this.#requireUnused(packet);
      if (!this.#window.received(qos as 1 | 2, packetId)) {
        this.#onRepeat(packetId);
        return;
      }
      if (qos === 1 && this.#isCarried(packet)) return;
      receipt = (qos === 1 ? this.#pubacks : this.#pubrecs).open(packetId);
      this.#unanswered.add(packetId);
    }
    // the payload is a view of memory that is used again
    packet.payload = new Uint8Array(packet.payload);
    this.#handlers.deliver(packet, receipt);
    receipt?.answer(ReasonCode.success);
  }

  onPubrel({ packetId }: AcknowledgementPacket): void {
    if (this.#unanswered.has(packetId) || this.#pubrecs.isCarried(packetId)) {
      throw new ProtocolError(ReasonCode.protocolError, 'PUBREL for a PUBLISH without PUBREC');
    }
    this.#doubtful.delete(packetId);
    this.#journal?.forget(packetId);
    const isKnown = this.#window.release(packetId) || this.#version < 5;
    // [MQTT-4.3.3-11]
    this.#handlers.send({
      type: PacketType.pubcomp,
      packetId,
      reasonCode: isKnown ? ReasonCode.success : ReasonCode.packetIdentifierNotFound,
    });
  }

  /** The connection is gone; what is not acknowledged will come again. */
  detach(): void {
    this.#pubacks.detach();
    this.#pubrecs.detach();
    this.#unanswered.clear();
  }

  /** [MQTT-3.3.2-12] */
  #resolveAlias(packet: PublishPacket): void {
    const alias = packet.properties?.topicAlias;
    if (alias === undefined) return;
    if (packet.topic === '') packet.topic = this.#aliases.get(alias);
    else this.#aliases.set(alias, packet.topic);
  }

  /** Whether it is here already, from an earlier connection, and still awaits its answer. */
  #isCarried({ packetId, dup }: PublishPacket): boolean {
    if (!this.#pubacks.isCarried(packetId)) return false;
    if (dup) {
      this.#unanswered.add(packetId);
      this.#pubacks.resume(packetId);
    } else this.#pubacks.forget(packetId);
    return dup;
  }

  /** What is not marked as sent again is another message. */
  #forgetDoubtful({ qos, packetId, dup }: PublishPacket): void {
    if (!this.#doubtful.delete(packetId) || (qos === 2 && dup)) return;
    this.#window.release(packetId);
    this.#pubrecs.forget(packetId);
    this.#journal?.forget(packetId);
  }

  /** [MQTT-2.2.1-4] save that QoS 2 may be repeated, and in 3.x anything. */
  #requireUnused({ qos, packetId }: PublishPacket): void {
    if (this.#version < 5) return;
    const isOfQoS2 = this.#window.isKnown(packetId);
    if (qos === 2 && isOfQoS2) return;
    if (isOfQoS2 || this.#unanswered.has(packetId)) {
      throw new ProtocolError(ReasonCode.protocolError, 'the packet identifier is in use');
    }
  }

  /** [MQTT-4.3.3-10] answered again, unless the answer to the first is still to come. */
  #onRepeat(packetId: number): void {
    if (this.#unanswered.has(packetId)) return;
    if (this.#pubrecs.isCarried(packetId)) {
      this.#unanswered.add(packetId);
      this.#pubrecs.resume(packetId);
      return;
    }
    this.#handlers.send({ type: PacketType.pubrec, packetId, reasonCode: ReasonCode.success });
  }

  #acknowledge(
    type: typeof PacketType.puback | typeof PacketType.pubrec,
    { packetId, reasonCode }: Receipt,
  ): void {
    this.#handlers.send({ type, packetId, reasonCode: this.#version === 5 ? reasonCode : 0 });
  }
}
