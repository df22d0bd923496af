import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { encodePacket, FrameReader, type PublishProperties, PublishView } from '@godwit/protocol';
import { publishOf } from '../testing/test-broker.ts';
import { Message } from './message.ts';

/** The view of a PUBLISH in 5.0 that lies somewhere in a larger buffer. */
function viewOf(
  topic: string,
  text: string,
  properties: PublishProperties = {},
): { view: PublishView; frameStart: number } {
  const packet = encodePacket(publishOf(topic, text, { qos: 1, retain: true, properties }), 5)!;
  const bytes = new Uint8Array(packet.length + 7);
  bytes.set(packet, 5);
  const reader = new FrameReader(1_000_000);
  reader.push(bytes.subarray(5, 5 + packet.length));
  assert(reader.next());
  const view = new PublishView();
  view.read(bytes, reader.header, reader.bodyStart + 5, reader.end + 5, 5);
  return { view, frameStart: 5 };
}

function liveOf(topic: string, text: string, properties: PublishProperties = {}): Message {
  const { view, frameStart } = viewOf(topic, text, properties);
  const message = new Message(true);
  message.setView(view, topic, 'p', frameStart, true);
  return message;
}

function partsOf(message: Message): string[] {
  const { bytes } = message;
  return [
    bytes.subarray(message.topicStart, message.topicEnd),
    bytes.subarray(message.propertiesStart, message.propertiesEnd),
    bytes.subarray(message.payloadStart, message.payloadEnd),
  ].map(part => Buffer.from(part).toString('latin1'));
}

suite('Message', () => {
  test('shows the parts of a packet where they lie', () => {
    const message = liveOf('a/b', 'text', { contentType: 'c' });
    assert.deepEqual(partsOf(message), ['a/b', '\x03\x00\x01c', 'text']);
    const { topic, qos, retain, publisher, payloadSize, expiresAtMs } = message;
    assert.deepEqual(
      { topic, qos, retain, publisher, payloadSize, expiresAtMs },
      { topic: 'a/b', qos: 1, retain: true, publisher: 'p', payloadSize: 4, expiresAtMs: 0 },
    );
  });

  test('is kept by one copy, however many ask, that outlives the bytes', () => {
    const message = liveOf('a', 'text', { messageExpiryInterval: 5 });
    message.startExpiry(1_000);
    const kept = message.kept();
    assert.equal(message.kept(), kept);
    assert.equal(kept.kept(), kept);
    assert.equal(kept.frames, null);
    const parts = partsOf(message);
    message.bytes.fill(0xff);
    assert.deepEqual(partsOf(kept), parts);
    const { topic, qos, retain, publisher, expiresAtMs, size } = kept;
    assert.deepEqual(
      { topic, qos, retain, publisher, expiresAtMs, size },
      { topic: 'a', qos: 1, retain: true, publisher: 'p', expiresAtMs: 6_000, size: 13 },
    );
    assert.equal(kept.bytes.length, kept.size);
  });

  test('used for the next packet it forgets all of the last', () => {
    const message = liveOf('a', 'text', { messageExpiryInterval: 5 });
    message.startExpiry(1_000);
    message.frames?.require(0, message);
    const kept = message.kept();
    const { view, frameStart } = viewOf('b', 'other');
    message.setView(view, 'b', 'q', frameStart, true);
    assert.notEqual(message.kept(), kept);
    assert.deepEqual(partsOf(message), ['b', '', 'other']);
    assert.deepEqual([message.expiresAtMs, message.messageExpiryAt], [0, -1]);
    assert.equal(message.frames?.bytes[0], null);
    assert.deepEqual(partsOf(kept).at(0), 'a');
  });

  test('without its alias: everything else stays, in order', () => {
    const topicBytes = new TextEncoder().encode('resolved');
    const properties: PublishProperties = {
      messageExpiryInterval: 0x01020304,
      topicAlias: 9,
      userProperties: [['k', 'v']],
    };
    for (const topic of ['resolved', '']) {
      const { view } = viewOf(topic, 'text', properties);
      const message = new Message(true);
      message.setWithoutAlias(view, 'resolved', topicBytes, 'p');
      const [name, block, payload] = partsOf(message);
      assert.deepEqual([name, payload], ['resolved', 'text']);
      assert.equal(block, '\x02\x01\x02\x03\x04&\x00\x01k\x00\x01v');
      message.startExpiry(0);
      assert.equal(message.expiresAtMs, 0x01020304 * 1_000);
      const kept = message.kept();
      assert.deepEqual(partsOf(kept), partsOf(message));
      assert.equal(kept.remainingSeconds(1_000), 0x01020303);
    }
  });

  test('expires at the end of its interval, and not a millisecond before', () => {
    const message = liveOf('a', '', { messageExpiryInterval: 2 });
    assert.equal(message.isExpired(Number.MAX_SAFE_INTEGER), false);
    message.startExpiry(10_000);
    const cases = [
      [10_000, false, 2],
      [10_001, false, 2],
      [11_000, false, 1],
      [11_999, false, 1],
      [12_000, true, 0],
      [99_000, true, 0],
      [5_000, false, 2],
    ] as const;
    for (const [wallMs, isExpired, seconds] of cases) {
      assert.equal(message.isExpired(wallMs), isExpired);
      assert.equal(message.remainingSeconds(wallMs), seconds);
    }
    const forever = liveOf('a', '');
    forever.startExpiry(10_000);
    assert.equal(forever.isExpired(Number.MAX_SAFE_INTEGER), false);
  });
});
