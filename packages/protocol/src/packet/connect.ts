/** CONNECT: the client opens a session. */
import type { PacketType, ProtocolVersion, QoS } from './packet-type.ts';
import type { Properties } from './property.ts';

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
  topic: string;
  payload: Uint8Array;
  qos: QoS;
  retain: boolean;
  properties?: WillProperties;
}

export interface ConnectPacket {
  type: typeof PacketType.connect;
  protocolVersion: ProtocolVersion;
  /** Clean Start (5.0) or Clean Session (3.x). */
  cleanStart: boolean;
  /** Seconds, 0 to 65,535; 0 turns it off. */
  keepAlive: number;
  clientId: string;
  username?: string;
  password?: Uint8Array;
  will?: Will;
  properties?: ConnectProperties;
}
