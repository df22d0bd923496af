/** SUBSCRIBE and SUBACK. */
import type { PacketType, QoS } from './packet-type.ts';
import type { Properties } from './property.ts';

export type SubscribeProperties = Pick<Properties, 'subscriptionIdentifiers' | 'userProperties'>;
export type SubackProperties = Pick<Properties, 'reasonString' | 'userProperties'>;

/** One filter of a SUBSCRIBE with its options. 3.x has only the QoS; the rest is then 0 or false. */
export interface SubscriptionRequest {
  filter: string;
  qos: QoS;
  noLocal: boolean;
  retainAsPublished: boolean;
  retainHandling: 0 | 1 | 2;
}

export interface SubscribePacket {
  type: typeof PacketType.subscribe;
  packetId: number;
  subscriptions: SubscriptionRequest[];
  properties?: SubscribeProperties;
}

export interface SubackPacket {
  type: typeof PacketType.suback;
  packetId: number;
  /** One per filter, in order. In 3.x every failure is 0x80. */
  reasonCodes: number[];
  properties?: SubackProperties;
}
