/**
 * The reason codes of MQTT 5.0, by the specification's names, and which packets may carry which,
 * from one table.
 */
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

/** Each code's name and the packets it may stand in (section 2.4). */
const table: readonly (readonly [ReasonCode, string, readonly PacketType[]])[] = [
  [ReasonCode.success, 'Success', [connack, puback, pubrec, pubrel, pubcomp, unsuback, auth]],
  [ReasonCode.normalDisconnection, 'Normal disconnection', [disconnect]],
  [ReasonCode.grantedQoS0, 'Granted QoS 0', [suback]],
  [ReasonCode.grantedQoS1, 'Granted QoS 1', [suback]],
  [ReasonCode.grantedQoS2, 'Granted QoS 2', [suback]],
  [ReasonCode.disconnectWithWillMessage, 'Disconnect with Will Message', [disconnect]],
  [ReasonCode.noMatchingSubscribers, 'No matching subscribers', [puback, pubrec]],
  [ReasonCode.noSubscriptionExisted, 'No subscription existed', [unsuback]],
  [ReasonCode.continueAuthentication, 'Continue authentication', [auth]],
  [ReasonCode.reAuthenticate, 'Re-authenticate', [auth]],
  [
    ReasonCode.unspecifiedError,
    'Unspecified error',
    [connack, puback, pubrec, suback, unsuback, disconnect],
  ],
  [ReasonCode.malformedPacket, 'Malformed Packet', [connack, disconnect]],
  [ReasonCode.protocolError, 'Protocol Error', [connack, disconnect]],
  [
    ReasonCode.implementationSpecificError,
    'Implementation specific error',
    [connack, puback, pubrec, suback, unsuback, disconnect],
  ],
  [ReasonCode.unsupportedProtocolVersion, 'Unsupported Protocol Version', [connack]],
  [ReasonCode.clientIdentifierNotValid, 'Client Identifier not valid', [connack]],
  [ReasonCode.badUserNameOrPassword, 'Bad User Name or Password', [connack]],
  [
    ReasonCode.notAuthorized,
    'Not authorized',
    [connack, puback, pubrec, suback, unsuback, disconnect],
  ],
  [ReasonCode.serverUnavailable, 'Server unavailable', [connack]],
  [ReasonCode.serverBusy, 'Server busy', [connack, disconnect]],
  [ReasonCode.banned, 'Banned', [connack]],
  [ReasonCode.serverShuttingDown, 'Server shutting down', [disconnect]],
  [ReasonCode.badAuthenticationMethod, 'Bad authentication method', [connack, disconnect]],
  [ReasonCode.keepAliveTimeout, 'Keep Alive timeout', [disconnect]],
  [ReasonCode.sessionTakenOver, 'Session taken over', [disconnect]],
  [ReasonCode.topicFilterInvalid, 'Topic Filter invalid', [suback, unsuback, disconnect]],
  [ReasonCode.topicNameInvalid, 'Topic Name invalid', [connack, puback, pubrec, disconnect]],
  [
    ReasonCode.packetIdentifierInUse,
    'Packet Identifier in use',
    [puback, pubrec, suback, unsuback],
  ],
  [ReasonCode.packetIdentifierNotFound, 'Packet Identifier not found', [pubrel, pubcomp]],
  [ReasonCode.receiveMaximumExceeded, 'Receive Maximum exceeded', [disconnect]],
  [ReasonCode.topicAliasInvalid, 'Topic Alias invalid', [disconnect]],
  [ReasonCode.packetTooLarge, 'Packet too large', [connack, disconnect]],
  [ReasonCode.messageRateTooHigh, 'Message rate too high', [disconnect]],
  [ReasonCode.quotaExceeded, 'Quota exceeded', [connack, puback, pubrec, suback, disconnect]],
  [ReasonCode.administrativeAction, 'Administrative action', [disconnect]],
  [
    ReasonCode.payloadFormatInvalid,
    'Payload format invalid',
    [connack, puback, pubrec, disconnect],
  ],
  [ReasonCode.retainNotSupported, 'Retain not supported', [connack, disconnect]],
  [ReasonCode.qosNotSupported, 'QoS not supported', [connack, disconnect]],
  [ReasonCode.useAnotherServer, 'Use another server', [connack, disconnect]],
  [ReasonCode.serverMoved, 'Server moved', [connack, disconnect]],
  [
    ReasonCode.sharedSubscriptionsNotSupported,
    'Shared Subscriptions not supported',
    [suback, disconnect],
  ],
  [ReasonCode.connectionRateExceeded, 'Connection rate exceeded', [connack, disconnect]],
  [ReasonCode.maximumConnectTime, 'Maximum connect time', [disconnect]],
  [
    ReasonCode.subscriptionIdentifiersNotSupported,
    'Subscription Identifiers not supported',
    [suback, disconnect],
  ],
  [
    ReasonCode.wildcardSubscriptionsNotSupported,
    'Wildcard Subscriptions not supported',
    [suback, disconnect],
  ],
];

/** By code: one bit for each packet type that may carry it. */
const packetsOf = new Uint16Array(256);
for (const [code, , packets] of table) {
  for (const type of packets) packetsOf[code] |= 1 << type;
}

/**
 * Whether the specification lets a packet of `type` carry `code`. False for any packet type
 * without a reason code.
 */
export function isReasonCodeOf(type: PacketType, code: number): boolean {
  return ((packetsOf[code] >> type) & 1) === 1;
}

/**
 * The specification's name of a reason code, for people: `Not authorized`.
 *
 * @param type tells apart what shares a value, as 0x00 does: `Granted QoS 0` in SUBACK, `Normal
 *   disconnection` in DISCONNECT, else `Success`
 * @returns `unknown reason code 0x42` for a code that the specification does not have
 */
export function reasonCodeName(code: number, type?: PacketType): string {
  let name: string | undefined;
  for (const [known, text, packets] of table) {
    if (known !== code) continue;
    if (type !== undefined && packets.includes(type)) return text;
    name ??= text;
  }
  return name ?? `unknown reason code 0x${code.toString(16).padStart(2, '0')}`;
}
