/** UNSUBSCRIBE and UNSUBACK. */
import type { PacketType } from './packet-type.ts';
import type { Properties } from './property.ts';

export type UnsubscribeProperties = Pick<Properties, 'userProperties'>;
export type UnsubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

export interface UnsubscribePacket {
  type: typeof PacketType.unsubscribe;
  packetId: number;
  filters: string[];
  properties?: UnsubscribeProperties;
}

export interface UnsubackPacket {
  type: typeof PacketType.unsuback;
  packetId: number;
  /** One per filter, in order; empty in 3.x, whose UNSUBACK has none. */
  reasonCodes: number[];
  properties?: UnsubackProperties;
}
