export { InboundAliases } from './flow/inbound-aliases.ts';
export { InboundWindow } from './flow/inbound-window.ts';
export { isKeepAliveOver, keepAliveGraceTicks, serverKeepAlive } from './flow/keep-alive.ts';
export { OutboundAliases } from './flow/outbound-aliases.ts';
export { type InflightState, OutboundState, OutboundWindow } from './flow/outbound-window.ts';
export {
  type AcknowledgementPacket,
  type AcknowledgementProperties,
  writeAcknowledgement,
  writeAcknowledgementReason,
} from './packet/acknowledgement.ts';
export type { AuthPacket, AuthProperties } from './packet/auth.ts';
export {
  type ClientPacket,
  decodeServerPacket,
  encodeClientPacket,
  type ServerPacket,
} from './packet/client-codec.ts';
export type { ConnackPacket, ConnackProperties } from './packet/connack.ts';
export type { ConnectPacket, ConnectProperties, Will, WillProperties } from './packet/connect.ts';
export { copyBytes } from './packet/copy-bytes.ts';
export type { DisconnectPacket, DisconnectProperties } from './packet/disconnect.ts';
export { variableByteIntegerLength, writeVariableByteInteger } from './packet/field-writer.ts';
export { FrameReader } from './packet/frame.ts';
export { decodePacket, encodePacket, type Packet } from './packet/packet.ts';
export { PacketType, type ProtocolVersion, type QoS } from './packet/packet-type.ts';
export type { PingPacket } from './packet/ping.ts';
export type { Properties, UserProperty } from './packet/property.ts';
export { ProtocolError } from './packet/protocol-error.ts';
export type { PublishPacket, PublishProperties } from './packet/publish.ts';
export {
  type PublishParts,
  packetIdOffset,
  publishFrameSize,
  writePublishHead,
} from './packet/publish-frame.ts';
export { PublishView } from './packet/publish-view.ts';
export { isReasonCodeOf, ReasonCode } from './packet/reason-code.ts';
export { reasonCodeName } from './packet/reason-code-name.ts';
export type { SubackPacket, SubackProperties } from './packet/suback.ts';
export type {
  SubscribePacket,
  SubscribeProperties,
  SubscriptionRequest,
} from './packet/subscribe.ts';
export type { UnsubackPacket, UnsubackProperties } from './packet/unsuback.ts';
export type { UnsubscribePacket, UnsubscribeProperties } from './packet/unsubscribe.ts';
export { decodeUtf8, utf8Length, validateUtf8, writeUtf8 } from './packet/utf8.ts';
export { saslPrep } from './sasl/sasl-prep.ts';
export { FilterTree } from './topic/filter-tree.ts';
export { type ParsedFilter, parseTopicFilter, topicMatchesFilter } from './topic/topic-filter.ts';
export { isValidTopicName, validateTopicName } from './topic/topic-name.ts';
export { TopicTree } from './topic/topic-tree.ts';
