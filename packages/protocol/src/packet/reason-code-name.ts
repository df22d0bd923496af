/** The reason codes of MQTT 5.0 by the specification's names, for people. */
import { PacketType } from './packet-type.ts';
import { ReasonCode } from './reason-code.ts';

/** Each code's name; and, where several share a value, the packet in which it has this one. */
const names: readonly (readonly [code: ReasonCode, name: string, packet?: PacketType])[] = [
  [ReasonCode.success, 'Success'],
  [ReasonCode.normalDisconnection, 'Normal disconnection', PacketType.disconnect],
  [ReasonCode.grantedQoS0, 'Granted QoS 0', PacketType.suback],
  [ReasonCode.grantedQoS1, 'Granted QoS 1'],
  [ReasonCode.grantedQoS2, 'Granted QoS 2'],
  [ReasonCode.disconnectWithWillMessage, 'Disconnect with Will Message'],
  [ReasonCode.noMatchingSubscribers, 'No matching subscribers'],
  [ReasonCode.noSubscriptionExisted, 'No subscription existed'],
  [ReasonCode.continueAuthentication, 'Continue authentication'],
  [ReasonCode.reAuthenticate, 'Re-authenticate'],
  [ReasonCode.unspecifiedError, 'Unspecified error'],
  [ReasonCode.malformedPacket, 'Malformed Packet'],
  [ReasonCode.protocolError, 'Protocol Error'],
  [ReasonCode.implementationSpecificError, 'Implementation specific error'],
  [ReasonCode.unsupportedProtocolVersion, 'Unsupported Protocol Version'],
  [ReasonCode.clientIdentifierNotValid, 'Client Identifier not valid'],
  [ReasonCode.badUserNameOrPassword, 'Bad User Name or Password'],
  [ReasonCode.notAuthorized, 'Not authorized'],
  [ReasonCode.serverUnavailable, 'Server unavailable'],
  [ReasonCode.serverBusy, 'Server busy'],
  [ReasonCode.banned, 'Banned'],
  [ReasonCode.serverShuttingDown, 'Server shutting down'],
  [ReasonCode.badAuthenticationMethod, 'Bad authentication method'],
  [ReasonCode.keepAliveTimeout, 'Keep Alive timeout'],
  [ReasonCode.sessionTakenOver, 'Session taken over'],
  [ReasonCode.topicFilterInvalid, 'Topic Filter invalid'],
  [ReasonCode.topicNameInvalid, 'Topic Name invalid'],
  [ReasonCode.packetIdentifierInUse, 'Packet Identifier in use'],
  [ReasonCode.packetIdentifierNotFound, 'Packet Identifier not found'],
  [ReasonCode.receiveMaximumExceeded, 'Receive Maximum exceeded'],
  [ReasonCode.topicAliasInvalid, 'Topic Alias invalid'],
  [ReasonCode.packetTooLarge, 'Packet too large'],
  [ReasonCode.messageRateTooHigh, 'Message rate too high'],
  [ReasonCode.quotaExceeded, 'Quota exceeded'],
  [ReasonCode.administrativeAction, 'Administrative action'],
  [ReasonCode.payloadFormatInvalid, 'Payload format invalid'],
  [ReasonCode.retainNotSupported, 'Retain not supported'],
  [ReasonCode.qosNotSupported, 'QoS not supported'],
  [ReasonCode.useAnotherServer, 'Use another server'],
  [ReasonCode.serverMoved, 'Server moved'],
  [ReasonCode.sharedSubscriptionsNotSupported, 'Shared Subscriptions not supported'],
  [ReasonCode.connectionRateExceeded, 'Connection rate exceeded'],
  [ReasonCode.maximumConnectTime, 'Maximum connect time'],
  [ReasonCode.subscriptionIdentifiersNotSupported, 'Subscription Identifiers not supported'],
  [ReasonCode.wildcardSubscriptionsNotSupported, 'Wildcard Subscriptions not supported'],
];

/**
 * The specification's name of a reason code, for people: `Not authorized`.
 *
 * @param type tells apart what shares a value, as 0x00 does: `Granted QoS 0` in SUBACK, `Normal
 *   disconnection` in DISCONNECT, else `Success`
 * @returns `unknown reason code 0x42` for a code that the specification does not have
 */
export function reasonCodeName(code: number, type?: PacketType): string {
  const known = names.filter(([value]) => value === code);
  const [, name] =
    known.find(([, , packet]) => packet !== undefined && packet === type) ?? known[0] ?? [];
  return name ?? `unknown reason code 0x${code.toString(16).padStart(2, '0')}`;
}
