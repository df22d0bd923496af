import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { VirtualClock } from '@godwit/testkit';
import { type BanRequest, Bans } from './bans.ts';

suite('Bans', () => {
  test('names are banned by kind, until they are not', () => {
    const bans = new Bans(new VirtualClock(), 10);
    bans.add({ kind: 'clientId', value: 'a' });
    assert.equal(bans.hasName('clientId', 'a'), true);
    assert.equal(bans.hasName('username', 'a'), false);
    assert.equal(bans.remove('clientId', 'a'), true);
    assert.equal(bans.remove('clientId', 'a'), false);
    assert.equal(bans.hasName('clientId', 'a'), false);
  });

  test('networks of any size hold the addresses in them, of their own family', () => {
    const bans = new Bans(new VirtualClock(), 10);
    bans.add({ kind: 'address', value: '10.1.0.0/16' });
    bans.add({ kind: 'address', value: '192.0.2.7' });
    bans.add({ kind: 'address', value: '2001:db8::/32' });
    for (const address of ['10.1.255.3', '192.0.2.7', '2001:db8:1::9', '2001:db8::%eth0']) {
      assert.equal(bans.hasAddress(address), true, address);
    }
    for (const address of ['10.2.0.1', '192.0.2.8', '2001:db9::', '::a01:1', 'unix:/a', '']) {
      assert.equal(bans.hasAddress(address), false, address);
    }
    assert.equal(bans.remove('address', '10.1.99.99/16'), true, 'the same network');
    assert.equal(bans.hasAddress('10.1.255.3'), false);
  });

  test('a ban is over when its time is, and makes room then', async () => {
    const clock = new VirtualClock();
    const bans = new Bans(clock, 1);
    bans.add({ kind: 'username', value: 'u', seconds: 5, reason: 'noise' });
    const expiresAtMs = clock.wallMs() + 5000;
    const ban = { kind: 'username', value: 'u', expiresAtMs, reason: 'noise' };
    assert.deepEqual(bans.list(), [ban]);
    assert.throws(() => bans.add({ kind: 'username', value: 'v' }), /there are 1 bans already/);
    bans.add({ kind: 'username', value: 'u', seconds: 6 });
    await clock.advance(6000);
    assert.equal(bans.hasName('username', 'u'), false);
    bans.add({ kind: 'address', value: '0.0.0.0/0' });
    assert.equal(bans.hasAddress('8.8.8.8'), true);
    assert.equal(bans.hasAddress('::1'), false);
  });

  test('what is no ban is refused', () => {
    const bans = new Bans(new VirtualClock(), 10);
    for (const request of [
      { kind: 'topic', value: 'a' },
      { kind: 'clientId', value: '' },
      { kind: 'clientId', value: 'a', seconds: 0 },
      { kind: 'clientId', value: 'a', reason: 'x'.repeat(1025) },
      { kind: 'address', value: '10.0.0.0/33' },
      { kind: 'address', value: '10.0.0.0/8/8' },
      { kind: 'address', value: '10.0.0/8' },
      { kind: 'address', value: 'fe80::1%eth0' },
      { kind: 'address', value: 'localhost' },
    ]) {
      assert.throws(() => bans.add(request as BanRequest), RangeError, JSON.stringify(request));
    }
    assert.deepEqual(bans.list(), []);
  });
});
