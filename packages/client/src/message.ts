/** A received message, and the two answers to it. */
import { isReasonCodeOf, PacketType, type PublishPacket, type QoS } from '@godwit/protocol';
import type { Receipt } from './engine/receipts.ts';
import type { PublishInit, UserProperties } from './options.ts';

const utf8 = new TextDecoder();

/** One message of one subscription. Its bytes are its own: they stay valid. */
export class Message implements Readonly<PublishInit> {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  /** It was retained, and sent because of a new subscription (or as published: see the options). */
  readonly retain: boolean;
  /** The server sent it before, perhaps to a connection that broke. */
  readonly dup: boolean;
  readonly payloadFormatIndicator: 0 | 1 | undefined;
  /** What is left of its lifetime, in milliseconds. */
  readonly expiryMs: number | undefined;
  readonly contentType: string | undefined;
  readonly responseTopic: string | undefined;
  readonly correlationData: Uint8Array | undefined;
  readonly userProperties: UserProperties;
  /** Identifiers of the subscriptions that it matched, as the server knows them. */
  readonly subscriptionIds: readonly number[];
  readonly #receipt: Receipt | null;
  #answered: boolean;

  constructor(packet: PublishPacket, receipt: Receipt | null) {
    const { properties } = packet;
    const expiry = properties?.messageExpiryInterval;
    this.topic = packet.topic;
    this.payload = packet.payload;
    this.qos = packet.qos;
    this.retain = packet.retain;
    this.dup = packet.dup;
    this.payloadFormatIndicator = properties?.payloadFormatIndicator;
    this.expiryMs = expiry === undefined ? undefined : expiry * 1000;
    this.contentType = properties?.contentType;
    this.responseTopic = properties?.responseTopic;
    this.correlationData = properties?.correlationData;
    this.userProperties = properties?.userProperties ?? [];
    this.subscriptionIds = properties?.subscriptionIdentifiers ?? [];
    this.#receipt = receipt;
    this.#answered = receipt === null;
  }

  /** Whether `ack` or `nack` was called; always true for QoS 0, which knows neither. */
  get answered(): boolean {
    return this.#answered;
  }

  /** The payload as UTF-8 text; bytes that are none become U+FFFD. */
  text(): string {
    return utf8.decode(this.payload);
  }

  /**
   * The payload as JSON.
   * @throws SyntaxError
   */
  json<T = unknown>(): T {
    return JSON.parse(this.text());
  }

  /** Tells the server that it is done with, in any order; only the first answer counts. */
  ack(): void {
    this.#answer(0);
  }

  /**
   * Tells the server that it was not accepted, with a reason code of 0x80 or above. The server will
   * not send it again. To a server of 3.x this is the same as `ack`.
   * @throws RangeError when the code is not one of PUBACK and PUBREC
   */
  nack(reasonCode: number): void {
    // [MQTT-3.4.2-1] [MQTT-3.5.2-1]
    if (!(reasonCode >= 0x80 && isReasonCodeOf(PacketType.puback, reasonCode))) {
      throw new RangeError(`reasonCode is ${reasonCode}; expected a refusal of PUBACK`);
    }
    this.#answer(reasonCode);
  }

  #answer(reasonCode: number): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#receipt?.answer(reasonCode);
  }
}
