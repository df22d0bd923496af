/** CONNECT: the client opens a session. */
import type { FieldReader } from './field-reader.ts';
import {
  allocatePacket,
  binaryLength,
  checkInteger,
  stringLength,
  writeBinary,
  writeString,
  writeUint16,
} from './field-writer.ts';
import { PacketType, type ProtocolVersion, type QoS } from './packet-type.ts';
import { type Properties, willContext } from './property.ts';
import {
  propertiesLength,
  propertyBlockLength,
  readProperties,
  writeProperties,
} from './property-codec.ts';
import { malformedPacket, ProtocolError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';
import { emptyTopicName, readTopicName, topicNameLength } from './topic-field.ts';

export type ConnectProperties = Pick<
  Properties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumPacketSize'
  | 'topicAliasMaximum'
  | 'requestResponseInformation'
  | 'requestProblemInformation'
  | 'userProperties'
  | 'authenticationMethod'
  | 'authenticationData'
>;

export type WillProperties = Pick<
  Properties,
  | 'willDelayInterval'
  | 'payloadFormatIndicator'
  | 'messageExpiryInterval'
  | 'contentType'
  | 'responseTopic'
  | 'correlationData'
  | 'userProperties'
>;

/** The message that the server publishes when the connection ends without DISCONNECT 0x00. */
export interface Will {
  /** Not empty, without wildcards. */
  topic: string;
  /** At most 65,535 bytes. When decoded: a copy. */
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  /** 5.0 only; not written in 3.x. */
  properties?: WillProperties;
}

export interface ConnectPacket {
  type: typeof PacketType.connect;
  protocolVersion: ProtocolVersion;
  /** Clean Start (5.0) or Clean Session (3.x). */
  cleanStart: boolean;
  /** Seconds, 0 to 65,535; 0 turns it off. */
  keepAlive: number;
  /** Well-formed UTF-8, maybe empty; which identifiers to accept is the server's decision. */
  clientId: string;
  username?: string;
  /** At most 65,535 bytes; in 3.x only beside `username`. When decoded: a copy. */
  password?: Uint8Array;
  will?: Will;
  /** 5.0 only; not written in 3.x. */
  properties?: ConnectProperties;
}

const type = PacketType.connect;

/** Connect Flags, of which bit 0 is reserved and bits 4-3 are the Will QoS. */
const cleanStartFlag = 0x02;
const willFlag = 0x04;
const willRetainFlag = 0x20;
const passwordFlag = 0x40;
const usernameFlag = 0x80;

/** @throws ProtocolError 0x84 for a protocol or version that is none of the three */
export function decodeConnect(reader: FieldReader): ConnectPacket {
  const version = readVersion(reader);
  const flags = reader.readByte();
  checkFlags(flags, version);
  const keepAlive = reader.readUint16();
  const properties = version === 5 ? readProperties(reader, type) : undefined;
  // [MQTT-3.1.3-1] the order of the payload
  const packet: ConnectPacket = {
    type,
    protocolVersion: version,
    cleanStart: (flags & cleanStartFlag) !== 0,
    keepAlive,
    clientId: reader.readString(),
  };
  if ((flags & willFlag) !== 0) packet.will = readWill(reader, flags, version);
  if ((flags & usernameFlag) !== 0 && !isLeftOut(reader, version)) {
    packet.username = reader.readString();
  }
  if ((flags & passwordFlag) !== 0 && !isLeftOut(reader, version)) {
    packet.password = reader.readBinary();
  }
  if (properties !== undefined) packet.properties = properties;
  reader.expectEnd();
  return packet;
}

/** The name is `MQTT` for 5.0 and 3.1.1, `MQIsdp` for 3.1 [MQTT-3.1.2-1] [MQTT-3.1.2-2]. */
function readVersion(reader: FieldReader): ProtocolVersion {
  const name = reader.readString();
  const level = reader.readByte();
  if (name === 'MQTT' && (level === 4 || level === 5)) return level;
  if (name === 'MQIsdp' && level === 3) return level;
  throw new ProtocolError(
    ReasonCode.unsupportedProtocolVersion,
    'protocol is not MQTT 5.0, 3.1.1 or 3.1',
  );
}

function checkFlags(flags: number, version: ProtocolVersion): void {
  // [MQTT-3.1.2-3]; 3.1 reserves the bit and does not say what it holds
  if ((flags & 0x01) !== 0 && version !== 3) throw malformedPacket('CONNECT has a reserved flag');
  if ((flags & willFlag) === 0) {
    // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
    if ((flags & (willRetainFlag | 0x18)) !== 0) {
      throw malformedPacket('CONNECT has Will QoS or Will Retain without a will');
    }
  } else if ((flags & 0x18) === 0x18) {
    throw malformedPacket('CONNECT has Will QoS 3'); // [MQTT-3.1.2-12]
  }
  // [MQTT-3.1.2-22] of 3.1.1
  if (version !== 5 && (flags & passwordFlag) !== 0 && (flags & usernameFlag) === 0) {
    throw malformedPacket('CONNECT has a password without a user name');
  }
}

function readWill(reader: FieldReader, flags: number, version: ProtocolVersion): Will {
  const properties = version === 5 ? readProperties(reader, willContext) : undefined;
  const topic = readTopicName(reader);
  if (topic === '') throw emptyTopicName();
  const will: Will = {
    topic,
    payload: reader.readBinary(),
    qos: ((flags >> 3) & 3) as QoS,
    retain: (flags & willRetainFlag) !== 0,
  };
  if (properties !== undefined) will.properties = properties;
  return will;
}

/** In 3.1 the length of the packet overrides the flags of user name and password. */
function isLeftOut(reader: FieldReader, version: ProtocolVersion): boolean {
  return version === 3 && reader.at === reader.end;
}

/** Bytes of each part, measured before anything is written. */
interface ConnectSizes {
  properties: number;
  willProperties: number;
  body: number;
}

export function encodeConnect(packet: ConnectPacket, maximumPacketSize: number): Uint8Array | null {
  const { protocolVersion, clientId, username, password, will } = packet;
  const sizes = measureConnect(packet);
  const bytes = allocatePacket(type << 4, sizes.body, maximumPacketSize);
  if (bytes === null) return null;
  let at = writeString(bytes, bytes.length - sizes.body, protocolName(protocolVersion));
  bytes[at] = protocolVersion;
  bytes[at + 1] = flagsOf(packet);
  at = writeUint16(bytes, at + 2, packet.keepAlive);
  if (protocolVersion === 5) at = writeProperties(bytes, at, packet.properties, sizes.properties);
  at = writeString(bytes, at, clientId);
  if (will !== undefined) {
    if (protocolVersion === 5) {
      at = writeProperties(bytes, at, will.properties, sizes.willProperties);
    }
    at = writeString(bytes, at, will.topic);
    at = writeBinary(bytes, at, will.payload);
  }
  if (username !== undefined) at = writeString(bytes, at, username);
  if (password !== undefined) writeBinary(bytes, at, password);
  return bytes;
}

function measureConnect(packet: ConnectPacket): ConnectSizes {
  const { protocolVersion, clientId, username, password, will } = packet;
  checkInteger(protocolVersion, 3, 5, 'protocolVersion');
  checkInteger(packet.keepAlive, 0, 0xffff, 'keepAlive');
  const sizes: ConnectSizes = { properties: 0, willProperties: 0, body: 0 };
  // level, flags and keep alive are four bytes
  sizes.body = stringLength(protocolName(protocolVersion)) + 4 + stringLength(clientId);
  if (protocolVersion === 5) {
    sizes.properties = propertiesLength(packet.properties, type);
    sizes.body += propertyBlockLength(sizes.properties);
  }
  if (will !== undefined) {
    checkInteger(will.qos, 0, 2, 'will.qos');
    sizes.body += topicNameLength(will.topic, false) + binaryLength(will.payload);
    if (protocolVersion === 5) {
      sizes.willProperties = propertiesLength(will.properties, willContext);
      sizes.body += propertyBlockLength(sizes.willProperties);
    }
  }
  if (username !== undefined) sizes.body += stringLength(username);
  if (password !== undefined) {
    if (protocolVersion !== 5 && username === undefined) {
      throw new RangeError('password stands without username, which 3.x does not allow');
    }
    sizes.body += binaryLength(password);
  }
  return sizes;
}

function protocolName(version: ProtocolVersion): string {
  return version === 3 ? 'MQIsdp' : 'MQTT';
}

function flagsOf({ cleanStart, will, username, password }: ConnectPacket): number {
  let flags = cleanStart ? cleanStartFlag : 0;
  if (will !== undefined) {
    flags |= willFlag | (will.qos << 3) | (will.retain ? willRetainFlag : 0);
  }
  if (password !== undefined) flags |= passwordFlag;
  if (username !== undefined) flags |= usernameFlag;
  return flags;
}
