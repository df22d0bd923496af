/** The first and the last packet of a connection, made from the options. */
import {
  type ConnectPacket,
  type ConnectProperties,
  type DisconnectPacket,
  PacketType,
  type ProtocolVersion,
  ReasonCode,
  type Will,
  type WillProperties,
} from '@godwit/protocol';
import type { Random } from '@godwit/runtime';
import { limits } from './limits.ts';
import type { ClientOptions, CloseOptions, Credentials, WillOptions } from './options.ts';
import {
  compact,
  expirySeconds,
  needsVersion5,
  payloadBytes,
  publishPacket,
  seconds,
} from './publish-packet.ts';

const keepAliveSecondsMax = 65_535;
const receiveMaximumMax = 65_535;
const topicAliasMaximumMax = 65_535;
const maximumPacketSizeMax = 0xffff_ffff;

/** [MQTT-3.14.2-1] what its list has for clients */
const clientReasons: ReadonlySet<number> = new Set([
  ReasonCode.normalDisconnection,
  ReasonCode.disconnectWithWillMessage,
  ReasonCode.unspecifiedError,
  ReasonCode.malformedPacket,
  ReasonCode.protocolError,
  ReasonCode.implementationSpecificError,
  ReasonCode.topicNameInvalid,
  ReasonCode.receiveMaximumExceeded,
  ReasonCode.topicAliasInvalid,
  ReasonCode.packetTooLarge,
  ReasonCode.messageRateTooHigh,
  ReasonCode.quotaExceeded,
  ReasonCode.administrativeAction,
  ReasonCode.payloadFormatInvalid,
]);

/**
 * CONNECT, but for the credentials.
 * @throws TypeError, RangeError for options that make no sense
 * @throws MqttError 'not-supported' for what the version does not have
 */
export function connectPacket(options: ClientOptions, random: Random): ConnectPacket {
  const { protocolVersion = 5, session = {}, keepAliveMs = limits.keepAliveMs } = options;
  if (protocolVersion !== 5 && protocolVersion !== 4 && protocolVersion !== 3) {
    throw new RangeError(`protocolVersion is ${protocolVersion}; expected 3, 4 or 5`);
  }
  const cleanStart = (session.cleanStart ?? 'first') !== false;
  const packet: ConnectPacket = {
    type: PacketType.connect,
    protocolVersion,
    cleanStart,
    keepAlive: seconds('keepAliveMs', keepAliveMs, keepAliveSecondsMax) ?? 0,
    clientId: clientId(options, protocolVersion, cleanStart, random),
  };
  if (options.will !== undefined) packet.will = will(protocolVersion, options.will);
  if (protocolVersion === 5) packet.properties = connectProperties(options);
  else requireNone(options);
  return packet;
}

/** Adds what enhanced authentication begins with. */
export function withAuthenticationData(
  packet: ConnectPacket,
  authenticationData: Uint8Array | undefined,
): ConnectPacket {
  if (authenticationData === undefined) return packet;
  return { ...packet, properties: { ...packet.properties, authenticationData } };
}

/** Adds user name and password. */
export function withCredentials(packet: ConnectPacket, credentials: Credentials): ConnectPacket {
  const { username, password } = credentials;
  const { protocolVersion } = packet;
  // [MQTT-3.1.2-22] of 3.1.1
  if (password !== undefined && username === undefined && protocolVersion < 5) {
    throw needsVersion5('a password without a user name');
  }
  return compact({
    ...packet,
    username,
    password: password === undefined ? undefined : payloadBytes(password),
  });
}

/**
 * DISCONNECT.
 * @throws RangeError for options that make no sense
 * @throws MqttError 'not-supported' for what the version does not have
 */
