/** PUBACK, PUBREC, PUBREL and PUBCOMP: four packets of one shape. */
import type { PacketType } from './packet-type.ts';
import type { Properties } from './property.ts';

export type AcknowledgementProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

export interface AcknowledgementPacket {
  type:
    | typeof PacketType.puback
    | typeof PacketType.pubrec
    | typeof PacketType.pubrel
    | typeof PacketType.pubcomp;
  packetId: number;
  /** Always 0 in 3.x. */
  reasonCode: number;
  properties?: AcknowledgementProperties;
}
