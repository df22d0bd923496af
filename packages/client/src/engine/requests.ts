/** SUBSCRIBE and UNSUBSCRIBE packets that await their answer. */
import {
  type OutboundWindow,
  PacketType,
  ProtocolError,
  ReasonCode,
  type SubackPacket,
  type SubscribePacket,
  type UnsubackPacket,
  type UnsubscribePacket,
} from '@godwit/protocol';
import { ErrorCode, MqttError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Connection } from './connection.ts';
import type { Publication } from './publication.ts';

export interface Answer {
  /** The reason code of each filter, in order; 0x00 each where 3.x gives none. */
  onAnswer(reasonCodes: readonly number[], reasonString: string | undefined): void;
  onError(error: MqttError): void;
}

interface Pending extends Answer {
  type: typeof PacketType.suback | typeof PacketType.unsuback;
  filters: number;
}

export class Requests {
  readonly #ids: OutboundWindow<Publication>;
  readonly #pending: Map<number, Pending>;

  constructor(ids: OutboundWindow<Publication>) {
    this.#ids = ids;
    this.#pending = new Map();
  }

  /**
   * Sends a request, whose packet identifier is set here.
   * @throws MqttError when there are too many, or it is too large for the server
   * @throws RangeError when it cannot be encoded
   */
  send(
    connection: Connection,
    packet: SubscribePacket | UnsubscribePacket,
    { onAnswer, onError }: Answer,
  ): void {
    const packetId = this.#pending.size < limits.requestsMax ? this.#ids.reserve() : 0;
    if (packetId === 0) throw new MqttError(ErrorCode.queueFull, 'too many requests are pending');
    packet.packetId = packetId;
    let sent = false;
    try {
      sent = connection.send(packet);
    } finally {
      if (!sent) this.#ids.release(packetId);
    }
    if (!sent) {
      throw new MqttError(ErrorCode.packetTooLarge, 'the packet is larger than the server accepts');
    }
    const isSubscribe = packet.type === PacketType.subscribe;
    this.#pending.set(packetId, {
      type: isSubscribe ? PacketType.suback : PacketType.unsuback,
      filters: isSubscribe ? packet.subscriptions.length : packet.filters.length,
      onAnswer,
      onError,
    });
  }

  onAnswer({ type, packetId, reasonCodes, properties }: SubackPacket | UnsubackPacket): void {
    const pending = this.#pending.get(packetId);
    if (pending === undefined || pending.type !== type) {
      throw new ProtocolError(ReasonCode.protocolError, 'an answer to a request that was not made');
    }
    const bare = type === PacketType.unsuback && reasonCodes.length === 0;
    // [MQTT-3.8.4-6] one for each filter; UNSUBACK of 3.x has none
    if (!bare && reasonCodes.length !== pending.filters) {
      throw new ProtocolError(ReasonCode.protocolError, 'not one reason code for each filter');
    }
    this.#pending.delete(packetId);
    this.#ids.release(packetId);
    pending.onAnswer(
      bare ? new Array(pending.filters).fill(ReasonCode.success) : reasonCodes,
      properties?.reasonString,
    );
  }

  /** The connection is gone, and every answer with it. */
  down(error: MqttError): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [packetId, { onError }] of pending) {
      this.#ids.release(packetId);
      onError(error);
    }
  }
}
