/** Contract: entries. */

import assert from 'node:assert/strict';
import { type Checks, MIB, pattern } from './engine-under-test.ts';

export const acceptLogContract: Checks = {
  'positions are safe integers that grow': async user => {
    const positions = Array.from({ length: 100 }, (_, n) => user.offer(`${n}`));
    for (const [n, at] of positions.entries()) {
      assert.ok(Number.isSafeInteger(at) && at > 0);
      if (n > 0) assert.ok(at > positions[n - 1]);
    }
    await user.accepted(positions[99]);
  },

  'accepted is told after the offer, in order, for all entries': async user => {
    const first = user.offer('one');
    assert.deepEqual(user.told, []);
    const last = user.offer('two');
    await user.accepted(last);
    const third = await user.accept('three');
    assert.ok(user.told.length >= 2 && user.told[0] >= first);
    assert.deepEqual(
      user.told,
      user.told.toSorted((a, b) => a - b),
    );
    assert.equal(user.told.at(-1), third);
  },

  'an entry is a copy of the part that was offered': async user => {
    const whole = pattern(100);
    const at = user.engine.accepts.offer(whole, 10, 60, 1);
    whole.fill(0);
    await user.accepted(at);
    assert.deepEqual(
      new Uint8Array(await user.engine.accepts.read(at)),
      pattern(100).slice(10, 60),
    );
  },

  'entries are read back, durable or not, as long as they have a holder': async user => {
    const early = user.offer('early', 2);
    assert.equal(await user.read(early), 'early');
    await user.accepted(early);
    const late = await user.accept('late');
    user.engine.accepts.release(early);
    assert.equal(await user.read(early), 'early');
    assert.equal(await user.read(late), 'late');
  },

  'what was read stays as it is': async user => {
    const at = user.offer('stays');
    const before = await user.engine.accepts.read(at);
    for (let n = 0; n < 300; n += 1) user.engine.accepts.offer(pattern(10_000), 0, 10_000, 1);
    const last = user.offer('last');
    await user.accepted(last);
    assert.equal(new TextDecoder().decode(before), 'stays');
    assert.equal(await user.read(at), 'stays');
  },

  'entries from none to many bytes are taken': async user => {
    for (const length of [0, 1, 70_000, 8 * MIB]) {
      const at = await user.accept(pattern(length));
      assert.deepEqual(new Uint8Array(await user.engine.accepts.read(at)), pattern(length));
      user.engine.accepts.release(at);
    }
  },

  'an entry that is too long is a mistake of the caller': async user => {
    const { accepts } = user.engine;
    const tooLong = { length: accepts.entryBytesMax + 1 } as Uint8Array;
    assert.throws(() => accepts.offer(tooLong, 0, tooLong.length, 1), RangeError);
  },

  'so is a part that is not there, and an entry that nobody holds': async user => {
    const { accepts } = user.engine;
    const entry = pattern(10);
    assert.throws(() => accepts.offer(entry, 0, 11, 1), RangeError);
    assert.throws(() => accepts.offer(entry, 6, 5, 1), RangeError);
    assert.throws(() => accepts.offer(entry, 0, 10, 0), RangeError);
  },

  'what nobody holds cannot be read or released': async user => {
    const at = await user.accept('once');
    user.engine.accepts.release(at);
    assert.throws(() => user.engine.accepts.read(at), RangeError);
    assert.throws(() => user.engine.accepts.release(at), RangeError);
  },

  'an entry may be let go of before it is durable': async user => {
    const at = user.offer('short');
    user.engine.accepts.release(at);
    await user.accepted(at);
  },

  'a full log refuses, says so, and goes on when there is room': async user => {
    const { accepts } = user.engine;
    const health: string[] = [];
    user.engine.onHealth(now => health.push(now));
    let drains = 0;
    accepts.onDrain(() => {
      drains += 1;
    });
    const entry = pattern(MIB);
    const taken: number[] = [];
    for (let at = 1; at > 0; ) {
      at = accepts.offer(entry, 0, entry.length, 1);
      if (at > 0) taken.push(at);
    }
    assert.ok(taken.length > 0 && taken.length <= 64);
    assert.deepEqual(health, ['full']);
    await user.accepted(taken[taken.length - 1]);
    assert.equal(drains, 0);
    user.mark(1, 'goes on');
    await user.settled();
    for (const at of taken) accepts.release(at);
    await user.accept('fits again');
    assert.equal(drains, 1);
    assert.deepEqual(health, ['full', 'ready']);
  },
};
