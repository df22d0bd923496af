/** What CONNACK settled, with the defaults filled in; and what therefore is not to be sent. */
import type { ConnackPacket, ConnectPacket, QoS, SubscribePacket } from '@godwit/protocol';
import { ErrorCode, MqttError } from '../errors.ts';

const neverExpires = 0xffff_ffff;
/** Where the peer names none, and always in 3.x. */
export const receiveMaximumDefault = 65_535;

/** What holds on this connection: the server's CONNACK, with the defaults filled in. */
export interface ServerSettings {
  readonly sessionPresent: boolean;
  /** The client id in use; assigned by the server when none was given. */
  readonly clientId: string;
  /** The keep alive in use, in milliseconds; 0 is none. */
  readonly keepAliveMs: number;
  /** How long the session outlives the connection; Infinity is for ever. 0 in 3.x. */
  readonly sessionExpiryMs: number;
  /** Messages of QoS 1 and 2 that the server lets be in flight. */
  readonly receiveMaximum: number;
  /** Bytes; Infinity when the server named no limit. */
  readonly maximumPacketSize: number;
  readonly maximumQoS: QoS;
  readonly topicAliasMaximum: number;
  readonly retainAvailable: boolean;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly subscriptionIdentifierAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;
  /** The packet itself, with whatever else the server said. */
  readonly connack: Readonly<ConnackPacket>;
}

/** Reads the server's side of the agreement off its answer. */
export function serverSettings(connect: ConnectPacket, connack: ConnackPacket): ServerSettings {
  const { properties = {} } = connack;
  const expiry = properties.sessionExpiryInterval ?? connect.properties?.sessionExpiryInterval ?? 0;
  return {
    sessionPresent: connack.sessionPresent,
    // [MQTT-3.2.2-16] an id that the server assigned is used from now on
    clientId: properties.assignedClientIdentifier ?? connect.clientId,
    // [MQTT-3.1.2-21] the server's keep alive goes before ours
    keepAliveMs: (properties.serverKeepAlive ?? connect.keepAlive) * 1000,
    sessionExpiryMs: expiry === neverExpires ? Number.POSITIVE_INFINITY : expiry * 1000,
    receiveMaximum: properties.receiveMaximum ?? receiveMaximumDefault,
    maximumPacketSize: properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    maximumQoS: properties.maximumQoS ?? 2,
    topicAliasMaximum: properties.topicAliasMaximum ?? 0,
    retainAvailable: properties.retainAvailable ?? true,
    wildcardSubscriptionAvailable: properties.wildcardSubscriptionAvailable ?? true,
    subscriptionIdentifierAvailable: properties.subscriptionIdentifierAvailable ?? true,
    sharedSubscriptionAvailable: properties.sharedSubscriptionAvailable ?? true,
    connack,
  };
}

/** Why the server would refuse this message, or undefined. */
export function publishObstacle(
  server: ServerSettings,
  message: { qos: number; retain: boolean },
): MqttError | undefined {
  // [MQTT-3.2.2-11]
  if (message.qos > server.maximumQoS) {
    return notSupported(`QoS ${message.qos}: the server's highest is ${server.maximumQoS}`);
  }
  // [MQTT-3.2.2-14]
  if (message.retain && !server.retainAvailable) return notSupported('retained messages');
  return undefined;
}

/** Why the server would refuse this SUBSCRIBE, or undefined. */
export function subscribeObstacle(
  server: ServerSettings,
  packet: SubscribePacket,
): MqttError | undefined {
  for (const { filter } of packet.subscriptions) {
    if (filter.startsWith('$share/') && !server.sharedSubscriptionAvailable) {
      return notSupported('shared subscriptions');
    }
    if (/[+#]/.test(filter) && !server.wildcardSubscriptionAvailable) {
      return notSupported('wildcard subscriptions');
    }
  }
  return undefined;
}

function notSupported(what: string): MqttError {
  return new MqttError(ErrorCode.notSupported, `not supported by the server: ${what}`);
}
