/** Any packet ⇄ bytes: what servers get and send, and for all else the client's half. */
import {
  type ClientPacket,
  decodeServerPacket,
  encodeClientPacket,
  type ServerPacket,
} from './client-codec.ts';
import { encodeConnack } from './connack.ts';
import { decodeConnect } from './connect.ts';
import { FieldReader } from './field-reader.ts';
import { protocolMaximumPacketSize } from './field-writer.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { decodePing } from './ping.ts';
import { encodeSuback } from './suback.ts';
import { decodeSubscribe } from './subscribe.ts';
import { encodeUnsuback } from './unsuback.ts';
import { decodeUnsubscribe } from './unsubscribe.ts';

export type Packet = ClientPacket | ServerPacket;

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
  switch (header >> 4) {
    case PacketType.connect:
      return decodeConnect(new FieldReader(bytes, start, end));
    case PacketType.subscribe:
      return decodeSubscribe(new FieldReader(bytes, start, end), version);
    case PacketType.unsubscribe:
      return decodeUnsubscribe(new FieldReader(bytes, start, end), version);
    case PacketType.pingreq:
      return decodePing(new FieldReader(bytes, start, end), PacketType.pingreq);
    default:
      return decodeServerPacket(bytes, header, start, end, version);
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
    case PacketType.connack:
      return encodeConnack(packet, version, maximumPacketSize);
    case PacketType.suback:
      return encodeSuback(packet, version, maximumPacketSize);
    case PacketType.unsuback:
      return encodeUnsuback(packet, version, maximumPacketSize);
    default:
      return encodeClientPacket(packet, version, maximumPacketSize);
  }
}
