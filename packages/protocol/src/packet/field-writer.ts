/**
 * Measures and writes the data types of section 1.5. A packet is measured first, which checks
 * every value; then it is allocated once and written without further checks.
 */
import { utf8Length, writeUtf8 } from './utf8.ts';

/** The largest Remaining Length and the largest variable byte integer. */
export const maximumRemainingLength = 268_435_455;

/** The largest packet that the protocol has a length for, in bytes. */
export const protocolMaximumPacketSize: number = 5 + maximumRemainingLength;

/** @throws RangeError unless `value` is an integer from `minimum` to `maximum` */
export function checkInteger(value: number, minimum: number, maximum: number, name: string): void {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new RangeError(`${name} is ${value}, must be an integer from ${minimum} to ${maximum}`);
  }
}

/** @throws RangeError unless `packetId` is an integer from 1 to 65,535 */
export function checkPacketId(packetId: number): void {
  checkInteger(packetId, 1, 0xffff, 'packetId');
}

/** Bytes that a UTF-8 Encoded String takes, its length included. */
export function stringLength(value: string): number {
  return 2 + utf8Length(value);
}

/** Bytes that Binary Data takes, its length included. */
export function binaryLength(value: Uint8Array): number {
  if (value.length > 0xffff) {
    throw new RangeError(`binary data has ${value.length} bytes, must be at most 65535`);
  }
  return 2 + value.length;
}

/** Bytes that a Variable Byte Integer takes. */
export function variableByteIntegerLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}

/** Bytes of a whole packet whose body (all after Remaining Length) has `bodyLength`. */
export function packetLength(bodyLength: number): number {
  return 1 + variableByteIntegerLength(bodyLength) + bodyLength;
}

/**
 * A packet with its fixed header written; the body begins at `length - bodyLength`.
 * @returns null when the packet would be larger than the protocol or its receiver allows
 */
export function allocatePacket(
  header: number,
  bodyLength: number,
  maximumPacketSize: number,
): Uint8Array | null {
  const length = packetLength(bodyLength);
  if (bodyLength > maximumRemainingLength || length > maximumPacketSize) return null;
  const packet = allocate(length);
  packet[0] = header;
  writeVariableByteInteger(packet, 1, bodyLength);
  return packet;
}

/** Memory that packets are cut from: a buffer of its own costs more than to fill it. */
const slabBytes = 8192;
/** A larger packet gets a buffer of its own. */
const slabPacketBytes = 1024;
let slab = new Uint8Array(slabBytes);
let slabUsed = 0;

function allocate(length: number): Uint8Array {
  if (length > slabPacketBytes) return new Uint8Array(length);
  if (slabUsed + length > slabBytes) {
    slab = new Uint8Array(slabBytes);
    slabUsed = 0;
  }
  const start = slabUsed;
  slabUsed += length;
  return slab.subarray(start, slabUsed);
}

/** Writes two bytes, most significant first; returns the offset after them. */
export function writeUint16(into: Uint8Array, at: number, value: number): number {
  into[at] = value >> 8;
  into[at + 1] = value;
  return at + 2;
}

/** Writes four bytes, most significant first; returns the offset after them. */
export function writeUint32(into: Uint8Array, at: number, value: number): number {
  into[at] = value >> 24;
  into[at + 1] = value >> 16;
  into[at + 2] = value >> 8;
  into[at + 3] = value;
  return at + 4;
}

/** Writes the shortest form of 0 to 268,435,455; returns the offset after it. */
export function writeVariableByteInteger(into: Uint8Array, at: number, value: number): number {
  let position = at;
  let rest = value;
  while (rest > 0x7f) {
    into[position] = (rest & 0x7f) | 0x80;
    rest >>= 7;
    position += 1;
  }
  into[position] = rest;
  return position + 1;
}

/** Writes a UTF-8 Encoded String that was measured; returns the offset after it. */
export function writeString(into: Uint8Array, at: number, value: string): number {
  const after = writeUtf8(into, at + 2, value);
  writeUint16(into, at, after - at - 2);
  return after;
}

/** Writes Binary Data that was measured; returns the offset after it. */
export function writeBinary(into: Uint8Array, at: number, value: Uint8Array): number {
  writeUint16(into, at, value.length);
  into.set(value, at + 2);
  return at + 2 + value.length;
}
