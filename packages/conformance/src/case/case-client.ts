/**
 * The client that cases speak through: a raw client with the few exchanges that most cases need
 * on the way to their point. Whatever a method waits for must be the very next packet.
 */
import { AssertionError } from 'node:assert';
import {
  type AcknowledgementPacket,
  type ConnackPacket,
  type ConnectPacket,
  type DisconnectPacket,
  type Packet,
  PacketType,
  type PublishPacket,
  type QoS,
  ReasonCode,
  type SubackPacket,
  type SubscribePacket,
  type SubscriptionRequest,
} from '@godwit/protocol';
import {
  describePacket,
  type ExpectOptions,
  type PacketMatch,
  RawClient,
  type RawClientOptions,
} from '@godwit/testkit';
import type { ByteStream } from '@godwit/transport';
import { NotApplicable } from './not-applicable.ts';

/** What a client says in CONNECT unless its case says otherwise. */
export interface ConnectDefaults {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: Uint8Array;
}

/** What a client knows of its server. */
export interface CaseClientOptions extends RawClientOptions {
  /** Highest QoS that the server takes, and grants; 2 by default. */
  readonly maximumQoS?: QoS;
}

/** Fields of PUBLISH besides topic and payload. */
export type PublishFields = Partial<Omit<PublishPacket, 'type' | 'topic' | 'payload'>>;

/** Options of one filter, and the properties of its SUBSCRIBE. */
export type SubscribeFields = Partial<Omit<SubscriptionRequest, 'filter'>> &
  Pick<SubscribePacket, 'properties'>;

export class CaseClient extends RawClient {
  /** Client identifier in CONNECT unless it is overridden. */
  readonly clientId: string;
  /** Highest QoS that the server takes, and grants. */
  readonly maximumQoS: QoS;
  readonly #defaults: ConnectDefaults;
  #lastPacketId: number;

  constructor(stream: ByteStream, options: CaseClientOptions, defaults: ConnectDefaults) {
    super(stream, options);
    this.clientId = defaults.clientId;
    this.maximumQoS = options.maximumQoS ?? 2;
    this.#defaults = defaults;
    this.#lastPacketId = 0;
  }

  /** A packet identifier that this client has not used. */
  packetId(): number {
    this.#lastPacketId += 1;
    return this.#lastPacketId;
  }

  /** Sends CONNECT: clean start, no keep-alive, identifier and credentials of its own. */
  sendConnect(overrides: Partial<ConnectPacket> = {}): void {
    const packet: ConnectPacket = {
      type: PacketType.connect,
      protocolVersion: this.version,
      cleanStart: true,
      keepAlive: 0,
      ...this.#defaults,
      ...overrides,
    };
    this.version = packet.protocolVersion;
    this.send(packet);
  }

  /** As {@link sendConnect}, and the server accepts. */
  override async connect(overrides: Partial<ConnectPacket> = {}): Promise<ConnackPacket> {
    this.sendConnect(overrides);
    return await this.expect({ type: PacketType.connack, reasonCode: ReasonCode.success });
  }

  /** Subscribes to one filter, with QoS 2 unless told otherwise, and is granted what there is. */
  async subscribe(filter: string, fields: SubscribeFields = {}): Promise<SubackPacket> {
    const { properties, ...options } = fields;
    const request: SubscriptionRequest = {
      filter,
      qos: 2,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      ...options,
    };
    const packetId = this.packetId();
    const packet: SubscribePacket = {
      type: PacketType.subscribe,
      packetId,
      subscriptions: [request],
    };
    if (properties !== undefined) packet.properties = properties;
    this.send(packet);
    return await this.expect({
      type: PacketType.suback,
      packetId,
      reasonCodes: [this.granted(request.qos)],
    });
  }

  /** What a subscription that asks for this QoS is granted. */
  granted(qos: QoS): QoS {
    return qos > this.maximumQoS ? this.maximumQoS : qos;
  }

  /** Unsubscribes from one filter. */
  async unsubscribe(filter: string): Promise<void> {
    const packetId = this.packetId();
    this.send({ type: PacketType.unsubscribe, packetId, filters: [filter] });
    await this.expect({ type: PacketType.unsuback, packetId });
  }

  /**
   * Sends PUBLISH, QoS 0 unless told otherwise, and waits for nothing. Ends the case as not
   * applicable where the server takes no such QoS, for then no client may send it.
   */
  sendPublish(
    topic: string,
    payload: string | Uint8Array,
    fields: PublishFields = {},
  ): PublishPacket {
    const { qos = 0, retain = false, dup = false, properties } = fields;
    if (qos > this.maximumQoS) throw new NotApplicable(`the server takes no QoS ${qos}`);
    const packet: PublishPacket = {
      type: PacketType.publish,
      topic,
      payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
      qos,
      retain,
      dup,
      packetId: fields.packetId ?? (qos === 0 ? 0 : this.packetId()),
    };
    if (properties !== undefined) packet.properties = properties;
    this.send(packet);
    return packet;
  }

