/**
 * Checks a block of properties against the table, without decoding and without allocating. All
 * rules about received properties are here; what passed may be decoded without further checks.
 */
import { lengthPrefixedEnd, stringEnd, truncated, variableByteIntegerEnd } from './field-reader.ts';
import {
  isPropertyOf,
  isRepeatable,
  type PropertyContext,
  type PropertyRule,
  propertyRules,
  ruleOfId,
  WireType,
} from './property.ts';
import { malformedPacket, ProtocolError, protocolViolation } from './protocol-error.ts';
import { containsWildcard } from './topic-field.ts';

/** Each property's place in the table, so that a bit of an int32 tells whether it was seen. */
const ordinalOf = new Uint8Array(256);
propertyRules.forEach((rule, ordinal) => {
  ordinalOf[rule.id] = ordinal;
});

const authenticationMethod = 1 << ordinalOf[0x15];
const authenticationData = 1 << ordinalOf[0x16];

/**
 * Checks the properties in `bytes[start..end)`, their length not included.
 *
 * Rules that depend on the sender are the caller's: a client's PUBLISH has no Subscription
 * Identifier [MQTT-3.3.4-6], a client's DISCONNECT no Server Reference, a server's DISCONNECT no
 * Session Expiry Interval [MQTT-3.14.2-2].
 *
 * @throws ProtocolError 0x81 for an identifier that is unknown or not of this packet (section
 *   2.2.2.2) and for ill-formed values; 0x82 for a second one of what may stand once, for a value
 *   out of range, and for Authentication Data without Method; 0x94 for Topic Alias 0
 */
export function scanProperties(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: PropertyContext,
): void {
  let seen = 0;
  let at = start;
  while (at < end) {
    // an identifier is a variable byte integer, but none is above 127
    const id = bytes[at];
    if (!isPropertyOf(context, id)) throw malformedPacket('property is not one of this packet');
    const bit = 1 << ordinalOf[id];
    if ((seen & bit) !== 0 && !isRepeatable(context, id)) {
      throw protocolViolation('property stands twice in a packet that may have one');
    }
    seen |= bit;
    at = scanValue(bytes, at + 1, end, ruleOfId[id] as PropertyRule);
  }
  if ((seen & authenticationData) !== 0 && (seen & authenticationMethod) === 0) {
    throw protocolViolation('authenticationData stands without authenticationMethod');
  }
}

/** Checks one value; returns the offset after it. */
function scanValue(bytes: Uint8Array, at: number, end: number, rule: PropertyRule): number {
  switch (rule.type) {
    case WireType.bit:
    case WireType.flag:
      if (at >= end) throw truncated();
      if (bytes[at] > 1) throw protocolViolation(`${rule.name} is neither 0 nor 1`);
      return at + 1;
    case WireType.uint16:
      return scanInteger(bytes, at, at + 2, end, rule);
    case WireType.uint32:
      return scanInteger(bytes, at, at + 4, end, rule);
    case WireType.variable:
      return scanInteger(bytes, at, variableByteIntegerEnd(bytes, at, end), end, rule);
    case WireType.string:
      return stringEnd(bytes, at, end);
    case WireType.topicName:
      return scanTopicName(bytes, at, end, rule);
    case WireType.stringPair:
      return stringEnd(bytes, stringEnd(bytes, at, end), end);
    case WireType.binary:
      return lengthPrefixedEnd(bytes, at, end);
  }
}

function scanInteger(
  bytes: Uint8Array,
  at: number,
  after: number,
  end: number,
  rule: PropertyRule,
): number {
  if (after > end) throw truncated();
  if (rule.zero !== undefined) {
    let bits = 0;
    for (let index = at; index < after; index += 1) bits |= bytes[index];
    if (bits === 0) throw new ProtocolError(rule.zero, `${rule.name} is 0`);
  }
  return after;
}

/** [MQTT-3.3.2-14] [MQTT-4.7.3-1] a Response Topic has no wildcards and is not empty. */
function scanTopicName(bytes: Uint8Array, at: number, end: number, rule: PropertyRule): number {
  const after = stringEnd(bytes, at, end);
  if (after === at + 2 || containsWildcard(bytes, at + 2, after)) {
    throw protocolViolation(`${rule.name} is empty or has a wildcard`);
  }
  return after;
}
