/** Writes PUBLISH and PUBREL to one connection, with that connection's topic aliases. */
import {
  OutboundAliases,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  ReasonCode,
} from '@godwit/protocol';
import { ErrorCode, MqttError } from '../errors.ts';
import type { Connection } from './connection.ts';
import type { Expiry } from './expiry.ts';
import type { Publication } from './publication.ts';
import type { ServerSettings } from './server-settings.ts';

export class PublishWriter {
  readonly server: ServerSettings;
  readonly #version: ProtocolVersion;
  readonly #connection: Connection;
  readonly #expiry: Expiry;
  readonly #aliases: OutboundAliases<string> | null;

  constructor(
    version: ProtocolVersion,
    connection: Connection,
    server: ServerSettings,
    expiry: Expiry,
    topicAliasesMax: number,
  ) {
    const aliases = Math.min(server.topicAliasMaximum, topicAliasesMax);
    this.server = server;
    this.#version = version;
    this.#connection = connection;
    this.#expiry = expiry;
    this.#aliases = aliases > 0 ? new OutboundAliases(aliases) : null;
  }

  /**
   * @param onTaken as for {@link Connection.send}
   * @returns why it was not sent, if it was not
   * @throws RangeError when it cannot be encoded
   */
  write(
    { packet, expiresAt }: Publication,
    onTaken?: (taken: boolean) => void,
  ): MqttError | undefined {
    let plain = packet;
    if (expiresAt !== Number.POSITIVE_INFINITY) {
      const messageExpiryInterval = this.#expiry.secondsLeft(expiresAt);
      plain = { ...packet, properties: { ...packet.properties, messageExpiryInterval } };
    }
    if (this.#writeWithAlias(plain, onTaken) || this.#connection.send(plain, onTaken)) {
      return undefined;
    }
    const message = `the packet is larger than the server's ${this.server.maximumPacketSize} bytes`;
    return new MqttError(ErrorCode.packetTooLarge, message);
  }

  /** PUBREL, of a message of ours or not. */
  release(packetId: number, isKnown: boolean): void {
    const reasonCode =
      isKnown || this.#version < 5 ? ReasonCode.success : ReasonCode.packetIdentifierNotFound;
    this.#connection.send({ type: PacketType.pubrel, packetId, reasonCode });
  }

  /** @returns false when there is none, or it makes the packet too large */
  #writeWithAlias(packet: PublishPacket, onTaken?: (taken: boolean) => void): boolean {
    const aliases = this.#aliases;
    const topicAlias = aliases?.assign(packet.topic) ?? 0;
    if (topicAlias === 0) return false;
    // [MQTT-3.3.2-12] the first time it goes along with its topic
    const { isNew } = aliases!;
    const topic = isNew ? packet.topic : '';
    const properties = { ...packet.properties, topicAlias };
    let sent = false;
    try {
      sent = this.#connection.send({ ...packet, topic, properties }, onTaken);
    } finally {
      // the server has not seen it
      if (!sent && isNew) aliases!.forget(packet.topic);
    }
    return sent;
  }
}
