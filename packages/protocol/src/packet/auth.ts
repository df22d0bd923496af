/** AUTH: one step of enhanced authentication, 5.0 only. */
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
import { malformedPacket, protocolViolation } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';
import { checkReasonCode, readReasonCode } from './reason-field.ts';

export type AuthProperties = Pick<
  Properties,
  'authenticationMethod' | 'authenticationData' | 'reasonString' | 'userProperties'
>;

export interface AuthPacket {
  type: typeof PacketType.auth;
  reasonCode: number;
  /**
   * With `authenticationMethod`, always. Only the empty AUTH of section 3.15.2.1, which means
   * success, has no properties; whether to accept it without its method is the receiver's decision
   * [MQTT-4.12.0-5].
   */
  properties?: AuthProperties;
}

const type = PacketType.auth;

export function decodeAuth(reader: FieldReader, version: ProtocolVersion): AuthPacket {
  if (version !== 5) throw malformedPacket('packet type 15 is reserved before 5.0');
  if (reader.at === reader.end) return { type, reasonCode: ReasonCode.success };
  const reasonCode = readReasonCode(reader, type);
  const properties = readProperties(reader, type);
  reader.expectEnd();
  // section 3.15.2.2.2
  if (properties?.authenticationMethod === undefined) {
    throw protocolViolation('AUTH has no authenticationMethod');
  }
  return { type, reasonCode, properties };
}

export function encodeAuth(
  packet: AuthPacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  if (version !== 5) throw new RangeError('AUTH exists in 5.0 only');
  const { reasonCode } = packet;
  checkReasonCode(type, reasonCode);
  const properties = trimProperties(packet.properties, type, 1, maximumPacketSize);
  const length = propertiesLength(properties, type);
  if (length === 0 && reasonCode === ReasonCode.success) {
    return allocatePacket(type << 4, 0, maximumPacketSize);
  }
  if (properties?.authenticationMethod === undefined) {
    throw new RangeError('AUTH has no authenticationMethod');
  }
  const bodyLength = 1 + propertyBlockLength(length);
  const bytes = allocatePacket(type << 4, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  const at = bytes.length - bodyLength;
  bytes[at] = reasonCode;
  writeProperties(bytes, at + 1, properties, length);
  return bytes;
}
