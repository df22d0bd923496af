/** Packets byte by byte, for what our codec does not write because it is wrong. */
import type { ProtocolVersion } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';

/** Identifiers of the properties that cases write by hand. */
export const propertyId = {
  payloadFormatIndicator: 0x01,
  contentType: 0x03,
  responseTopic: 0x08,
  sessionExpiryInterval: 0x11,
  authenticationMethod: 0x15,
  authenticationData: 0x16,
  reasonString: 0x1f,
  receiveMaximum: 0x21,
  userProperty: 0x26,
} as const;

/** A whole packet: Remaining Length is counted. */
export function packetBytes(
  firstByte: number,
  ...parts: readonly (string | Iterable<number>)[]
): Uint8Array {
  const body = joined(parts);
  return bytes`${firstByte} ${variableByteInteger(body.length)} ${body}`;
}

/** Property Length and the properties; nothing before 5.0. */
export function propertyBlock(
  version: ProtocolVersion,
  ...properties: readonly Iterable<number>[]
): Uint8Array {
  if (version !== 5) return bytes``;
  const content = joined(properties);
  return bytes`${variableByteInteger(content.length)} ${content}`;
}

/** A string or binary data: its length in two bytes, and itself. */
export function prefixed(content: string | Uint8Array): Uint8Array {
  const own = joined([content]);
  return bytes`${own.length >> 8} ${own.length & 0xff} ${own}`;
}

function variableByteInteger(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...variableByteInteger(value >> 7)];
}

function joined(parts: readonly (string | Iterable<number>)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...bytes`${part}`]));
}
