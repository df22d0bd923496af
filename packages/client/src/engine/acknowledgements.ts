/**
 * What the server answers to messages of QoS 1 and 2: which message it means, whether it may say so
 * now, and whether that ends the exchange.
 */
import {
  type AcknowledgementPacket,
  OutboundState,
  type OutboundWindow,
  ProtocolError,
  ReasonCode,
} from '@godwit/protocol';
import type { Publication } from './publication.ts';

export interface AcknowledgementHandlers {
  /** The server has taken over a message of QoS 2. */
  onReceived(publication: Publication, packet: AcknowledgementPacket): void;
  /** PUBREC is to be answered; `isKnown` says whether it is of a message of ours. */
  release(packetId: number, isKnown: boolean): void;
  /** The exchange is over, with the server's word on the message. */
  onComplete(publication: Publication, packet: AcknowledgementPacket): void;
}

export class Acknowledgements {
  readonly #window: OutboundWindow<Publication>;
  readonly #handlers: AcknowledgementHandlers;

  constructor(window: OutboundWindow<Publication>, handlers: AcknowledgementHandlers) {
    this.#window = window;
    this.#handlers = handlers;
  }

  onPuback(packet: AcknowledgementPacket): void {
    const { packetId } = packet;
    const publication = this.#window.messageOf(packetId);
    if (this.#window.acknowledge(packetId)) this.#handlers.onComplete(publication!, packet);
    else this.#requireFree(packetId, 'PUBACK');
  }

  onPubrec(packet: AcknowledgementPacket): void {
    const { packetId, reasonCode } = packet;
    const publication = this.#window.messageOf(packetId);
    const isKnown = this.#window.received(packetId, reasonCode);
    if (!isKnown) this.#requireFree(packetId, 'PUBREC');
    // [MQTT-4.3.3-4] a refusal ends the exchange
    if (reasonCode >= 0x80) {
      if (isKnown) this.#handlers.onComplete(publication!, packet);
      return;
    }
    if (isKnown) this.#handlers.onReceived(publication!, packet);
    this.#handlers.release(packetId, isKnown);
  }

  onPubcomp(packet: AcknowledgementPacket): void {
    const { packetId } = packet;
    const publication = this.#window.messageOf(packetId);
    if (this.#window.complete(packetId)) {
      this.#handlers.onComplete(publication!, publication!.received!);
    } else this.#requireFree(packetId, 'PUBCOMP');
  }

  /** An acknowledgement that nothing waits for is let pass, unless the exchange is another one. */
  #requireFree(packetId: number, name: string): void {
    if (this.#window.stateOf(packetId) === OutboundState.free) return;
    throw new ProtocolError(
      ReasonCode.protocolError,
      `${name} that is not the next of its exchange`,
    );
  }
}
