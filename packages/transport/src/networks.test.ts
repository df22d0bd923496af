import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Networks } from './networks.ts';

test('says whether an address is in one of the networks', () => {
  const networks = new Networks(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1']);
  for (const address of ['10.255.0.1', '::ffff:10.1.2.3', '192.0.2.7', '2001:db8:1::2', '::1']) {
    assert.equal(networks.has(address), true, address);
  }
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::2', 'a name', '']) {
    assert.equal(networks.has(address), false, address);
  }
  assert.equal(new Networks([]).has('10.0.0.1'), false);
  assert.equal(new Networks(['0.0.0.0/0']).has('10.0.0.1'), true);
});

test('refuses what is no network', () => {
  for (const network of [
    '',
    'x',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'fe80::1%lo',
  ]) {
    assert.throws(() => new Networks([network]), RangeError, network);
  }
});
