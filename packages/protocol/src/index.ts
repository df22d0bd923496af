export type { AcknowledgementPacket, AcknowledgementProperties } from './packet/acknowledgement.ts';
export type { AuthPacket, AuthProperties } from './packet/auth.ts';
export type { ConnackPacket, ConnackProperties } from './packet/connack.ts';
export type { ConnectPacket, ConnectProperties, Will, WillProperties } from './packet/connect.ts';
export type { DisconnectPacket, DisconnectProperties } from './packet/disconnect.ts';
export { FrameReader } from './packet/frame.ts';
export { decodePacket, encodePacket, type Packet } from './packet/packet.ts';
export { PacketType, type ProtocolVersion, type QoS } from './packet/packet-type.ts';
export type { PingPacket } from './packet/ping.ts';
export type { Properties, UserProperty } from './packet/property.ts';
export { ProtocolError } from './packet/protocol-error.ts';
export type { PublishPacket, PublishProperties } from './packet/publish.ts';
export { PublishView } from './packet/publish-view.ts';
export { ReasonCode } from './packet/reason-code.ts';
export type {
  SubackPacket,
  SubackProperties,
  SubscribePacket,
  SubscribeProperties,
  SubscriptionRequest,
} from './packet/subscribe.ts';
export type {
  UnsubackPacket,
  UnsubackProperties,
  UnsubscribePacket,
  UnsubscribeProperties,
} from './packet/unsubscribe.ts';
