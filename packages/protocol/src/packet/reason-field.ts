/** Reason codes as fields of a packet: each must be one of its packet's list. */
import type { FieldReader } from './field-reader.ts';
import type { PacketType } from './packet-type.ts';
import { malformedPacket } from './protocol-error.ts';
import { isReasonCodeOf } from './reason-code.ts';

/** @throws ProtocolError 0x81 when the code is not one of `type` */
export function readReasonCode(reader: FieldReader, type: PacketType): number {
  const code = reader.readByte();
  // [MQTT-3.2.2-8] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.14.2-1]
  // [MQTT-3.15.2-1]: a value with no meaning cannot be parsed
  if (!isReasonCodeOf(type, code)) throw malformedPacket('reason code is not one of this packet');
  return code;
}

/**
 * Reads a reason code per filter, up to the end of the packet.
 * @throws ProtocolError 0x81 when a code is not one of `type`, 0x82 when there is none
 */
export function readReasonCodes(reader: FieldReader, type: PacketType): number[] {
  const codes: number[] = [];
  // [MQTT-3.8.4-6] [MQTT-3.9.3-2] [MQTT-3.11.3-2]
  do codes.push(readReasonCode(reader, type));
  while (reader.at < reader.end);
  return codes;
}

/** @throws RangeError when the code is not one of `type` */
export function checkReasonCode(type: PacketType, code: number): void {
  if (!isReasonCodeOf(type, code)) {
    throw new RangeError(`reason code ${code} is not one of packet type ${type}`);
  }
}

/** @throws RangeError when there is none, or one is not of `type` */
export function checkReasonCodes(type: PacketType, codes: readonly number[]): void {
  if (codes.length === 0) throw new RangeError('there must be a reason code per filter');
  for (const code of codes) checkReasonCode(type, code);
}
