/** UNSUBSCRIBE: filters that are no longer wanted. */
import type { FieldReader } from './field-reader.ts';
import {
  allocatePacket,
  checkPacketId,
  stringLength,
  writeString,
  writeUint16,
} from './field-writer.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import type { Properties } from './property.ts';
import {
  propertiesLength,
  propertyBlockLength,
  readProperties,
  writeProperties,
} from './property-codec.ts';
import { protocolViolation } from './protocol-error.ts';

export type UnsubscribeProperties = Pick<Properties, 'userProperties'>;

export interface UnsubscribePacket {
  type: typeof PacketType.unsubscribe;
  /** 1 to 65,535. */
  packetId: number;
  /** At least one. Well-formed UTF-8; whether each is a valid filter is for the receiver. */
  filters: string[];
  /** 5.0 only; not written in 3.x. */
  properties?: UnsubscribeProperties;
}

const type = PacketType.unsubscribe;

export function decodeUnsubscribe(
  reader: FieldReader,
  version: ProtocolVersion,
): UnsubscribePacket {
  const packetId = reader.readPacketId();
  const properties = version === 5 ? readProperties(reader, type) : undefined;
  // [MQTT-3.10.3-2]
  if (reader.at === reader.end) throw protocolViolation('UNSUBSCRIBE has no filter');
  const filters: string[] = [];
  while (reader.at < reader.end) filters.push(reader.readString());
  const packet: UnsubscribePacket = { type, packetId, filters };
  if (properties !== undefined) packet.properties = properties;
  return packet;
}

export function encodeUnsubscribe(
  packet: UnsubscribePacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  const { packetId, filters } = packet;
  checkPacketId(packetId);
  if (filters.length === 0) throw new RangeError('UNSUBSCRIBE has no filter');
  const propertyBytes = version === 5 ? propertiesLength(packet.properties, type) : 0;
  let bodyLength = version === 5 ? 2 + propertyBlockLength(propertyBytes) : 2;
  for (const filter of filters) bodyLength += stringLength(filter);
  const bytes = allocatePacket((type << 4) | 2, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  let at = writeUint16(bytes, bytes.length - bodyLength, packetId);
  if (version === 5) at = writeProperties(bytes, at, packet.properties, propertyBytes);
  for (const filter of filters) at = writeString(bytes, at, filter);
  return bytes;
}
