import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { bytes, hex, hexDump } from './hex.ts';

test('reads annotated bytes, tagged or called', () => {
  const expected = Uint8Array.of(0x10, 0x0c, 0x00, 0xff);
  assert.deepEqual(
    bytes`
      10 0c # CONNECT, Remaining Length 12
      00FF  # a # in a comment is nothing special
    `,
    expected,
  );
  assert.deepEqual(bytes('10 0c # CONNECT\n 00 ff'), expected);
  assert.deepEqual(bytes``, new Uint8Array(0));
});

test('takes values into the tagged form', () => {
  const payload = Uint8Array.of(9, 10);
  assert.deepEqual(bytes`00 ${3} ${'a/b'} ${payload} ${[1, 2]}`, bytes('00 03 61 2f 62 090a 0102'));
  assert.throws(() => bytes`00 ${256}`, TypeError);
});

test('refuses what is not whole bytes', () => {
  assert.throws(() => bytes('1'), TypeError);
  assert.throws(() => bytes('0x10'), TypeError);
  assert.throws(() => bytes`zz`, TypeError);
});

test('dumps in rows and cuts long input', () => {
  assert.equal(hex([1, 255]), '01 ff');
  assert.equal(hexDump(bytes`68 69 00`), `0000  68 69 00${' '.repeat(39)}  hi.`);
  const rows = hexDump(new Uint8Array(40), 32).split('\n');
  assert.equal(rows.length, 3);
  assert.match(rows[1], /^0010 {2}(00 ){16} /);
  assert.equal(rows[2], '… 8 more bytes');
});
