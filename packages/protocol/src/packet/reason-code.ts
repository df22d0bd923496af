/** The reason codes of MQTT 5.0, by the specification's names, and which packets may carry which. */
import { PacketType } from './packet-type.ts';

/** Reason codes; several packets share a value under different names (0x00 has three). */
export const ReasonCode = {
  success: 0x00,
  normalDisconnection: 0x00,
  grantedQoS0: 0x00,
  grantedQoS1: 0x01,
  grantedQoS2: 0x02,
  disconnectWithWillMessage: 0x04,
  noMatchingSubscribers: 0x10,
  noSubscriptionExisted: 0x11,
  continueAuthentication: 0x18,
  reAuthenticate: 0x19,
  unspecifiedError: 0x80,
  malformedPacket: 0x81,
  protocolError: 0x82,
  implementationSpecificError: 0x83,
  unsupportedProtocolVersion: 0x84,
  clientIdentifierNotValid: 0x85,
  badUserNameOrPassword: 0x86,
  notAuthorized: 0x87,
  serverUnavailable: 0x88,
  serverBusy: 0x89,
  banned: 0x8a,
  serverShuttingDown: 0x8b,
  badAuthenticationMethod: 0x8c,
  keepAliveTimeout: 0x8d,
  sessionTakenOver: 0x8e,
  topicFilterInvalid: 0x8f,
  topicNameInvalid: 0x90,
  packetIdentifierInUse: 0x91,
  packetIdentifierNotFound: 0x92,
  receiveMaximumExceeded: 0x93,
  topicAliasInvalid: 0x94,
  packetTooLarge: 0x95,
  messageRateTooHigh: 0x96,
  quotaExceeded: 0x97,
  administrativeAction: 0x98,
  payloadFormatInvalid: 0x99,
  retainNotSupported: 0x9a,
  qosNotSupported: 0x9b,
  useAnotherServer: 0x9c,
  serverMoved: 0x9d,
  sharedSubscriptionsNotSupported: 0x9e,
  connectionRateExceeded: 0x9f,
  maximumConnectTime: 0xa0,
  subscriptionIdentifiersNotSupported: 0xa1,
  wildcardSubscriptionsNotSupported: 0xa2,
} as const;
export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];

const { auth, connack, disconnect, puback, pubcomp, pubrec, pubrel, suback, unsuback } = PacketType;

/** The codes that packets may carry, in hexadecimal (section 2.4). */
const table: readonly (readonly [packets: readonly PacketType[], codes: string])[] = [
  [[connack], '00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f'],
  [[puback, pubrec], '00 10 80 83 87 90 91 97 99'],
  [[pubrel, pubcomp], '00 92'],
  [[suback], '00 01 02 80 83 87 8f 91 97 9e a1 a2'],
  [[unsuback], '00 11 80 83 87 8f 91'],
  [[disconnect], '00 04 80 81 82 83 87 89 8b 8c 8d 8e 8f 90'],
  [[disconnect], '93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2'],
  [[auth], '00 18 19'],
];

/** By code: one bit for each packet type that may carry it. */
const packetsOf = new Uint16Array(256);
for (const [packets, codes] of table) {
  for (const code of codes.split(' ')) {
    for (const type of packets) packetsOf[Number.parseInt(code, 16)] |= 1 << type;
  }
}

/**
 * Whether the specification lets a packet of `type` carry `code`. False for any packet type
 * without a reason code.
 */
export function isReasonCodeOf(type: PacketType, code: number): boolean {
  return ((packetsOf[code] >> type) & 1) === 1;
}
