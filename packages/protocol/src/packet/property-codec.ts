/** Blocks of properties ⇄ objects, by the table of properties. */
import type { FieldReader } from './field-reader.ts';
import {
  binaryLength,
  checkInteger,
  maximumRemainingLength,
  packetLength,
  stringLength,
  variableByteIntegerLength,
  writeBinary,
  writeString,
  writeUint16,
  writeUint32,
  writeVariableByteInteger,
} from './field-writer.ts';
import {
  isPropertyOf,
  isRepeatable,
  type Properties,
  type PropertyContext,
  type PropertyRule,
  ruleOfId,
  ruleOfName,
  type UserProperty,
  WireType,
} from './property.ts';
import { scanProperties } from './property-scan.ts';
import { malformedPacket } from './protocol-error.ts';
import { topicNameLength } from './topic-field.ts';

/**
 * Reads a Property Length and the properties it announces.
 * @returns undefined when there are none
 * @throws ProtocolError as {@link scanProperties} does
 */
export function readProperties(
  reader: FieldReader,
  context: PropertyContext,
): Properties | undefined {
  const length = reader.readVariableByteInteger();
  if (length === 0) return undefined;
  const end = reader.at + length;
  if (end > reader.end) throw malformedPacket('properties are longer than their packet');
  scanProperties(reader.bytes, reader.at, end, context);
  const properties: Record<string, unknown> = {};
  while (reader.at < end) {
    const rule = ruleOfId[reader.readByte()] as PropertyRule;
    const value = readValue(reader, rule);
    if (rule.type === WireType.stringPair || rule.type === WireType.variable) {
      const values = properties[rule.name];
      if (values === undefined) properties[rule.name] = [value];
      else (values as unknown[]).push(value);
    } else {
      properties[rule.name] = value;
    }
  }
  return properties;
}

function readValue(reader: FieldReader, rule: PropertyRule): unknown {
  switch (rule.type) {
    case WireType.bit:
      return reader.readByte();
    case WireType.flag:
      return reader.readByte() === 1;
    case WireType.uint16:
      return reader.readUint16();
    case WireType.uint32:
      return reader.readUint32();
    case WireType.variable:
      return reader.readVariableByteInteger();
    case WireType.string:
    case WireType.topicName:
      return reader.readString();
    case WireType.stringPair:
      return [reader.readString(), reader.readString()];
    case WireType.binary:
      return reader.readBinary();
  }
}

/**
 * Bytes that the properties take without their length; 0 for none.
 * @throws RangeError for a property that may not stand here or whose value is out of range
 */
export function propertiesLength(
  properties: Properties | undefined,
  context: PropertyContext,
): number {
  if (properties === undefined) return 0;
  let length = 0;
  for (const name in properties) {
    const value = properties[name as keyof Properties];
    if (value === undefined) continue;
    const rule = ruleOfName.get(name);
    if (rule === undefined || !isPropertyOf(context, rule.id)) {
      throw new RangeError(`property ${name} may not stand in this packet`);
    }
    length += valueLength(rule, value, context);
  }
  if (
    properties.authenticationData !== undefined &&
    properties.authenticationMethod === undefined
  ) {
    throw new RangeError('authenticationData stands without authenticationMethod');
  }
  return length;
}

/** Bytes of one property, its identifier included; of all its occurrences when it is a list. */
function valueLength(rule: PropertyRule, value: unknown, context: PropertyContext): number {
  const minimum = rule.zero === undefined ? 0 : 1;
  switch (rule.type) {
    case WireType.bit:
      checkInteger(value as number, 0, 1, rule.name);
      return 2;
    case WireType.flag:
      return 2;
    case WireType.uint16:
      checkInteger(value as number, minimum, 0xffff, rule.name);
      return 3;
    case WireType.uint32:
      checkInteger(value as number, minimum, 0xffff_ffff, rule.name);
      return 5;
    case WireType.variable:
      return variablesLength(rule, value as readonly number[], context);
    case WireType.string:
      return 1 + stringLength(value as string);
    case WireType.topicName:
      return 1 + topicNameLength(value as string, false);
    case WireType.stringPair:
      return pairsLength(value as readonly UserProperty[]);
    case WireType.binary:
      return 1 + binaryLength(value as Uint8Array);
  }
}

