/** Subscription Identifiers as the properties of a PUBLISH that go with a message. */
import { variableByteIntegerLength, writeVariableByteInteger } from '@godwit/protocol';

const propertyId = 0x0b;

/** @returns the encoded properties; null for no identifier */
export function encodeIdentifiers(identifiers: readonly number[]): Uint8Array | null {
  if (identifiers.length === 0) return null;
  let length = 0;
  for (const identifier of identifiers) length += 1 + variableByteIntegerLength(identifier);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const identifier of identifiers) {
    bytes[at] = propertyId;
    at = writeVariableByteInteger(bytes, at + 1, identifier);
  }
  return bytes;
}

/** The identifiers in what {@link encodeIdentifiers} gave. */
export function decodeIdentifiers(bytes: Uint8Array | null): number[] {
  const identifiers: number[] = [];
  if (bytes === null) return identifiers;
  for (let at = 0; at < bytes.length; at += 1) {
    let identifier = 0;
    at += 1;
    for (let unit = 1; ; unit *= 128) {
      identifier += (bytes[at] & 127) * unit;
      if (bytes[at] < 128) break;
      at += 1;
    }
    identifiers.push(identifier);
  }
  return identifiers;
}
