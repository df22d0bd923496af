import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bytes } from '@godwit/testkit';
import { encodeMessage } from './encode-message.ts';
import { FrameCache, layoutOf } from './frame-cache.ts';
import type { Message } from './message.ts';

function messageOf(payloadSize: number): Message {
  const payload = new Uint8Array(payloadSize).fill(0x78);
  const properties = { contentType: 'c' };
  return encodeMessage({ topic: 'a', payload, qos: 1, retain: false, properties }, '');
}

function frameOf(cache: FrameCache, layout: number): Uint8Array {
  return cache.bytes[layout]!.subarray(cache.start[layout], cache.end[layout]);
}

suite('FrameCache', () => {
  test('one frame for each layout, made once', () => {
    const message = messageOf(1);
    const cache = new FrameCache();
    const expected = [
      [false, false, bytes`30 04 00 01 61 78`],
      [false, true, bytes`30 06 00 01 61 ff ff 78`],
      [true, false, bytes`30 09 00 01 61 04 03 00 01 63 78`],
      [true, true, bytes`30 0b 00 01 61 ff ff 04 03 00 01 63 78`],
    ] as const;
    for (const [withProperties, withPacketId, frame] of expected) {
      const layout = layoutOf(withProperties, withPacketId);
      cache.require(layout, message);
      assert.deepEqual(Uint8Array.from(frameOf(cache, layout)), frame);
      if (withPacketId) {
        const at = cache.packetIdAt[layout] - cache.start[layout];
        assert.deepEqual([...frameOf(cache, layout).subarray(at, at + 2)], [0xff, 0xff]);
      }
      const { bytes: first } = { bytes: cache.bytes[layout] };
      cache.require(layout, message);
      assert.equal(cache.bytes[layout], first);
    }
  });

  test('the packet as it arrived is one of them, wherever it lies', () => {
    const arrived = bytes`00 00   32 07 00 01 61 00 09 00 78   00`;
    const cache = new FrameCache();
    cache.adopt(arrived, 2, 11, true, true);
    const layout = layoutOf(true, true);
    assert.equal(cache.bytes[layout], arrived);
    assert.deepEqual(frameOf(cache, layout), arrived.subarray(2, 11));
    assert.equal(cache.packetIdAt[layout], 7);
    cache.reset();
    assert.deepEqual(cache.bytes, [null, null, null, null]);
  });

  test('finds the packet identifier behind a Remaining Length of any length', () => {
    for (const size of [1, 200, 20_000, 2_100_000]) {
      const message = messageOf(size);
      const cache = new FrameCache();
      for (const withProperties of [false, true]) {
        const layout = layoutOf(withProperties, true);
        cache.require(layout, message);
        const at = cache.packetIdAt[layout];
        assert.deepEqual([...cache.bytes[layout]!.subarray(at, at + 2)], [0xff, 0xff]);
      }
    }
  });
});
