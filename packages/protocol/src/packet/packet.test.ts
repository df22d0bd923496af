import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frame.ts';
import { decodePacket, encodePacket, type Packet } from './packet.ts';
import { PacketType, type ProtocolVersion } from './packet-type.ts';
import { ProtocolError } from './protocol-error.ts';
import { anyPacket, packetOf, typesOf } from './testing/packet-arbitrary.ts';
import { assertRejected, decode, wire } from './testing/packet-harness.ts';

const versions: ProtocolVersion[] = [3, 4, 5];

function nameOf(type: PacketType): string {
  return Object.keys(PacketType)[type - 1];
}

/** Decodes `bytes[start..end)` as a body; true when it was accepted, false for ProtocolError. */
function accepts(bytes: Uint8Array, end: number, version: ProtocolVersion): boolean {
  const start = bytes[1] < 0x80 ? 2 : bytes[2] < 0x80 ? 3 : 4;
  if (end < start) return false;
  try {
    decodePacket(bytes, bytes[0], start, end, version);
    return true;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return false;
  }
}

suite('any packet', () => {
  for (const version of versions) {
    for (const type of typesOf(version)) {
      test(`${nameOf(type)} in version ${version}: decoding undoes encoding`, () => {
        fc.assert(
          fc.property(packetOf(type, version), packet => {
            const bytes = encodePacket(packet, version);
            assert.ok(bytes !== null);
            assert.deepStrictEqual(decode(bytes, version), packet);
          }),
          { numRuns: 60 },
        );
      });
    }

    test(`cut at any byte in version ${version}: a ProtocolError or a shorter packet`, () => {
      fc.assert(
        fc.property(anyPacket(version), packet => {
          const bytes = encodePacket(packet, version) as Uint8Array;
          const step = bytes.length > 500 ? 97 : 1;
          for (let end = 0; end < bytes.length; end += step) accepts(bytes, end, version);
          assert.ok(accepts(bytes, bytes.length, version));
        }),
        { numRuns: 60 },
      );
    });

    test(`in any chunks in version ${version}: the same packets`, () => {
      const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 });
      fc.assert(
        fc.property(fc.array(anyPacket(version), { maxLength: 4 }), cuts, (packets, sizes) => {
          const bytes = packets.flatMap(packet => [
            ...(encodePacket(packet, version) as Uint8Array),
          ]);
          assert.deepStrictEqual(readInChunks(Uint8Array.from(bytes), sizes, version), packets);
        }),
        { numRuns: 60 },
      );
    });
  }

  test('size limits are kept, and what is left out is only what may be', () => {
    fc.assert(
      fc.property(anyPacket(5), fc.integer({ min: 1, max: 200 }), (packet, maximum) => {
        const bytes = encodePacket(packet, 5, maximum);
        if (bytes === null) return;
        assert.ok(bytes.length <= maximum);
        const smaller = decode(bytes, 5) as { properties?: object };
        const original = packet as { properties?: object };
        assert.deepEqual(
          { ...smaller, properties: { ...original.properties, ...smaller.properties } },
          { ...packet, properties: { ...original.properties } },
        );
      }),
      { numRuns: 300 },
    );
  });

  test('type 0 is reserved', () => {
    assertRejected(wire('00 00'), 5, 0x81);
    assert.throws(() => decodePacket(wire('00 00'), 0, 2, 2, 5), ProtocolError);
  });
});

/** Feeds `bytes` in chunks of `sizes`, over and over, and decodes what comes out. */
function readInChunks(
  bytes: Uint8Array,
  sizes: readonly number[],
  version: ProtocolVersion,
): Packet[] {
  const reader = new FrameReader(1_000_000);
  const packets: Packet[] = [];
  let at = 0;
  for (let round = 0; at < bytes.length; round += 1) {
    const after = at + sizes[round % sizes.length];
    reader.push(bytes.slice(at, after));
    while (reader.next()) {
      packets.push(
        decodePacket(reader.bytes, reader.header, reader.bodyStart, reader.end, version),
      );
    }
    at = after;
  }
  return packets;
}
