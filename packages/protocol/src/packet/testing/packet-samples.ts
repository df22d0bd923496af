/** Packets of all types, for tests that hold them against other implementations or break them. */
import { encodePacket, type Packet } from '../packet.ts';
import { PacketType, type ProtocolVersion } from '../packet-type.ts';
import type { UserProperty } from '../property.ts';
import { decode } from './packet-harness.ts';

const userProperties: UserProperty[] = [
  ['name', 'välue'],
  ['other', ''],
];
const payload = Uint8Array.of(0, 1, 2, 0xff);
/** Binary Data that a dissector may show as text. */
const secret = Uint8Array.of(0x73, 0x65, 0x63, 0x72, 0x65, 0x74);

/** Rich and poor packets of each type. */
const packets: readonly Packet[] = [
  {
    type: PacketType.connect,
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 60,
    clientId: 'client',
    will: {
      topic: 'will/topic',
      payload,
      qos: 1,
      retain: true,
      properties: { willDelayInterval: 5, responseTopic: 'r', userProperties },
    },
    username: 'user',
    password: secret,
    properties: {
      receiveMaximum: 10,
      maximumPacketSize: 1000,
      requestProblemInformation: false,
      authenticationMethod: 'method',
      authenticationData: secret,
      userProperties,
    },
  },
  {
    type: PacketType.connect,
    protocolVersion: 5,
    cleanStart: false,
    keepAlive: 0,
    clientId: 'c',
  },
  {
    type: PacketType.connack,
    sessionPresent: true,
    reasonCode: 0,
    properties: {
      assignedClientIdentifier: 'assigned',
      maximumQoS: 1,
      retainAvailable: false,
      serverKeepAlive: 30,
      topicAliasMaximum: 7,
      reasonString: 'fine',
    },
  },
  { type: PacketType.connack, sessionPresent: false, reasonCode: 0x87 },
  {
    type: PacketType.publish,
    topic: 'a/b',
    payload,
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
  },
  {
    type: PacketType.publish,
    topic: 'a/b',
    payload: new Uint8Array(200).fill(0x61),
    qos: 1,
    retain: true,
    dup: false,
    packetId: 65_535,
  },
  {
    type: PacketType.publish,
    topic: 'töpic/name',
    payload,
    qos: 2,
    retain: true,
    dup: true,
    packetId: 3,
    properties: {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 100,
      topicAlias: 3,
      responseTopic: 'reply/to',
      correlationData: secret,
      subscriptionIdentifiers: [1, 300, 70_000],
      contentType: 'text/plain',
      userProperties,
    },
  },
  { type: PacketType.puback, packetId: 4, reasonCode: 0x10, properties: { userProperties } },
  { type: PacketType.puback, packetId: 4, reasonCode: 0 },
  { type: PacketType.pubrec, packetId: 5, reasonCode: 0x97 },
  { type: PacketType.pubrel, packetId: 6, reasonCode: 0x92, properties: { reasonString: 'r' } },
  { type: PacketType.pubcomp, packetId: 7, reasonCode: 0 },
  {
    type: PacketType.subscribe,
    packetId: 8,
    subscriptions: [
      { filter: 'a/+/b', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 1 },
      { filter: '$share/g/#', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 2 },
    ],
    properties: { subscriptionIdentifiers: [5], userProperties },
  },
  { type: PacketType.suback, packetId: 9, reasonCodes: [0, 1, 2, 0x80] },
  { type: PacketType.unsubscribe, packetId: 10, filters: ['a/+/b', '#'] },
  { type: PacketType.unsuback, packetId: 11, reasonCodes: [0, 0x11] },
  { type: PacketType.pingreq },
  { type: PacketType.pingresp },
  { type: PacketType.disconnect, reasonCode: 0 },
  {
    type: PacketType.disconnect,
    reasonCode: 0x9c,
    properties: { serverReference: 'server', reasonString: 'r' },
  },
  {
    type: PacketType.auth,
    reasonCode: 0x18,
    properties: { authenticationMethod: 'method', authenticationData: secret },
  },
];

export interface Sample {
  packet: Packet;
  bytes: Uint8Array;
}

/** The samples as `version` has them: without what it has no place for. */
export function samplesOf(version: ProtocolVersion): Sample[] {
  const samples: Sample[] = [];
  for (const packet of packets) {
    if (packet.type === PacketType.auth && version !== 5) continue;
    const own =
      packet.type === PacketType.connect ? { ...packet, protocolVersion: version } : packet;
    const bytes = encodePacket(own, version) as Uint8Array;
    samples.push({ packet: decode(bytes, version), bytes });
  }
  return samples;
}