function variablesLength(
  rule: PropertyRule,
  values: readonly number[],
  context: PropertyContext,
): number {
  if (values.length > 1 && !isRepeatable(context, rule.id)) {
    throw new RangeError(`${rule.name} has ${values.length} values, must have one here`);
  }
  let length = 0;
  for (const value of values) {
    checkInteger(value, 1, maximumRemainingLength, rule.name);
    length += 1 + variableByteIntegerLength(value);
  }
  return length;
}

function pairsLength(pairs: readonly UserProperty[]): number {
  let length = 0;
  for (const [name, value] of pairs) length += 1 + stringLength(name) + stringLength(value);
  return length;
}

/** Bytes that the properties take with their length in front. */
export function propertyBlockLength(length: number): number {
  return variableByteIntegerLength(length) + length;
}

/**
 * Leaves out Reason String, then also User Properties, as far as needed.
 *
 * @param otherBytes of the packet's body beside its properties
 * @returns what may be sent; the caller's own object when nothing was left out
 */
export function trimProperties(
  properties: Properties | undefined,
  context: PropertyContext,
  otherBytes: number,
  maximumPacketSize: number,
): Properties | undefined {
  if (properties === undefined || fits(properties, context, otherBytes, maximumPacketSize)) {
    return properties;
  }
  // [MQTT-3.2.2-19] [MQTT-3.2.2-20] [MQTT-3.4.2-2] [MQTT-3.4.2-3] and their like
  const unexplained: Properties = { ...properties, reasonString: undefined };
  if (fits(unexplained, context, otherBytes, maximumPacketSize)) return unexplained;
  return { ...unexplained, userProperties: undefined };
}

function fits(
  properties: Properties,
  context: PropertyContext,
  otherBytes: number,
  maximumPacketSize: number,
): boolean {
  const length = propertyBlockLength(propertiesLength(properties, context));
  return packetLength(otherBytes + length) <= maximumPacketSize;
}

/** Writes properties that were measured, with their length; returns the offset after them. */
export function writeProperties(
  into: Uint8Array,
  at: number,
  properties: Properties | undefined,
  length: number,
): number {
  let position = writeVariableByteInteger(into, at, length);
  if (properties === undefined) return position;
  for (const name in properties) {
    const value = properties[name as keyof Properties];
    if (value === undefined) continue;
    position = writeProperty(into, position, ruleOfName.get(name) as PropertyRule, value);
  }
  return position;
}

/** Writes a property with its identifier, as often as it has values. */
function writeProperty(into: Uint8Array, at: number, rule: PropertyRule, value: unknown): number {
  switch (rule.type) {
    case WireType.variable:
      return writeVariables(into, at, rule.id, value as readonly number[]);
    case WireType.stringPair:
      return writePairs(into, at, rule.id, value as readonly UserProperty[]);
    default:
      into[at] = rule.id;
      return writeValue(into, at + 1, rule.type, value);
  }
}

function writeValue(
  into: Uint8Array,
  at: number,
  type: Exclude<WireType, typeof WireType.variable | typeof WireType.stringPair>,
  value: unknown,
): number {
  switch (type) {
    case WireType.bit:
    case WireType.flag:
      into[at] = Number(value);
      return at + 1;
    case WireType.uint16:
      return writeUint16(into, at, value as number);
    case WireType.uint32:
      return writeUint32(into, at, value as number);
    case WireType.string:
    case WireType.topicName:
      return writeString(into, at, value as string);
    case WireType.binary:
      return writeBinary(into, at, value as Uint8Array);
  }
}

function writeVariables(
  into: Uint8Array,
  at: number,
  id: number,
  values: readonly number[],
): number {
  let position = at;
  for (const value of values) {
    into[position] = id;
    position = writeVariableByteInteger(into, position + 1, value);
  }
  return position;
}

function writePairs(
  into: Uint8Array,
  at: number,
  id: number,
  pairs: readonly UserProperty[],
): number {
  let position = at;
  for (const [name, value] of pairs) {
    into[position] = id;
    position = writeString(into, position + 1, name);
    position = writeString(into, position, value);
  }
  return position;
}
