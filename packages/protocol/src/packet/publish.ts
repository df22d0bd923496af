/** PUBLISH: an application message, with all its fields decoded. The hot path uses PublishView. */
import { copyBytes } from './copy-bytes.ts';
import type { FieldReader } from './field-reader.ts';
import {
  allocatePacket,
  checkInteger,
  checkPacketId,
  writeString,
  writeUint16,
} from './field-writer.ts';
import { PacketType, type ProtocolVersion, type QoS } from './packet-type.ts';
import type { Properties } from './property.ts';
import {
  propertiesLength,
  propertyBlockLength,
  readProperties,
  writeProperties,
} from './property-codec.ts';
import { malformedPacket, protocolViolation } from './protocol-error.ts';
import { emptyTopicName, readTopicName, topicNameLength } from './topic-field.ts';

/**
 * Only a server may send Subscription Identifiers [MQTT-3.3.4-6]; which side a packet came from is
 * for the receiver to check, as is whether a Topic Alias is known and within its maximum.
 */
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
  /** Without wildcards. Empty when a topic alias stands for it. */
  topic: string;
  /** When decoded: a view of the bytes it was decoded from. */
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  /** Never with QoS 0. */
  dup: boolean;
  /** 1 to 65,535 for QoS 1 and 2; 0 for QoS 0. */
  packetId: number;
  /** 5.0 only; not written in 3.x. */
  properties?: PublishProperties;
}

const type = PacketType.publish;

export function decodePublish(
  reader: FieldReader,
  header: number,
  version: ProtocolVersion,
): PublishPacket {
  const qos = (header >> 1) & 3;
  const dup = (header & 8) !== 0;
  if (qos === 3) throw malformedPacket('PUBLISH has QoS 3'); // [MQTT-3.3.1-4]
  if (dup && qos === 0) throw malformedPacket('PUBLISH has DUP with QoS 0'); // [MQTT-3.3.1-2]
  const topic = readTopicName(reader);
  const packetId = qos === 0 ? 0 : reader.readPacketId();
  const properties = version === 5 ? readProperties(reader, type) : undefined;
  if (topic === '') {
    if (version !== 5) throw emptyTopicName();
    // section 3.3.2.1
    if (properties?.topicAlias === undefined) {
      throw protocolViolation('PUBLISH has neither topic nor alias');
    }
  }
  const packet: PublishPacket = {
    type,
    topic,
    payload: reader.readRest(),
    qos: qos as QoS,
    retain: (header & 1) !== 0,
    dup,
    packetId,
  };
  if (properties !== undefined) packet.properties = properties;
  return packet;
}

export function encodePublish(
  packet: PublishPacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  const { topic, payload, qos, packetId } = packet;
  checkInteger(qos, 0, 2, 'qos');
  if (qos > 0) checkPacketId(packetId);
  else checkInteger(packetId, 0, 0, 'packetId of QoS 0'); // [MQTT-2.2.1-2]
  if (packet.dup && qos === 0) throw new RangeError('dup is set with QoS 0');
  const properties = version === 5 ? packet.properties : undefined;
  const propertyBytes = propertiesLength(properties, type);
  let bodyLength = topicNameLength(topic, properties?.topicAlias !== undefined) + payload.length;
  if (qos > 0) bodyLength += 2;
  if (version === 5) bodyLength += propertyBlockLength(propertyBytes);
  const header = (type << 4) | (packet.dup ? 8 : 0) | (qos << 1) | (packet.retain ? 1 : 0);
  const bytes = allocatePacket(header, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  let at = writeString(bytes, bytes.length - bodyLength, topic);
  if (qos > 0) at = writeUint16(bytes, at, packetId);
  if (version === 5) at = writeProperties(bytes, at, properties, propertyBytes);
  copyBytes(payload, 0, payload.length, bytes, at);
  return bytes;
}
