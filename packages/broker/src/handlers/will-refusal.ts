/** Which wills a broker does not take: the same that it would not take as a PUBLISH. */
import { isUtf8 } from 'node:buffer';
import { ReasonCode, type Will } from '@godwit/protocol';
import type { Context } from '../context.ts';

/** The reason code to refuse a CONNECT with this will with, 0 for none. */
export function willRefusal(will: Will, context: Context): number {
  const { limits, features, checkPayloadFormat } = context;
  // [MQTT-3.2.2-12]
  if (will.qos > limits.maximumQoS) return ReasonCode.qosNotSupported;
  // [MQTT-3.2.2-13]
  if (will.retain && !features.retain) return ReasonCode.retainNotSupported;
  if (Buffer.byteLength(will.topic) > limits.topicBytesMax) return ReasonCode.topicNameInvalid;
  const delaySeconds = will.properties?.willDelayInterval ?? 0;
  if (delaySeconds > limits.willDelayMaxSeconds) return ReasonCode.quotaExceeded;
  if (will.topic.split('/').length > limits.topicLevelsMax) return ReasonCode.topicNameInvalid;
  const isText = checkPayloadFormat && will.properties?.payloadFormatIndicator === 1;
  return isText && !isUtf8(will.payload) ? ReasonCode.payloadFormatInvalid : 0;
}
