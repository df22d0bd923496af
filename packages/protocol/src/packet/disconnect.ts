/** DISCONNECT: the last packet of a connection, from either side in 5.0. */
import type { FieldReader } from './field-reader.ts';
import { allocatePacket } from './field-writer.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import type { Properties } from './property.ts';
import {
  propertiesLength,
  propertyBlockLength,
  readProperties,
  trimProperties,
  writeProperties,
} from './property-codec.ts';
import { ReasonCode } from './reason-code.ts';
import { checkReasonCode, readReasonCode } from './reason-field.ts';

/**
 * Session Expiry Interval is only the client's to send, Server Reference only the server's; which
 * side a packet came from is for the receiver to check.
 */
export type DisconnectProperties = Pick<
  Properties,
  'sessionExpiryInterval' | 'reasonString' | 'userProperties' | 'serverReference'
>;

export interface DisconnectPacket {
  type: typeof PacketType.disconnect;
  /** Always 0 when decoded from 3.x; not written there. */
  reasonCode: number;
  /** 5.0 only; not written in 3.x. */
  properties?: DisconnectProperties;
}

const type = PacketType.disconnect;

export function decodeDisconnect(reader: FieldReader, version: ProtocolVersion): DisconnectPacket {
  const packet: DisconnectPacket = { type, reasonCode: ReasonCode.normalDisconnection };
  // section 3.14.2.1: no Reason Code means 0x00, no Property Length means no properties
  if (version === 5 && reader.at < reader.end) {
    packet.reasonCode = readReasonCode(reader, type);
    if (reader.at < reader.end) {
      const properties = readProperties(reader, type);
      if (properties !== undefined) packet.properties = properties;
    }
  }
  reader.expectEnd();
  return packet;
}

export function encodeDisconnect(
  packet: DisconnectPacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  if (version !== 5) return allocatePacket(type << 4, 0, maximumPacketSize);
  const { reasonCode } = packet;
  checkReasonCode(type, reasonCode);
  const properties = trimProperties(packet.properties, type, 1, maximumPacketSize);
  const length = propertiesLength(properties, type);
  const short = reasonCode === ReasonCode.normalDisconnection ? 0 : 1;
  const bodyLength = length === 0 ? short : 1 + propertyBlockLength(length);
  const bytes = allocatePacket(type << 4, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  const at = bytes.length - bodyLength;
  if (bodyLength > 0) bytes[at] = reasonCode;
  if (bodyLength > 1) writeProperties(bytes, at + 1, properties, length);
  return bytes;
}
