/** A message as JSON: in a form of our own, and in Mosquitto's. */
import type { Message } from '@godwit/client';
import { localTime } from './strftime.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * For `-o json`: everything there is. Bytes that are no UTF-8 text are in base64, under a name that
 * says so.
 */
export function messageObject(message: Message, wallMs: number): object {
  const { topic, qos, retain, dup, userProperties, subscriptionIds, correlationData } = message;
  return {
    timestamp: new Date(wallMs).toISOString(),
    topic,
    qos,
    retain,
    dup,
    ...textOrBase64('payload', message.payload),
    properties: {
      payloadFormatIndicator: message.payloadFormatIndicator,
      messageExpiryInterval: expirySeconds(message),
      contentType: message.contentType,
      responseTopic: message.responseTopic,
      ...(correlationData && textOrBase64('correlationData', correlationData)),
      userProperties: userProperties.length > 0 ? userProperties : undefined,
      subscriptionIdentifiers: subscriptionIds.length > 0 ? subscriptionIds : undefined,
    },
  };
}

/**
 * For `%j` and `%J`: what Mosquitto prints. A user property whose name recurs has its last value.
 *
 * @param isPayloadJson the payload is not a text, but the JSON that it holds
 * @throws SyntaxError when it holds none
 */
export function mosquittoObject(message: Message, wallMs: number, isPayloadJson: boolean): object {
  const { topic, qos, retain, payload } = message;
  const text = message.text();
  return {
    tst: localTime('%Y-%m-%dT%H:%M:%S.%N%z', wallMs).replace(/0{3}(?=[+-])/, ''),
    topic,
    qos,
    retain: retain ? 1 : 0,
    payloadlen: payload.length,
    properties: mosquittoProperties(message),
    payload: payload.length === 0 ? null : isPayloadJson ? JSON.parse(text) : text,
  };
}

function mosquittoProperties(message: Message): object | undefined {
  const { correlationData, userProperties, subscriptionIds } = message;
  const [subscriptionId] = subscriptionIds;
  const properties = {
    'content-type': message.contentType,
    'correlation-data': correlationData && new TextDecoder().decode(correlationData),
    'payload-format-indicator': message.payloadFormatIndicator,
    'response-topic': message.responseTopic,
    'subscription-identifier': subscriptionId,
    'user-properties': userProperties.length > 0 ? Object.fromEntries(userProperties) : undefined,
    'message-expiry-interval': expirySeconds(message),
  };
  return Object.values(properties).some(value => value !== undefined) ? properties : undefined;
}

/** What is left of the message's lifetime, in the unit of the wire. */
export function expirySeconds({ expiryMs }: Message): number | undefined {
  return expiryMs === undefined ? undefined : expiryMs / 1000;
}

function textOrBase64(name: string, bytes: Uint8Array): Record<string, string> {
  try {
    return { [name]: strictUtf8.decode(bytes) };
  } catch {
    return { [`${name}Base64`]: Buffer.from(bytes).toString('base64') };
  }
}
