/** The 27 properties of MQTT 5.0: their values here, their encoding and rules from one table. */

/** A name and a value; order is kept and a name may recur. */
export type UserProperty = readonly [name: string, value: string];

/** Every property, by the specification's name. Which may stand where: see the packets. */
export interface Properties {
  payloadFormatIndicator?: 0 | 1;
  /** Seconds. */
  messageExpiryInterval?: number;
  contentType?: string;
  responseTopic?: string;
  correlationData?: Uint8Array;
  /** 1 to 268,435,455 each; one in SUBSCRIBE, any number in a PUBLISH from the server. */
  subscriptionIdentifiers?: readonly number[];
  /** Seconds; 0xFFFFFFFF never expires. */
  sessionExpiryInterval?: number;
  assignedClientIdentifier?: string;
  /** Seconds. */
  serverKeepAlive?: number;
  authenticationMethod?: string;
  authenticationData?: Uint8Array;
  requestProblemInformation?: boolean;
  /** Seconds. */
  willDelayInterval?: number;
  requestResponseInformation?: boolean;
  responseInformation?: string;
  serverReference?: string;
  reasonString?: string;
  /** 1 to 65,535. */
  receiveMaximum?: number;
  topicAliasMaximum?: number;
  /** 1 to 65,535. */
  topicAlias?: number;
  maximumQoS?: 0 | 1;
  retainAvailable?: boolean;
  userProperties?: readonly UserProperty[];
  /** Bytes, 1 to 4,294,967,295. */
  maximumPacketSize?: number;
  wildcardSubscriptionAvailable?: boolean;
  subscriptionIdentifierAvailable?: boolean;
  sharedSubscriptionAvailable?: boolean;
}
