import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { FrameReader } from './frame.ts';
import { ProtocolError } from './protocol-error.ts';
import { wire } from './testing/packet-harness.ts';

/** All packets of the chunks, copied. */
function packetsOf(reader: FrameReader, chunks: readonly Uint8Array[]): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    while (reader.next())
      packets.push(new Uint8Array(reader.bytes.subarray(reader.start, reader.end)));
    chunk.fill(0xee); // the chunk's memory is used again
  }
  return packets;
}

function rejects(bytes: Uint8Array, reasonCode: number, maximum = 1000): void {
  const reader = new FrameReader(maximum);
  reader.push(bytes);
  assert.throws(
    () => reader.next(),
    (error: unknown) => error instanceof ProtocolError && error.reasonCode === reasonCode,
  );
}

/** A PUBLISH frame with a body of that many bytes. */
function frameOf(bodyBytes: number): Uint8Array {
  const length: number[] = [];
  let rest = bodyBytes;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest > 0);
  const body = Uint8Array.from({ length: bodyBytes }, (_, i) => i * 7);
  return Uint8Array.of(0x30, ...length, ...body);
}

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, i) => bytes.slice(start, at[i] ?? bytes.length));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap(part => [...part]));
}

suite('FrameReader', () => {
  test('two packets of one chunk are read where they lie', () => {
    const chunk = wire(`
      c0 00          ; PINGREQ
      30 03 0001 'a' ; PUBLISH
    `);
    const reader = new FrameReader(100);
    reader.push(chunk);
    assert.ok(reader.next());
    assert.equal(reader.header, 0xc0);
    assert.deepEqual([reader.start, reader.bodyStart, reader.end], [0, 2, 2]);
    assert.ok(reader.next());
    assert.equal(reader.bytes, chunk);
    assert.deepEqual([reader.start, reader.bodyStart, reader.end], [2, 4, 7]);
    assert.equal(reader.next(), false);
    assert.equal(reader.carriedBytes, 0);
  });

  test('any split of the bytes gives the same packets', () => {
    const sizes = fc.array(
      fc.oneof(fc.nat(10), fc.integer({ min: 120, max: 140 }), fc.nat(20_000)),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    const cuts = fc.array(fc.nat(60_000), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, cuts, (bodies, at) => {
        const frames = bodies.map(frameOf);
        const packets = packetsOf(new FrameReader(100_000), split(join(frames), at));
        assert.deepEqual(packets, frames);
      }),
      { numRuns: 100 },
    );
  });

  test('a packet that trickles in byte by byte', () => {
    const frame = frameOf(300);
    const chunks = Array.from(frame, byte => Uint8Array.of(byte));
    assert.deepEqual(packetsOf(new FrameReader(1000), chunks), [frame]);
  });

  test('detach keeps the rest of a chunk that its owner uses again', () => {
    const chunk = Buffer.from(join([frameOf(3), frameOf(4), frameOf(5)]));
    const reader = new FrameReader(100);
    reader.push(chunk);
    assert.ok(reader.next());
    reader.detach();
    chunk.fill(0);
    reader.push(frameOf(6));
    const rest: Uint8Array[] = [];
    while (reader.next())
      rest.push(new Uint8Array(reader.bytes.subarray(reader.start, reader.end)));
    assert.deepEqual(rest, [frameOf(4), frameOf(5), frameOf(6)]);
  });

  test('[MQTT-2.1.3-1] reserved flags and types are malformed', () => {
    const flagsOf = [-1, 0, 0, -1, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0];
    for (let header = 0; header < 256; header += 1) {
      const flags = flagsOf[header >> 4];
      const isPublish = header >> 4 === 3;
      if (header >> 4 === 0 || (!isPublish && (header & 15) !== flags)) {
        rejects(Uint8Array.of(header, 0), 0x81);
      } else assert.equal(packetsOf(new FrameReader(9), [Uint8Array.of(header, 0)]).length, 1);
    }
  });

  test('3.1 repeats PUBREL, SUBSCRIBE and UNSUBSCRIBE with DUP, 3.1.1 does not', () => {
    for (const header of [0x6a, 0x8a, 0xaa]) {
      rejects(Uint8Array.of(header, 0), 0x81);
      const reader = new FrameReader(9);
      reader.version = 3;
      assert.equal(packetsOf(reader, [Uint8Array.of(header, 0)]).length, 1);
    }
    const reader = new FrameReader(9);
    reader.version = 3;
    reader.push(Uint8Array.of(0xca, 0));
    assert.throws(() => reader.next(), ProtocolError);
  });

  test('[MQTT-1.5.5-1] Remaining Length is the shortest form of at most four bytes', () => {
    rejects(wire('30 80 00'), 0x81);
    rejects(wire('30 ff ff 00'), 0x81);
    rejects(wire('30 80 80 80 80'), 0x81);
    rejects(wire('30 ff ff ff ff 7f'), 0x81);
  });

  test('a packet over the maximum is refused from its fixed header', () => {
    rejects(wire('30 63'), 0x95, 100);
    assert.equal(packetsOf(new FrameReader(101), [frameOf(99)]).length, 1);
    rejects(wire('30 ff ff ff 7f'), 0x95);
    const reader = new FrameReader(100);
    reader.push(wire('30'));
    assert.equal(reader.next(), false);
    reader.push(wire('ff'));
    assert.equal(reader.next(), false);
    reader.push(wire('01'));
    assert.throws(() => reader.next(), ProtocolError);
  });

  test('a peer that announces much and sends little costs little', () => {
    const reader = new FrameReader(268_435_460);
    const before = process.memoryUsage().arrayBuffers;
    reader.push(wire('30 ff ff ff 7f 00 01'));
    assert.equal(reader.next(), false);
    assert.equal(reader.carriedBytes, 7);
    assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  });
});

test('a chunk is copied by detach once, however often it is called', () => {
  const reader = new FrameReader(100);
  const chunk = new Uint8Array([0xc0, 0, 0xd0, 0, 0xe0, 0]);
  reader.push(chunk);
  reader.detach();
  chunk.fill(0);
  assert.equal(reader.next(), true);
  const { bytes } = reader;
  reader.detach();
  assert.equal(reader.next(), true);
  assert.equal(reader.bytes, bytes);
  assert.equal(reader.header, 0xd0);
  reader.push(new Uint8Array([0xc0, 0]));
  reader.detach();
  const headers: number[] = [];
  while (reader.next()) headers.push(reader.header);
  assert.deepEqual(headers, [0xe0, 0xc0]);
});
