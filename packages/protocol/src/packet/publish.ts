/** PUBLISH: an application message, with all its fields decoded. The hot path uses PublishView. */
import type { PacketType, QoS } from './packet-type.ts';
import type { Properties } from './property.ts';

export type PublishProperties = Pick<
  Properties,
  | 'payloadFormatIndicator'
  | 'messageExpiryInterval'
  | 'topicAlias'
  | 'responseTopic'
  | 'correlationData'
  | 'userProperties'
  | 'subscriptionIdentifiers'
  | 'contentType'
>;

export interface PublishPacket {
  type: typeof PacketType.publish;
  /** Empty when a topic alias stands for it. */
  topic: string;
  /** When decoded: a view of the bytes it was decoded from. */
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  dup: boolean;
  /** 1 to 65,535 for QoS 1 and 2; 0 for QoS 0. */
  packetId: number;
  properties?: PublishProperties;
}
