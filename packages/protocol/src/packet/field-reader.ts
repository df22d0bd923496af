/**
 * Reads the data types of section 1.5 one after the other from the body of a packet. Whatever
 * does not fit or is ill-formed is a malformed packet.
 */
import { malformedPacket, type ProtocolError, protocolViolation } from './protocol-error.ts';
import { decodeUtf8, validateUtf8 } from './utf8.ts';

/** A cursor over `bytes[at..end)`. */
export class FieldReader {
  readonly bytes: Uint8Array;
  /** Offset of the next field. */
  at: number;
  /** Offset after the last field. */
  readonly end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  readByte(): number {
    const at = this.at;
    if (at >= this.end) throw truncated();
    this.at = at + 1;
    return this.bytes[at];
  }

  readUint16(): number {
    const { bytes, at } = this;
    if (at + 2 > this.end) throw truncated();
    this.at = at + 2;
    return (bytes[at] << 8) | bytes[at + 1];
  }

  readUint32(): number {
    const { bytes, at } = this;
    if (at + 4 > this.end) throw truncated();
    this.at = at + 4;
    const value = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    return value >>> 0;
  }

  readVariableByteInteger(): number {
    const { bytes, at } = this;
    const after = variableByteIntegerEnd(bytes, at, this.end);
    let value = 0;
    for (let last = after - 1; last >= at; last -= 1) value = (value << 7) | (bytes[last] & 0x7f);
    this.at = after;
    return value;
  }

  readString(): string {
    const { bytes, at } = this;
    const after = stringEnd(bytes, at, this.end);
    this.at = after;
    return decodeUtf8(bytes, at + 2, after);
  }

  /** A copy, which outlives the bytes it was read from. */
  readBinary(): Uint8Array {
    const { bytes, at } = this;
    const after = lengthPrefixedEnd(bytes, at, this.end);
    this.at = after;
    const copy = new Uint8Array(after - at - 2);
    copy.set(viewOf(bytes, at + 2, after));
    return copy;
  }

  /** A Packet Identifier, which is never 0. */
  readPacketId(): number {
    const packetId = this.readUint16();
    // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-2.3.1-1]
    if (packetId === 0) throw protocolViolation('packet identifier is 0');
    return packetId;
  }

  /** All that is left, as a view of the same memory. */
  readRest(): Uint8Array {
    const start = this.at;
    this.at = this.end;
    return viewOf(this.bytes, start, this.end);
  }

  /** Nothing may follow a packet's last field. */
  expectEnd(): void {
    if (this.at !== this.end) throw malformedPacket('packet is longer than its fields');
  }
}

/** Always a plain Uint8Array, whatever subclass of it a transport hands in. */
function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** The offset after the variable byte integer at `at`. */
export function variableByteIntegerEnd(bytes: Uint8Array, at: number, end: number): number {
  let after = at;
  let byte: number;
  do {
    if (after >= end) throw truncated();
    if (after - at === 4) throw malformedPacket('variable byte integer is over four bytes');
    byte = bytes[after];
    after += 1;
  } while (byte >= 0x80);
  // [MQTT-1.5.5-1] the shortest encoding: the last byte of several is never 0
  if (byte === 0 && after - at > 1) {
    throw malformedPacket('variable byte integer is not in its shortest form');
  }
  return after;
}

/** The offset after the two-byte length at `at` and the bytes it announces. */
export function lengthPrefixedEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 > end) throw truncated();
  const after = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
  if (after > end) throw truncated();
  return after;
}

/** The offset after the UTF-8 Encoded String at `at`, which is checked. */
export function stringEnd(bytes: Uint8Array, at: number, end: number): number {
  const after = lengthPrefixedEnd(bytes, at, end);
  // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.3-1] [MQTT-1.5.3-2]
  if (!validateUtf8(bytes, at + 2, after)) {
    throw malformedPacket('string is not well-formed UTF-8 without U+0000');
  }
  return after;
}

/** The packet or its properties end before a field does. */
export function truncated(): ProtocolError {
  return malformedPacket('packet ends within a field');
}