export function disconnectPacket(
  { protocolVersion, properties: agreed }: ConnectPacket,
  { reasonCode = 0, reasonString, sessionExpiryMs }: CloseOptions,
): DisconnectPacket {
  if (!clientReasons.has(reasonCode)) {
    throw new RangeError(`reasonCode is ${reasonCode}; expected one that a client may send`);
  }
  const sessionExpiryInterval = expirySeconds('sessionExpiryMs', sessionExpiryMs);
  // a session that was to end with its connection cannot be kept after all
  if ((agreed?.sessionExpiryInterval ?? 0) === 0 && (sessionExpiryInterval ?? 0) > 0) {
    throw new RangeError('sessionExpiryMs is above 0, but the session was opened with 0');
  }
  const properties = compact({ sessionExpiryInterval, reasonString });
  const isPlain = reasonCode === 0 && Object.keys(properties).length === 0;
  if (protocolVersion < 5 && !isPlain) throw needsVersion5('a reason for closing');
  return { type: PacketType.disconnect, reasonCode, properties };
}

function clientId(
  { clientId }: ClientOptions,
  version: ProtocolVersion,
  cleanStart: boolean,
  random: Random,
): string {
  if (clientId !== undefined && clientId !== '') return clientId;
  if (version === 5) return '';
  if (!cleanStart) throw new TypeError('a session of MQTT 3.x needs a clientId');
  // 3.1 allows 23 characters
  return `godwit-${[0, 0].map(() => random.uint32().toString(36).padStart(7, '0')).join('')}`;
}

function connectProperties(options: ClientOptions): ConnectProperties {
  const { session = {}, auth, userProperties } = options;
  return compact({
    sessionExpiryInterval: expirySeconds('session.expiryMs', session.expiryMs),
    receiveMaximum: receiveMaximum(options),
    maximumPacketSize: maximumPacketSize(options),
    topicAliasMaximum: inboundAliasMaximum(options) || undefined,
    authenticationMethod: auth?.method,
    requestResponseInformation: options.requests?.responseInformation || undefined,
    userProperties,
  });
}

/** The largest packet that we accept. */
export function maximumPacketSize(options: ClientOptions): number {
  const { maximumPacketSize = limits.maximumPacketSize } = options;
  return inRange('maximumPacketSize', maximumPacketSize, maximumPacketSizeMax);
}

/** How many messages the server may have in flight; 3.x has no word for it. */
export function receiveMaximum({ receiveMaximum, protocolVersion = 5 }: ClientOptions): number {
  const fallback = protocolVersion === 5 ? limits.receiveMaximum : receiveMaximumMax;
  return inRange('receiveMaximum', receiveMaximum ?? fallback, receiveMaximumMax);
}

/** How many topic aliases the server may set; 0 in 3.x. */
export function inboundAliasMaximum({ topicAliases = {} }: ClientOptions): number {
  const { inboundMaximum = 0 } = topicAliases;
  return inRange('topicAliases.inboundMaximum', inboundMaximum, topicAliasMaximumMax, 0);
}

/** How many messages we have in flight, where the server allows more. */
export function inflightMax({ inflightMax, protocolVersion = 5 }: ClientOptions): number {
  const fallback = protocolVersion === 5 ? receiveMaximumMax : limits.inflightMax;
  return inRange('inflightMax', inflightMax ?? fallback, receiveMaximumMax);
}

function requireNone(options: ClientOptions): void {
  if (options.session?.expiryMs !== undefined) throw needsVersion5('session.expiryMs');
  if (options.receiveMaximum !== undefined) throw needsVersion5('receiveMaximum');
  if (options.auth !== undefined) throw needsVersion5('auth');
  if (options.requests?.responseInformation) throw needsVersion5('requests.responseInformation');
  if (options.userProperties !== undefined) throw needsVersion5('userProperties');
  if (inboundAliasMaximum(options) > 0) throw needsVersion5('topicAliases.inboundMaximum');
}

function will(version: ProtocolVersion, options: WillOptions): Will {
  const { topic, payload, delayMs } = options;
  const { qos, retain, properties, ...rest } = publishPacket(version, topic, payload, options);
  if (version < 5 && delayMs !== undefined) throw needsVersion5('will.delayMs');
  const willProperties: WillProperties = compact({
    ...properties,
    willDelayInterval: seconds('will.delayMs', delayMs),
  });
  const message: Will = { topic, payload: rest.payload, qos, retain };
  if (version === 5) message.properties = willProperties;
  return message;
}

/** @throws RangeError unless `value` is an integer from `min` to `max` */
export function inRange(name: string, value: number, max: number, min: number = 1): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} is ${value}; expected an integer from ${min} to ${max}`);
  }
  return value;
}
