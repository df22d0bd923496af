import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decodePacket, FrameReader, PacketType, type PublishPacket } from '@godwit/protocol';
import {
  hasHeader,
  headerBytes,
  markOf,
  readMark,
  readPublisher,
  readSequence,
  readTimeUs,
  timeHighOf,
} from './payload-header.ts';
import { type BlockOptions, PublishBlock } from './publish-block.ts';
import { expandPattern, filterOfPattern } from './topic-pattern.ts';

const mark = markOf(0xbeef);

function block(changes: Partial<BlockOptions> = {}): PublishBlock {
  return new PublishBlock({
    ...{ topics: ['t/9', 't/10'], qos: 1, version: 5, mark, publisher: 7 },
    ...{ payloadBytes: headerBytes + 5, text: 'ab', burst: 3, bytesMax: 1_000 },
    ...changes,
  });
}

function packetsIn(bytes: Uint8Array, version: 4 | 5): PublishPacket[] {
  const reader = new FrameReader(10_000);
  reader.push(bytes);
  const packets: PublishPacket[] = [];
  while (reader.next()) {
    const { bytes: all, header, bodyStart, end } = reader;
    const packet = decodePacket(all, header, bodyStart, end, version);
    ok(packet.type === PacketType.publish);
    packets.push(packet);
  }
  return packets;
}

suite('PublishBlock', () => {
  for (const version of [4, 5] as const) {
    test(`holds packets of version ${version} that are patched in place`, () => {
      const timeUs = 1_795_000_000_123_456;
      const made = block({ version });
      for (let i = 1; i < 4; i += 1) {
        made.patch(i, 100 + i, timeHighOf(timeUs), timeUs >>> 0);
        made.patchPacketId(i, 0xfff0 + i);
      }
      const packets = packetsIn(made.range(1, 3), version);
      deepEqual(
        packets.map(({ topic, qos, packetId }) => [topic, qos, packetId]),
        [
          ['t/10', 1, 0xfff1],
          ['t/9', 1, 0xfff2],
          ['t/10', 1, 0xfff3],
        ],
      );
      packets.forEach(({ payload }, i) => {
        ok(hasHeader(payload, 0, payload.length));
        deepEqual([readMark(payload, 0), readPublisher(payload, 0)], [mark, 7]);
        deepEqual([readSequence(payload, 0), readTimeUs(payload, 0)], [101 + i, timeUs]);
        equal(Buffer.from(payload.subarray(headerBytes)).toString(), 'ababa');
      });
    });
  }

  test('has room for a burst from any topic on, and at least for one packet', () => {
    equal(block({ qos: 0 }).range(1, 3).length, block({ qos: 0 }).range(0, 3).length + 1);
    equal(block({ bytesMax: 1 }).burst, 1);
    equal(packetsIn(block({ bytesMax: 1 }).range(1, 1), 5).length, 1);
  });

  test('refuses topics that cannot be published to', () => {
    throws(() => block({ topics: ['a/+'] }), RangeError);
  });
});

test('a header is known by its mark and length', () => {
  const bytes = new Uint8Array(40);
  equal(hasHeader(bytes, 0, 40), false);
  bytes.set([0x67, 0x62], 10);
  equal(hasHeader(bytes, 10, 30), true);
  equal(hasHeader(bytes, 10, 29), false);
});

test('patterns stand for topics, and for the filter that fits', () => {
  equal(expandPattern('site/%d/sensor/%t', 3, 4), 'site/3/sensor/4');
  equal(filterOfPattern('site/%d/s%t/x'), 'site/%d/+/x');
});
