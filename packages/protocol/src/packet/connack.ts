/** CONNACK: the server's answer to CONNECT. */
import type { PacketType } from './packet-type.ts';
import type { Properties } from './property.ts';

export type ConnackProperties = Pick<
  Properties,
  | 'sessionExpiryInterval'
  | 'receiveMaximum'
  | 'maximumQoS'
  | 'retainAvailable'
  | 'maximumPacketSize'
  | 'assignedClientIdentifier'
  | 'topicAliasMaximum'
  | 'reasonString'
  | 'userProperties'
  | 'wildcardSubscriptionAvailable'
  | 'subscriptionIdentifierAvailable'
  | 'sharedSubscriptionAvailable'
  | 'serverKeepAlive'
  | 'responseInformation'
  | 'serverReference'
  | 'authenticationMethod'
  | 'authenticationData'
>;

export interface ConnackPacket {
  type: typeof PacketType.connack;
  sessionPresent: boolean;
  /** A reason code of 5.0; 3.x return codes are translated both ways. */
  reasonCode: number;
  properties?: ConnackProperties;
}
