/** The properties of a message as MQTT.js writes them, and as they are written here. */
import type { PublishProperties } from '@godwit/protocol';
import type { PublishInit, UserProperties } from '../options.ts';

export interface MqttJsProperties {
  payloadFormatIndicator?: boolean;
  /** Seconds. */
  messageExpiryInterval?: number;
  responseTopic?: string;
  correlationData?: Uint8Array;
  userProperties?: Readonly<Record<string, string | readonly string[]>>;
  contentType?: string;
  /** Of received messages only. */
  subscriptionIdentifier?: number | readonly number[];
}

export function publishInit(properties: MqttJsProperties = {}): PublishInit {
  const { messageExpiryInterval: expiry, payloadFormatIndicator: isText } = properties;
  return {
    payloadFormatIndicator: isText === undefined ? undefined : isText ? 1 : 0,
    expiryMs: expiry === undefined ? undefined : expiry * 1000,
    responseTopic: properties.responseTopic,
    correlationData: properties.correlationData,
    contentType: properties.contentType,
    userProperties: userProperties(properties.userProperties),
  };
}

function userProperties(byName: MqttJsProperties['userProperties']): UserProperties | undefined {
  if (byName === undefined) return undefined;
  return Object.entries(byName).flatMap(([name, values]) =>
    [values].flat().map(value => [name, String(value)] as const),
  );
}

/** Of a received message; undefined when it has none. */
export function mqttJsProperties(properties: PublishProperties): MqttJsProperties | undefined {
  const { userProperties = [], subscriptionIdentifiers = [], ...rest } = properties;
  const { payloadFormatIndicator, correlationData, topicAlias: _, ...plain } = rest;
  const found: MqttJsProperties = { ...plain };
  if (payloadFormatIndicator !== undefined) {
    found.payloadFormatIndicator = payloadFormatIndicator === 1;
  }
  if (correlationData !== undefined) found.correlationData = Buffer.from(correlationData);
  if (subscriptionIdentifiers.length > 0) {
    const [first, ...others] = subscriptionIdentifiers;
    found.subscriptionIdentifier = others.length > 0 ? subscriptionIdentifiers : first;
  }
  if (userProperties.length > 0) found.userProperties = named(userProperties);
  return Object.keys(found).length > 0 ? found : undefined;
}

function named(userProperties: UserProperties): Record<string, string | readonly string[]> {
  const byName = new Map<string, string | string[]>();
  for (const [name, value] of userProperties) {
    const there = byName.get(name);
    byName.set(name, there === undefined ? value : [there, value].flat());
  }
  return Object.fromEntries(byName);
}
