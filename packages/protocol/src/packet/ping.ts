/** PINGREQ and PINGRESP: two bytes each. */
import type { FieldReader } from './field-reader.ts';
import { allocatePacket } from './field-writer.ts';
import type { PacketType } from './packet-type.ts';

export interface PingPacket {
  type: typeof PacketType.pingreq | typeof PacketType.pingresp;
}

export function decodePing(reader: FieldReader, type: PingPacket['type']): PingPacket {
  reader.expectEnd();
  return { type };
}

export function encodePing(packet: PingPacket, maximumPacketSize: number): Uint8Array | null {
  return allocatePacket(packet.type << 4, 0, maximumPacketSize);
}
