/** Topic names as fields of a packet: PUBLISH, the will, Response Topic. Filters are not here. */
import type { FieldReader } from './field-reader.ts';
import { stringLength } from './field-writer.ts';
import { ProtocolError } from './protocol-error.ts';
import { ReasonCode } from './reason-code.ts';

const plus = 0x2b;
const hash = 0x23;

/** Whether `bytes[start..end)` holds `+` or `#`. */
export function containsWildcard(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at];
    if (byte === plus || byte === hash) return true;
  }
  return false;
}

/**
 * Reads a topic name, which may be empty: whether that is allowed depends on the packet.
 * @throws ProtocolError 0x90 when it has a wildcard
 */
export function readTopicName(reader: FieldReader): string {
  const start = reader.at;
  const topic = reader.readString();
  // [MQTT-3.3.2-2] [MQTT-4.7.0-1] [MQTT-4.7.1-1]
  if (containsWildcard(reader.bytes, start + 2, reader.at)) {
    throw new ProtocolError(ReasonCode.topicNameInvalid, 'topic name has a wildcard');
  }
  return topic;
}

/** [MQTT-4.7.3-1] a topic name has at least one character. */
export function emptyTopicName(): ProtocolError {
  return new ProtocolError(ReasonCode.topicNameInvalid, 'topic name is empty');
}

/**
 * Bytes that a topic name takes, its length included.
 * @throws RangeError when it has a wildcard, or is empty and may not be
 */
export function topicNameLength(topic: string, mayBeEmpty: boolean): number {
  if (topic === '' && !mayBeEmpty) throw new RangeError('a topic name is empty');
  if (topic.includes('+') || topic.includes('#')) {
    throw new RangeError('a topic name has a wildcard');
  }
  return stringLength(topic);
}
