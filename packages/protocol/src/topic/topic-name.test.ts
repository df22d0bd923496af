import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProtocolError } from '../packet/protocol-error.ts';
import { isValidTopicName, validateTopicName } from './topic-name.ts';

function reasonFor(...bytes: number[]): number | undefined {
  const framed = Uint8Array.from([0x23, ...bytes, 0x23]); // wildcards outside the range don't count
  try {
    validateTopicName(framed, 1, framed.length - 1);
    return undefined;
  } catch (error) {
    assert(error instanceof ProtocolError);
    return error.reasonCode;
  }
}

test('a topic name has one character or more, no wildcard, no U+0000, no lone surrogate', () => {
  for (const topic of ['a', '/', '//', ' ', 'a/b', '$SYS/x', 'größe/温度/🌡', '\u{feff}']) {
    assert.equal(isValidTopicName(topic), true, topic);
  }
  // [MQTT-4.7.3-1] [MQTT-4.7.0-1] [MQTT-4.7.3-2] [MQTT-1.5.4-1]
  for (const topic of ['', '+', '#', 'a/#', 'a+b', 'a\0b', '\ud800', 'a\udc00b']) {
    assert.equal(isValidTopicName(topic), false, JSON.stringify(topic));
  }
});

test('a topic name takes at most 65,535 bytes [MQTT-4.7.3-3]', () => {
  assert.equal(isValidTopicName('x'.repeat(65_535)), true);
  assert.equal(isValidTopicName('x'.repeat(65_536)), false);
  assert.equal(isValidTopicName('ä'.repeat(32_767)), true); // 2 bytes each
  assert.equal(isValidTopicName('ä'.repeat(32_768)), false);
});

test('bytes: what is wrong decides the reason code', () => {
  assert.equal(reasonFor(0x61, 0x2f, 0x62), undefined); // "a/b"
  assert.equal(reasonFor(0xc3, 0xa4), undefined); // "ä"
  assert.equal(reasonFor(), 0x90); // empty
  assert.equal(reasonFor(0x61, 0x2f, 0x23), 0x90); // "a/#"
  assert.equal(reasonFor(0x2b), 0x90); // "+"
  assert.equal(reasonFor(0x61, 0x00), 0x81); // U+0000
  assert.equal(reasonFor(0xc3), 0x81); // cut short
  assert.equal(reasonFor(0xc0, 0xaf), 0x81); // overlong "/"
  assert.equal(reasonFor(0xed, 0xa0, 0x80), 0x81); // surrogate
  assert.equal(reasonFor(0x23, 0xff), 0x81); // ill-formed goes before the wildcard
});

test('text and bytes agree', () => {
  const encoder = new TextEncoder();
  const character = fc.constantFrom('a', '/', '+', '#', '\0', 'ä', '🌡', '$');
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 8 }), topic => {
      assert.equal(reasonFor(...encoder.encode(topic)) === undefined, isValidTopicName(topic));
    }),
  );
});
