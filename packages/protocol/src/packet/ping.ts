/** PINGREQ and PINGRESP: two bytes each. */
import type { PacketType } from './packet-type.ts';

export interface PingPacket {
  type: typeof PacketType.pingreq | typeof PacketType.pingresp;
}
