import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage } from './encode-message.ts';

test('a message from its fields is as one that came in a PUBLISH', () => {
  for (const qos of [0, 1, 2] as const) {
    const message = encodeMessage(
      {
        topic: 'tö/1',
        payload: Uint8Array.of(1, 2, 3),
        qos,
        retain: true,
        properties: { messageExpiryInterval: 7, userProperties: [['k', 'v']] },
      },
      'c',
    );
    const { bytes, topicStart, topicEnd, payloadStart, payloadEnd } = message;
    assert.equal(new TextDecoder().decode(bytes.subarray(topicStart, topicEnd)), 'tö/1');
    assert.deepEqual(bytes.slice(payloadStart, payloadEnd), Uint8Array.of(1, 2, 3));
    assert.deepEqual([message.qos, message.retain, message.publisher], [qos, true, 'c']);
    message.startExpiry(1_000);
    assert.equal(message.expiresAtMs, 8_000);
    assert.notEqual(message.frames, null);
  }
});

test('what is out of range is refused', () => {
  const init = { topic: 'a', payload: new Uint8Array(0), qos: 0, retain: false } as const;
  for (const wrong of [
    { ...init, topic: 'a/#' },
    { ...init, qos: 3 as 2 },
    { ...init, properties: { messageExpiryInterval: -1 } },
    { ...init, payload: new Uint8Array(268_435_456) },
  ]) {
    assert.throws(() => encodeMessage(wrong, ''), RangeError);
  }
});
