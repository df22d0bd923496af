/** PUBACK, PUBREC, PUBREL and PUBCOMP: four packets of one shape. */
import type { FieldReader } from './field-reader.ts';
import { allocatePacket, checkPacketId, writeUint16 } from './field-writer.ts';
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

export type AcknowledgementProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

export interface AcknowledgementPacket {
  type:
    | typeof PacketType.puback
    | typeof PacketType.pubrec
    | typeof PacketType.pubrel
    | typeof PacketType.pubcomp;
  /** 1 to 65,535. */
  packetId: number;
  /** Always 0 when decoded from 3.x; not written there. */
  reasonCode: number;
  /** 5.0 only; not written in 3.x. */
  properties?: AcknowledgementProperties;
}

export function decodeAcknowledgement(
  reader: FieldReader,
  type: AcknowledgementPacket['type'],
  version: ProtocolVersion,
): AcknowledgementPacket {
  const packetId = reader.readPacketId();
  const packet: AcknowledgementPacket = { type, packetId, reasonCode: ReasonCode.success };
  // section 3.4.2.1: no Reason Code means 0x00, no Property Length means no properties
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

export function encodeAcknowledgement(
  packet: AcknowledgementPacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  const { type, packetId, reasonCode } = packet;
  checkPacketId(packetId);
  // [MQTT-3.6.1-1] [MQTT-2.2.2-1] PUBREL alone has a flag bit
  const header = (type << 4) | (type === PacketType.pubrel ? 2 : 0);
  if (version !== 5) {
    const bytes = allocatePacket(header, 2, maximumPacketSize);
    if (bytes !== null) writeUint16(bytes, 2, packetId);
    return bytes;
  }
  checkReasonCode(type, reasonCode);
  const properties = trimProperties(packet.properties, type, 3, maximumPacketSize);
  const length = propertiesLength(properties, type);
  const short = reasonCode === ReasonCode.success ? 2 : 3;
  const bodyLength = length === 0 ? short : 3 + propertyBlockLength(length);
  const bytes = allocatePacket(header, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  const at = writeUint16(bytes, bytes.length - bodyLength, packetId);
  if (bodyLength > 2) bytes[at] = reasonCode;
  if (bodyLength > 3) writeProperties(bytes, at + 1, properties, length);
  return bytes;
}

/**
 * Writes the four bytes of an acknowledgement without reason, valid in every version.
 *
 * @param header first byte: `PacketType.puback << 4`, for PUBREL `0x62`
 * @param packetId 1 to 65,535; not checked
 * @returns the offset after it, `at + 4`
 */
export function writeAcknowledgement(
  into: Uint8Array,
  at: number,
  header: number,
  packetId: number,
): number {
  into[at] = header;
  into[at + 1] = 2;
  into[at + 2] = packetId >> 8;
  into[at + 3] = packetId;
  return at + 4;
}

/**
 * Writes the five bytes of a 5.0 acknowledgement with a reason code and no properties.
 *
 * @param header first byte, as for {@link writeAcknowledgement}
 * @param packetId 1 to 65,535; not checked
 * @param reasonCode one of the packet's; not checked
 * @returns the offset after it, `at + 5`
 */
export function writeAcknowledgementReason(
  into: Uint8Array,
  at: number,
  header: number,
  packetId: number,
  reasonCode: number,
): number {
  into[at] = header;
  into[at + 1] = 3;
  into[at + 2] = packetId >> 8;
  into[at + 3] = packetId;
  into[at + 4] = reasonCode;
  return at + 5;
}
