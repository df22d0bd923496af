/** SUBSCRIBE: filters and how their messages shall be delivered. */
import type { FieldReader } from './field-reader.ts';
import {
  allocatePacket,
  checkInteger,
  checkPacketId,
  stringLength,
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

/** Of `subscriptionIdentifiers` a SUBSCRIBE has one at most. */
export type SubscribeProperties = Pick<Properties, 'subscriptionIdentifiers' | 'userProperties'>;

/** One filter with its options. 3.x has only the QoS; the rest is then 0 or false. */
export interface SubscriptionRequest {
  /** Well-formed UTF-8; whether it is a valid filter is for the receiver to check. */
  filter: string;
  qos: QoS;
  noLocal: boolean;
  retainAsPublished: boolean;
  retainHandling: 0 | 1 | 2;
}

export interface SubscribePacket {
  type: typeof PacketType.subscribe;
  /** 1 to 65,535. */
  packetId: number;
  /** At least one. */
  subscriptions: SubscriptionRequest[];
  /** 5.0 only; not written in 3.x. */
  properties?: SubscribeProperties;
}

const type = PacketType.subscribe;
const sharePrefix = '$share/';

export function decodeSubscribe(reader: FieldReader, version: ProtocolVersion): SubscribePacket {
  const packetId = reader.readPacketId();
  const properties = version === 5 ? readProperties(reader, type) : undefined;
  // [MQTT-3.8.3-2], in 3.1.1 [MQTT-3.8.3-3]
  if (reader.at === reader.end) throw protocolViolation('SUBSCRIBE has no filter');
  const subscriptions: SubscriptionRequest[] = [];
  while (reader.at < reader.end) subscriptions.push(readSubscription(reader, version));
  const packet: SubscribePacket = { type, packetId, subscriptions };
  if (properties !== undefined) packet.properties = properties;
  return packet;
}

/**
 * Options: bits 1-0 QoS, 2 No Local, 3 Retain As Published, 5-4 Retain Handling, 7-6 reserved; in
 * 3.x all but the QoS is reserved.
 */
function readSubscription(reader: FieldReader, version: ProtocolVersion): SubscriptionRequest {
  const filter = reader.readString();
  const options = reader.readByte();
  const qos = options & 3;
  const retainHandling = (options >> 4) & 3;
  if (version !== 5) {
    // [MQTT-3.8.3-4] of 3.1.1
    if (options > 2) throw malformedPacket('SUBSCRIBE has reserved bits or QoS 3');
  } else {
    if (options > 0x3f) throw malformedPacket('SUBSCRIBE has reserved bits'); // [MQTT-3.8.3-5]
    // section 3.8.3.1 names both a protocol error
    if (qos === 3) throw protocolViolation('SUBSCRIBE has QoS 3');
    if (retainHandling === 3) throw protocolViolation('SUBSCRIBE has Retain Handling 3');
  }
  const noLocal = (options & 0x04) !== 0;
  // [MQTT-3.8.3-4]
  if (noLocal && filter.startsWith(sharePrefix)) {
    throw protocolViolation('SUBSCRIBE has No Local on a shared subscription');
  }
  return {
    filter,
    qos: qos as QoS,
    noLocal,
    retainAsPublished: (options & 0x08) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  };
}

export function encodeSubscribe(
  packet: SubscribePacket,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Uint8Array | null {
  const { packetId, subscriptions } = packet;
  checkPacketId(packetId);
  if (subscriptions.length === 0) throw new RangeError('SUBSCRIBE has no filter');
  const propertyBytes = version === 5 ? propertiesLength(packet.properties, type) : 0;
  let bodyLength = version === 5 ? 2 + propertyBlockLength(propertyBytes) : 2;
  for (const subscription of subscriptions) {
    checkSubscription(subscription);
    bodyLength += stringLength(subscription.filter) + 1;
  }
  const bytes = allocatePacket((type << 4) | 2, bodyLength, maximumPacketSize);
  if (bytes === null) return null;
  let at = writeUint16(bytes, bytes.length - bodyLength, packetId);
  if (version === 5) at = writeProperties(bytes, at, packet.properties, propertyBytes);
  for (const subscription of subscriptions) {
    at = writeString(bytes, at, subscription.filter);
    bytes[at] = version === 5 ? optionsOf(subscription) : subscription.qos;
    at += 1;
  }
  return bytes;
}

function checkSubscription({ filter, qos, noLocal, retainHandling }: SubscriptionRequest): void {
  checkInteger(qos, 0, 2, 'qos');
  checkInteger(retainHandling, 0, 2, 'retainHandling');
  if (noLocal && filter.startsWith(sharePrefix)) {
    throw new RangeError('noLocal is set on a shared subscription');
  }
}

function optionsOf(subscription: SubscriptionRequest): number {
  return (
    subscription.qos |
    (subscription.noLocal ? 0x04 : 0) |
    (subscription.retainAsPublished ? 0x08 : 0) |
    (subscription.retainHandling << 4)
  );
}
