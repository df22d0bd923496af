/** DISCONNECT: the last packet of a connection, from either side in 5.0. */
import type { PacketType } from './packet-type.ts';
import type { Properties } from './property.ts';

export type DisconnectProperties = Pick<
  Properties,
  'sessionExpiryInterval' | 'reasonString' | 'userProperties' | 'serverReference'
>;

export interface DisconnectPacket {
  type: typeof PacketType.disconnect;
  /** Always 0 in 3.x. */
  reasonCode: number;
  properties?: DisconnectProperties;
}
