/** What the packet tests share: annotated bytes, and packets compared with them both ways. */
import assert from 'node:assert/strict';
import { FrameReader } from '../frame.ts';
import { decodePacket, encodePacket, type Packet } from '../packet.ts';
import type { ProtocolVersion } from '../packet-type.ts';
import { ProtocolError } from '../protocol-error.ts';

/**
 * Bytes as the specification draws them: one field a line, hexadecimal or 'text', then `;` and
 * what it is.
 *
 * ```ts
 * wire(`
 *   c0     ; PINGREQ
 *   00     ; Remaining Length
 * `);
 * ```
 */
export function wire(drawing: string): Uint8Array {
  const bytes: number[] = [];
  for (const line of drawing.split('\n')) {
    const field = line.split(';')[0];
    for (const [, text, hex] of field.matchAll(/'([^']*)'|([^\s']+)/g)) {
      if (text !== undefined) bytes.push(...new TextEncoder().encode(text));
      else bytes.push(...hexBytes(hex));
    }
  }
  return Uint8Array.from(bytes);
}

function hexBytes(hex: string): number[] {
  assert.match(hex, /^([0-9a-f]{2})+$/, `not hexadecimal: ${hex}`);
  return (hex.match(/../g) ?? []).map(pair => Number.parseInt(pair, 16));
}

/** A packet with the body drawn, its Remaining Length (below 128) put before. */
export function framed(header: number, body: string): Uint8Array {
  const bytes = wire(body);
  assert.ok(bytes.length < 128);
  return Uint8Array.of(header, bytes.length, ...bytes);
}

/** Decodes exactly one packet, as a connection would. */
export function decode(bytes: Uint8Array, version: ProtocolVersion): Packet {
  const reader = new FrameReader(1_000_000);
  reader.version = version;
  reader.push(bytes);
  assert.ok(reader.next(), 'the bytes are not a whole packet');
  assert.equal(reader.end, bytes.length, 'the bytes are more than a packet');
  return decodePacket(reader.bytes, reader.header, reader.bodyStart, reader.end, version);
}

/** The bytes mean the packet, and the packet is written as these bytes. */
export function assertSame(bytes: Uint8Array, packet: Packet, version: ProtocolVersion): void {
  assert.deepStrictEqual(decode(bytes, version), packet);
  assert.deepStrictEqual(encodePacket(packet, version), bytes);
}

/** The bytes are refused with this reason code, whatever stands around them. */
export function assertRejected(
  bytes: Uint8Array,
  version: ProtocolVersion,
  reasonCode: number,
): void {
  assert.throws(
    () => decode(bytes, version),
    error => {
      assert.ok(error instanceof ProtocolError, String(error));
      assert.equal(hexOf(error.reasonCode), hexOf(reasonCode), error.message);
      return true;
    },
  );
}

function hexOf(code: number): string {
  return `0x${code.toString(16)}`;
}
