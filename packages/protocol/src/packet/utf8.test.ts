import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, utf8Length, validateUtf8, writeUtf8 } from './utf8.ts';

function isValid(...bytes: number[]): boolean {
  // surrounded by bytes that would complete or break a sequence, were they looked at
  return validateUtf8(Uint8Array.of(0x80, ...bytes, 0x80, 0x80, 0x80), 1, 1 + bytes.length);
}

function encode(value: string): Uint8Array {
  const length = utf8Length(value);
  const bytes = new Uint8Array(length + 3);
  assert.equal(writeUtf8(bytes, 3, value), 3 + length);
  return bytes.subarray(3);
}

suite('utf8', () => {
  test('the first and the last of every length are valid', () => {
    assert.ok(isValid());
    assert.ok(isValid(0x01));
    assert.ok(isValid(0x7f));
    assert.ok(isValid(0xc2, 0x80));
    assert.ok(isValid(0xdf, 0xbf));
    assert.ok(isValid(0xe0, 0xa0, 0x80));
    assert.ok(isValid(0xed, 0x9f, 0xbf));
    assert.ok(isValid(0xee, 0x80, 0x80));
    assert.ok(isValid(0xef, 0xbf, 0xbf)); // U+FFFF, a noncharacter
    assert.ok(isValid(0xf0, 0x90, 0x80, 0x80));
    assert.ok(isValid(0xf4, 0x8f, 0xbf, 0xbf));
  });

  test('U+0000 is not allowed [MQTT-1.5.4-2]', () => {
    assert.ok(!isValid(0x00));
    assert.ok(!isValid(0x61, 0x00, 0x61));
  });

  test('surrogates are not allowed [MQTT-1.5.4-1]', () => {
    assert.ok(!isValid(0xed, 0xa0, 0x80));
    assert.ok(!isValid(0xed, 0xbf, 0xbf));
    assert.ok(!isValid(0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80)); // a pair (CESU-8)
  });

  test('overlong forms and what is past U+10FFFF are not allowed', () => {
    assert.ok(!isValid(0xc0, 0x80));
    assert.ok(!isValid(0xc1, 0xbf));
    assert.ok(!isValid(0xe0, 0x9f, 0xbf));
    assert.ok(!isValid(0xf0, 0x8f, 0xbf, 0xbf));
    assert.ok(!isValid(0xf4, 0x90, 0x80, 0x80));
    assert.ok(!isValid(0xf5, 0x80, 0x80, 0x80));
    assert.ok(!isValid(0xff));
  });

  test('continuation bytes alone and sequences cut short are not allowed', () => {
    assert.ok(!isValid(0x80));
    assert.ok(!isValid(0xbf));
    assert.ok(!isValid(0xc2));
    assert.ok(!isValid(0xe2, 0x82));
    assert.ok(!isValid(0xf0, 0x9f, 0x98));
    assert.ok(!isValid(0xc2, 0x41));
    assert.ok(!isValid(0xe2, 0x82, 0x41));
    assert.ok(!isValid(0xf0, 0x9f, 0x98, 0x41));
    assert.ok(!isValid(0xf0, 0x9f, 0x41, 0x80));
  });

  test('agrees with TextDecoder on any bytes', () => {
    const strict = new TextDecoder('utf-8', { fatal: true });
    const isStrict = (bytes: Uint8Array): boolean => {
      try {
        strict.decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    const byte = fc.oneof(
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom(0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0x80, 0x90, 0xa0, 0xbf),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 6 }), list => {
        const bytes = Uint8Array.from(list);
        assert.equal(validateUtf8(bytes, 0, bytes.length), isStrict(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('a byte order mark is kept [MQTT-1.5.4-3]', () => {
    assert.equal(decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), 0, 4), '\ufeffa');
    assert.deepEqual(encode('\ufeffa'), Uint8Array.of(0xef, 0xbb, 0xbf, 0x61));
  });

  test('decoding undoes encoding, short and long, ASCII and not', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 80 }).filter(s => !s.includes('\0'));
    fc.assert(
      fc.property(text, value => {
        const bytes = encode(value);
        assert.deepEqual(bytes, new TextEncoder().encode(value));
        assert.ok(validateUtf8(bytes, 0, bytes.length));
        assert.equal(decodeUtf8(bytes, 0, bytes.length), value);
      }),
      { numRuns: 500 },
    );
  });

  test('what has no form on the wire is a RangeError', () => {
    for (const value of ['\0', 'a\0b', '\ud83d', '\ude00', '\ud83dx', '\ude00\ud83d', 'a\ud83d']) {
      assert.throws(() => utf8Length(value), RangeError);
    }
  });

  test('65,535 bytes are allowed, one more is not [MQTT-4.7.3-3]', () => {
    assert.equal(utf8Length('x'.repeat(65_535)), 65_535);
    assert.equal(utf8Length('é'.repeat(32_767)), 65_534);
    assert.throws(() => utf8Length('x'.repeat(65_536)), RangeError);
    assert.throws(() => utf8Length('é'.repeat(32_768)), RangeError);
  });
});
