/** UNSUBACK: what became of each filter of an UNSUBSCRIBE. */
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
import { checkReasonCodes, readReasonCodes } from './reason-field.ts';

export type UnsubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

export interface UnsubackPacket {
  type: typeof PacketType.unsuback;
  /** 1 to 65,535. */
  packetId: number;
  /** One per filter, in order; empty when decoded from 3.x, whose UNSUBACK has none. */
  reasonCodes: number[];
  /** 5.0 only; not written in 3.x. */
  properties?: UnsubackProperties;
}

const type = PacketType.unsuback;

export function decodeUnsuback(reader: FieldReader, version: ProtocolVersion): UnsubackPacket {
  const packetId = reader.readPacketId();
  if (version !== 5) {
    reader.expectEnd();
    return { type, packetId, reasonCodes: [] };
  }
  const properties = readProperties(reader, type);
  const reasonCodes = readReasonCodes(reader, type);
  const packet: UnsubackPacket = { type, packetId, reasonCodes };
  if (properties !== undefined) packet.properties = properties;
  return packet;
}

export function encodeUnsuback(
  packet: UnsubackPacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  const { packetId, reasonCodes } = packet;
  checkPacketId(packetId);
  if (version !== 5) {
    const bytes = allocatePacket(type << 4, 2, maximumPacketSize);
    if (bytes !== null) writeUint16(bytes, 2, packetId);
    return bytes;
  }
  checkReasonCodes(type, reasonCodes);
  const otherBytes = 2 + reasonCodes.length;
  const properties = trimProperties(packet.properties, type, otherBytes, maximumPacketSize);
  const length = propertiesLength(properties, type);
  const bodyLength = otherBytes + propertyBlockLength(length);
  const bytes = allocatePacket(type << 4, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  const at = writeUint16(bytes, bytes.length - bodyLength, packetId);
  bytes.set(reasonCodes, writeProperties(bytes, at, properties, length));
  return bytes;
}
