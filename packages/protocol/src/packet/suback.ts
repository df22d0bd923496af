/** SUBACK: what became of each filter of a SUBSCRIBE. */
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
import { malformedPacket } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';
import { checkReasonCodes, readReasonCodes } from './reason-field.ts';

export type SubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

export interface SubackPacket {
  type: typeof PacketType.suback;
  /** 1 to 65,535. */
  packetId: number;
  /** One per filter, in order. In 3.x every failure is written and read as 0x80. */
  reasonCodes: number[];
  /** 5.0 only; not written in 3.x. */
  properties?: SubackProperties;
}

const type = PacketType.suback;

export function decodeSuback(reader: FieldReader, version: ProtocolVersion): SubackPacket {
  const packetId = reader.readPacketId();
  const properties = version === 5 ? readProperties(reader, type) : undefined;
  const reasonCodes = readReasonCodes(reader, type);
  if (version !== 5) checkReturnCodes(reasonCodes);
  const packet: SubackPacket = { type, packetId, reasonCodes };
  if (properties !== undefined) packet.properties = properties;
  return packet;
}

/** [MQTT-3.9.3-2] of 3.1.1: 0x80 is the only failure. */
function checkReturnCodes(codes: readonly number[]): void {
  for (const code of codes) {
    if (code > ReasonCode.unspecifiedError) throw malformedPacket('SUBACK has a reserved code');
  }
}

export function encodeSuback(
  packet: SubackPacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  const { packetId, reasonCodes } = packet;
  checkPacketId(packetId);
  checkReasonCodes(type, reasonCodes);
  const otherBytes = 2 + reasonCodes.length;
  if (version !== 5) {
    const bytes = allocatePacket(type << 4, otherBytes, maximumPacketSize);
    if (bytes === null) return null;
    const at = writeUint16(bytes, bytes.length - otherBytes, packetId);
    for (let index = 0; index < reasonCodes.length; index += 1) {
      bytes[at + index] = Math.min(reasonCodes[index], ReasonCode.unspecifiedError);
    }
    return bytes;
  }
  const properties = trimProperties(packet.properties, type, otherBytes, maximumPacketSize);
  const length = propertiesLength(properties, type);
  const bodyLength = otherBytes + propertyBlockLength(length);
  const bytes = allocatePacket(type << 4, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  const at = writeUint16(bytes, bytes.length - bodyLength, packetId);
  bytes.set(reasonCodes, writeProperties(bytes, at, properties, length));
  return bytes;
}
