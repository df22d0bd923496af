/** Any packet ⇄ bytes: picks the file of the packet's type. */
import {
  type AcknowledgementPacket,
  decodeAcknowledgement,
  encodeAcknowledgement,
} from './acknowledgement.ts';
import { type AuthPacket, decodeAuth, encodeAuth } from './auth.ts';
import { type ConnackPacket, decodeConnack, encodeConnack } from './connack.ts';
import { type ConnectPacket, decodeConnect, encodeConnect } from './connect.ts';
import { type DisconnectPacket, decodeDisconnect, encodeDisconnect } from './disconnect.ts';
import { FieldReader } from './field-reader.ts';
import { protocolMaximumPacketSize } from './field-writer.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { decodePing, encodePing, type PingPacket } from './ping.ts';
import { malformedPacket } from './protocol-error.ts';
import { decodePublish, encodePublish, type PublishPacket } from './publish.ts';
import { decodeSuback, encodeSuback, type SubackPacket } from './suback.ts';
import { decodeSubscribe, encodeSubscribe, type SubscribePacket } from './subscribe.ts';
import { decodeUnsuback, encodeUnsuback, type UnsubackPacket } from './unsuback.ts';
import { decodeUnsubscribe, encodeUnsubscribe, type UnsubscribePacket } from './unsubscribe.ts';

export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | AcknowledgementPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingPacket
  | DisconnectPacket
  | AuthPacket;

/**
 * Decodes one packet whose fixed header has been read and checked, by {@link FrameReader}.
 *
 * What depends on who sent a packet, and when, is not checked here: both sides decode alike.
 *
 * @param header the packet's first byte (type and flags)
 * @param start offset in `bytes` of the first byte after Remaining Length
 * @param end offset after the packet's last byte
 * @param version of this connection; ignored for CONNECT, which names its own
 * @throws ProtocolError when the bytes break the rules of that version
 */
export function decodePacket(
  bytes: Uint8Array,
  header: number,
  start: number,
  end: number,
  version: ProtocolVersion,
): Packet {
  const reader = new FieldReader(bytes, start, end);
  const type = (header >> 4) as PacketType;
  switch (type) {
    case PacketType.connect:
      return decodeConnect(reader);
    case PacketType.connack:
      return decodeConnack(reader, version);
    case PacketType.publish:
      return decodePublish(reader, header, version);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return decodeAcknowledgement(reader, type, version);
    case PacketType.subscribe:
      return decodeSubscribe(reader, version);
    case PacketType.suback:
      return decodeSuback(reader, version);
    case PacketType.unsubscribe:
      return decodeUnsubscribe(reader, version);
    case PacketType.unsuback:
      return decodeUnsuback(reader, version);
    case PacketType.pingreq:
    case PacketType.pingresp:
      return decodePing(reader, type);
    case PacketType.disconnect:
      return decodeDisconnect(reader, version);
    case PacketType.auth:
      return decodeAuth(reader, version);
    default:
      throw malformedPacket('packet type 0 is reserved');
  }
}

/**
 * Encodes one packet. Properties, and reason codes that 3.x has no place for, are not written in
 * 3.x, so that a caller need not tell the versions apart.
 *
 * @param version of this connection; ignored for CONNECT, which names its own
 * @param maximumPacketSize bytes that the receiver accepts. Reason String, then User Properties,
 *   are left out of acknowledgements, CONNACK, SUBACK, UNSUBACK, DISCONNECT and AUTH that would be
 *   larger.
 * @returns the whole packet, or null when it cannot be made small enough
 * @throws RangeError when a field is out of its range (a mistake of the caller's)
 */
export function encodePacket(
  packet: Packet,
  version: ProtocolVersion,
  maximumPacketSize: number = protocolMaximumPacketSize,
): Uint8Array | null {
  switch (packet.type) {
    case PacketType.connect:
      return encodeConnect(packet, maximumPacketSize);
    case PacketType.connack:
      return encodeConnack(packet, version, maximumPacketSize);
    case PacketType.publish:
      return encodePublish(packet, version, maximumPacketSize);
    case PacketType.puback:
    case PacketType.pubrec:
    case PacketType.pubrel:
    case PacketType.pubcomp:
      return encodeAcknowledgement(packet, version, maximumPacketSize);
    case PacketType.subscribe:
      return encodeSubscribe(packet, version, maximumPacketSize);
    case PacketType.suback:
      return encodeSuback(packet, version, maximumPacketSize);
    case PacketType.unsubscribe:
      return encodeUnsubscribe(packet, version, maximumPacketSize);
    case PacketType.unsuback:
      return encodeUnsuback(packet, version, maximumPacketSize);
    case PacketType.pingreq:
    case PacketType.pingresp:
      return encodePing(packet, maximumPacketSize);
    case PacketType.disconnect:
      return encodeDisconnect(packet, version, maximumPacketSize);
    case PacketType.auth:
      return encodeAuth(packet, version, maximumPacketSize);
  }
}
