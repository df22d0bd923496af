/** What a topic name may look like, as text and as bytes. */
import { ProtocolError } from '../packet/protocol-error.ts';
import { ReasonCode } from '../packet/reason-code.ts';
import { containsWildcard, emptyTopicName } from '../packet/topic-field.ts';
import { utf8Length, validateUtf8 } from '../packet/utf8.ts';

/**
 * Whether `topic` is a valid topic name: 1 to 65,535 bytes of UTF-8 without U+0000, lone
 * surrogates, '+' and '#'.
 */
export function isValidTopicName(topic: string): boolean {
  // [MQTT-4.7.0-1]
  return isValidTopicText(topic) && !topic.includes('+') && !topic.includes('#');
}

/** What holds for topic names and filters alike. [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3] */
export function isValidTopicText(text: string): boolean {
  if (text === '') return false;
  try {
    utf8Length(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Checks the topic name `bytes[start..end)` without decoding it. Allocates nothing.
 * @throws ProtocolError 0x90 when it is empty or has a wildcard, 0x81 when it is no valid UTF-8
 *   or holds U+0000
 */
export function validateTopicName(bytes: Uint8Array, start: number, end: number): void {
  if (start === end) throw emptyTopicName();
  if (!validateUtf8(bytes, start, end)) {
    throw new ProtocolError(ReasonCode.malformedPacket, 'topic name is not valid UTF-8');
  }
  if (containsWildcard(bytes, start, end)) {
    throw new ProtocolError(ReasonCode.topicNameInvalid, 'topic name has a wildcard');
  }
}
