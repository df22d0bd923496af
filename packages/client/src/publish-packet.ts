/** A message as its user describes it, turned into what goes over the wire. */
import {
  isValidTopicName,
  PacketType,
  type ProtocolVersion,
  type PublishPacket,
  type PublishProperties,
} from '@godwit/protocol';
import type { Until } from './engine/publication.ts';
import { ErrorCode, MqttError } from './errors.ts';
import type { PublishInit } from './options.ts';

const utf8 = new TextEncoder();
const uint32Max = 0xffff_ffff;

/**
 * @throws TypeError, RangeError for what no packet can hold
 * @throws MqttError 'not-supported' for what the version does not have
 */
export function publishPacket(
  version: ProtocolVersion,
  topic: string,
  payload: Uint8Array | string,
  init: PublishInit,
): PublishPacket {
  const { qos = 0, retain = false } = init;
  if (!isValidTopicName(topic)) {
    throw new RangeError(`not a topic name: ${JSON.stringify(topic)}`);
  }
  if (qos !== 0 && qos !== 1 && qos !== 2) throw new RangeError(`qos is ${qos}; expected 0 to 2`);
  const packet: PublishPacket = {
    type: PacketType.publish,
    topic,
    payload: payloadBytes(payload),
    qos,
    retain,
    dup: false,
    packetId: 0,
  };
  const properties = publishProperties(version, init);
  if (properties !== undefined) packet.properties = properties;
  return packet;
}

/**
 * Makes the packet fit for a `publish` that resolves early: its bytes are its own.
 * @throws RangeError when it cannot resolve then
 */
export function requireUntil(until: Until, packet: PublishPacket, hasStore: boolean): void {
  if (until === 'stored') {
    if (!hasStore) throw new RangeError("until is 'stored', but the session has no store");
    if (packet.qos === 0) throw new RangeError("until is 'stored'; expected QoS 1 or 2");
  } else if (until !== 'sent') {
    throw new RangeError(`until is ${until}; expected 'sent', 'stored' or 'acked'`);
  }
  packet.payload = packet.payload.slice();
  const { correlationData } = packet.properties ?? {};
  if (correlationData !== undefined) {
    packet.properties = { ...packet.properties, correlationData: correlationData.slice() };
  }
}

export function payloadBytes(payload: Uint8Array | string): Uint8Array {
  if (typeof payload === 'string') return utf8.encode(payload);
  if (payload instanceof Uint8Array) return payload;
  throw new TypeError('a payload is a string or a Uint8Array');
}

/** The properties that a message and a will share; undefined when there are none. */
function publishProperties(
  version: ProtocolVersion,
  init: PublishInit,
): PublishProperties | undefined {
  const properties: PublishProperties = compact({
    payloadFormatIndicator: init.payloadFormatIndicator,
    messageExpiryInterval: seconds('expiryMs', init.expiryMs),
    contentType: init.contentType,
    responseTopic: init.responseTopic,
    correlationData: init.correlationData,
    userProperties: init.userProperties,
  });
  const [first] = Object.keys(properties);
  if (first === undefined) return undefined;
  if (version < 5) throw needsVersion5(first);
  return properties;
}

/** Leaves out what is undefined. */
export function compact<T extends object>(fields: T): T {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as T;
}

/**
 * Milliseconds as whole seconds, rounded up.
 * @throws RangeError
 */
export function seconds(
  name: string,
  valueMs: number | undefined,
  max: number = uint32Max - 1,
): number | undefined {
  if (valueMs === undefined) return undefined;
  if (!(valueMs >= 0 && valueMs <= max * 1000)) {
    throw new RangeError(`${name} is ${valueMs}; expected 0 to ${max * 1000}`);
  }
  return Math.ceil(valueMs / 1000);
}

/** A Session Expiry Interval. */
export function expirySeconds(
  name: string,
  value: number | 'never' | undefined,
): number | undefined {
  return value === 'never' ? uint32Max : seconds(name, value);
}

export function needsVersion5(what: string): MqttError {
  return new MqttError(ErrorCode.notSupported, `${what} needs MQTT 5.0`);
}
