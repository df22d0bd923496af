import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { customerKey, parseAddress, parseNetwork } from './ip-network.ts';

suite('IP networks', () => {
  test('addresses are numbers, however they are written', () => {
    const values: readonly (readonly [string, bigint])[] = [
      ['0.0.0.0', 0n],
      ['255.255.255.255', 0xffffffffn],
      ['192.0.2.1', 0xc0000201n],
      ['::', 0n],
      ['::1', 1n],
      ['1::', 1n << 112n],
      ['2001:db8::8:0:1', (0x20010db8n << 96n) | (8n << 32n) | 1n],
      ['::ffff:192.0.2.1', (0xffffn << 32n) | 0xc0000201n],
      ['1:2:3:4:5:6:7:8', 0x00010002000300040005000600070008n],
    ];
    for (const [text, value] of values) assert.equal(parseAddress(text)?.value, value, text);
    for (const text of ['', 'memory', 'unix:/run/a', '1.2.3', '1::2::3']) {
      assert.equal(parseAddress(text), null);
    }
  });

  test('of IPv6 a /64 counts as one address', () => {
    const keyOf = (text: string): string => customerKey(parseAddress(text)!);
    assert.equal(keyOf('2001:db8::1'), keyOf('2001:db8::ffff:0:0:9'));
    assert.notEqual(keyOf('2001:db8::1'), keyOf('2001:db8:0:1::1'));
    assert.notEqual(keyOf('192.0.2.1'), keyOf('192.0.2.2'));
  });

  test('a network is the same whatever address in it names it', () => {
    assert.deepEqual(parseNetwork('10.1.2.3/8'), parseNetwork('10.0.0.0/8'));
    assert.deepEqual(parseNetwork('10.1.2.3'), parseNetwork('10.1.2.3/32'));
    assert.notDeepEqual(parseNetwork('0.0.0.0/0'), parseNetwork('::/0'));
  });
});