  /** Publishes, and sees the exchange of its QoS through to the end. */
  async publish(
    topic: string,
    payload: string | Uint8Array,
    fields: PublishFields = {},
  ): Promise<void> {
    const { qos, packetId } = this.sendPublish(topic, payload, fields);
    if (qos === 1) await this.#expectAccepted(PacketType.puback, packetId);
    if (qos !== 2) return;
    await this.#expectAccepted(PacketType.pubrec, packetId);
    this.acknowledge(PacketType.pubrel, packetId);
    await this.expect({ type: PacketType.pubcomp, packetId, reasonCode: ReasonCode.success });
  }

  /** Waits for a PUBLISH with these fields, and sees the exchange of its QoS through. */
  async receive(
    fields: Omit<PacketMatch<typeof PacketType.publish>, 'type'> = {},
    options: ExpectOptions = {},
  ): Promise<PublishPacket> {
    const packet = await this.expect({ type: PacketType.publish, ...fields }, options);
    const { qos, packetId } = packet;
    if (qos === 1) this.acknowledge(PacketType.puback, packetId);
    if (qos === 2) {
      this.acknowledge(PacketType.pubrec, packetId);
      await this.expect({ type: PacketType.pubrel, packetId });
      this.acknowledge(PacketType.pubcomp, packetId);
    }
    return packet;
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP. */
  acknowledge(
    type: AcknowledgementPacket['type'],
    packetId: number,
    reasonCode: number = ReasonCode.success,
  ): void {
    this.send({ type, packetId, reasonCode });
  }

  /** PINGREQ, PINGRESP: everything that was sent before has been read. */
  async ping(options: ExpectOptions = {}): Promise<void> {
    this.send({ type: PacketType.pingreq });
    await this.expect(PacketType.pingresp, options);
  }

  /** Says goodbye, with 0x00 unless told otherwise, and waits for the server to close. */
  async disconnect(fields: Partial<Omit<DisconnectPacket, 'type'>> = {}): Promise<void> {
    const reasonCode = ReasonCode.normalDisconnection;
    this.send({ type: PacketType.disconnect, reasonCode, ...fields });
    this.stream.end();
    await this.expectClosed();
  }

  /** Goes without a word, as when the network fails. */
  drop(): void {
    this.stream.destroy();
  }

  /**
   * The server refuses CONNECT: it closes, with or without a CONNACK before that has one of these
   * reason codes; any of 0x80 and above when none is given. (3.x: as the reason code of 5.0 that
   * the return code stands for.)
   */
  async expectRefused(...reasonCodes: readonly number[]): Promise<void> {
    const packet = await this.next();
    if (packet === null) return;
    const isRefusal =
      packet.type === PacketType.connack &&
      isOneOf(packet.reasonCode, reasonCodes) &&
      !packet.sessionPresent;
    if (!isRefusal) throw unexpected('a CONNACK that refuses, or a close', packet, reasonCodes);
    await this.expectClosed();
  }

  /**
   * The server ends an accepted connection: it closes, in 5.0 with or without a DISCONNECT before
   * that has one of these reason codes; any of 0x80 and above when none is given.
   */
  async expectDisconnected(...reasonCodes: readonly number[]): Promise<void> {
    const packet = await this.next();
    if (packet !== null) await this.#expectGoodbye(packet, reasonCodes);
  }

  /**
   * The server refuses the only filter of a SUBSCRIBE or UNSUBSCRIBE: by a failure in its answer,
   * or as in {@link expectDisconnected}.
   */
  async expectFilterRefused(): Promise<void> {
    const packet = await this.next();
    if (packet === null) return;
    if (packet.type !== PacketType.suback && packet.type !== PacketType.unsuback) {
      await this.#expectGoodbye(packet, []);
    } else if (packet.reasonCodes.length !== 1 || !isOneOf(packet.reasonCodes[0], [])) {
      throw unexpected('a failure', packet, []);
    }
  }

  async #expectGoodbye(packet: Packet, reasonCodes: readonly number[]): Promise<void> {
    const isGoodbye =
      packet.type === PacketType.disconnect &&
      this.version === 5 &&
      isOneOf(packet.reasonCode, reasonCodes);
    if (!isGoodbye) throw unexpected('a DISCONNECT, or a close', packet, reasonCodes);
    await this.expectClosed();
  }

  /** 0x10 says that nobody wants the message, which is no refusal. */
  async #expectAccepted(
    type: typeof PacketType.puback | typeof PacketType.pubrec,
    packetId: number,
  ): Promise<void> {
    const packet = await this.expect({ type, packetId });
    if (packet.reasonCode >= 0x80) throw unexpected('acceptance', packet, []);
  }
}

function isOneOf(reasonCode: number, allowed: readonly number[]): boolean {
  return allowed.length === 0 ? reasonCode >= 0x80 : allowed.includes(reasonCode);
}

function unexpected(what: string, packet: Packet, reasonCodes: readonly number[]): AssertionError {
  const codes = reasonCodes.map(code => `0x${code.toString(16).padStart(2, '0')}`).join(' or ');
  const which = codes === '' ? '' : ` (${codes})`;
  return new AssertionError({
    message: `expected ${what}${which}\ncame ${describePacket(packet)}`,
  });
}
