/**
 * The client's half of the codec: what clients send and what they get, so that a page need not load
 * the server's half, which packet.ts adds.
 */
import {
  type AcknowledgementPacket,
  decodeAcknowledgement,
  encodeAcknowledgement,
} from './acknowledgement.ts';
import { type AuthPacket, decodeAuth, encodeAuth } from './auth.ts';
import { type ConnackPacket, decodeConnack } from './connack.ts';
import { type ConnectPacket, encodeConnect } from './connect.ts';
import { type DisconnectPacket, decodeDisconnect, encodeDisconnect } from './disconnect.ts';
import { FieldReader } from './field-reader.ts';
import { protocolMaximumPacketSize } from './field-writer.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { decodePing, encodePing, type PingPacket } from './ping.ts';
import { malformedPacket, protocolViolation } from './protocol-error.ts';
import { decodePublish, encodePublish, type PublishPacket } from './publish.ts';
import { decodeSuback, type SubackPacket } from './suback.ts';
import { encodeSubscribe, type SubscribePacket } from './subscribe.ts';
import { decodeUnsuback, type UnsubackPacket } from './unsuback.ts';
import { encodeUnsubscribe, type UnsubscribePacket } from './unsubscribe.ts';

/** What both sides may send. */
type SharedPacket =
  | PublishPacket
  | AcknowledgementPacket
  | PingPacket
  | DisconnectPacket
  | AuthPacket;
/** What clients may send. */
export type ClientPacket = SharedPacket | ConnectPacket | SubscribePacket | UnsubscribePacket;
/** What clients may get. */
export type ServerPacket = SharedPacket | ConnackPacket | SubackPacket | UnsubackPacket;

/**
 * Decodes a packet for a client; as {@link decodePacket}.
 * @throws ProtocolError also for what only servers get
 */
export function decodeServerPacket(
  bytes: Uint8Array,
  header: number,
  start: number,
  end: number,
  version: ProtocolVersion,
): ServerPacket {
  const reader = new FieldReader(bytes, start, end);
  const type = (header >> 4) as PacketType;
  switch (type) {
    case PacketType.connack:
      return decodeConnack(reader, version);
    case PacketType.publish:
      return decodePublish(reader, header, version);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return decodeAcknowledgement(reader, type, version);
    case PacketType.suback:
      return decodeSuback(reader, version);
    case PacketType.unsuback:
      return decodeUnsuback(reader, version);
    case PacketType.pingresp:
      return decodePing(reader, type);
    case PacketType.disconnect:
      return decodeDisconnect(reader, version);
    case PacketType.auth:
      return decodeAuth(reader, version);
    case PacketType.connect:
    case PacketType.subscribe:
    case PacketType.unsubscribe:
    case PacketType.pingreq:
      throw protocolViolation('not a packet for a client');
    default:
      throw malformedPacket('packet type 0 is reserved');
  }
}

/** Encodes a packet of a client; as {@link encodePacket}. */
export function encodeClientPacket(
  packet: ClientPacket,
  version: ProtocolVersion,
  maximumPacketSize: number = protocolMaximumPacketSize,
): Uint8Array | null {
  switch (packet.type) {
    case PacketType.connect:
      return encodeConnect(packet, maximumPacketSize);
    case PacketType.publish:
      return encodePublish(packet, version, maximumPacketSize);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return encodeAcknowledgement(packet, version, maximumPacketSize);
    case PacketType.subscribe:
      return encodeSubscribe(packet, version, maximumPacketSize);
    case PacketType.unsubscribe:
      return encodeUnsubscribe(packet, version, maximumPacketSize);
    case PacketType.pingreq:
    case PacketType.pingresp:
      return encodePing(packet, maximumPacketSize);
    case PacketType.disconnect:
      return encodeDisconnect(packet, version, maximumPacketSize);
    case PacketType.auth:
      return encodeAuth(packet, version, maximumPacketSize);
  }
}
