import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobufjs from 'protobufjs';
import { cbor } from './cbor.ts';
import { bytes, type Codec, json, text } from './codec.ts';
import { msgpack } from './msgpack.ts';
import { protobuf } from './protobuf.ts';

const utf8 = new TextEncoder();

function encoded<T>(codec: Codec<T>, value: T): Uint8Array {
  const payload = codec.encode(value);
  return typeof payload === 'string' ? utf8.encode(payload) : payload;
}

const value = { name: 'größe', list: [1, -2.5, null, true], nested: { a: '' } };
for (const codec of [json(), cbor(), msgpack()]) {
  test(`${codec.contentType}: there and back`, () => {
    const first = encoded(codec, value);
    const again = encoded(codec, { other: 'x'.repeat(200) });
    assert.deepEqual(codec.decode(first), value);
    assert.deepEqual(codec.decode(again), { other: 'x'.repeat(200) });
    for (const bad of [[], [0xff, 0xff], [0xc1], [0xdf], [0x82, 0x01]]) {
      assert.throws(() => codec.decode(Uint8Array.from(bad)), Error, `${bad}`);
    }
  });
}

test('bytes are those that others write', () => {
  assert.deepEqual(encoded(cbor(), [1, 'a']), Uint8Array.of(0x82, 0x01, 0x61, 0x61));
  assert.deepEqual(encoded(msgpack(), [1, 'a']), Uint8Array.of(0x92, 0x01, 0xa1, 0x61));
  assert.deepEqual(encoded(text(), 'ä'), Uint8Array.of(0xc3, 0xa4));
});

test('text is strict, bytes are as they are, and JSON has no undefined', () => {
  assert.equal(text().decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\u{feff}a');
  assert.throws(() => text().decode(Uint8Array.of(0xff)), TypeError);
  const some = Uint8Array.of(1, 2);
  assert.equal(bytes().encode(some), some);
  assert.equal(bytes().decode(some), some);
  assert.throws(() => json().encode(undefined), TypeError);
});

test('protobuf: a type of protobufjs', () => {
  const { root } = protobufjs.parse(
    'syntax = "proto3"; enum Unit { C = 0; F = 1; } message Reading { double value = 1; uint64 at = 2; Unit unit = 3; }',
  );
  const codec = protobuf<{ value: number; at: string; unit: string }>(root.lookupType('Reading'));
  const reading = { value: 21.5, at: '18446744073709551615', unit: 'F' };
  assert.deepEqual(codec.decode(encoded(codec, reading)), reading);
  assert.deepEqual(codec.decode(new Uint8Array()), { value: 0, at: '0', unit: 'C' });
  assert.throws(() => codec.decode(Uint8Array.of(0x09, 1)), Error);
});
