/** Contract: marks. */

import assert from 'node:assert/strict';
import type { Checks } from './engine-under-test.ts';
import { LogUser } from './log-user.ts';

export const marksContract: Checks = {
  'the last value of each mark is found': async (user, subject) => {
    user.mark(0, 'zero');
    user.mark(2 ** 32 - 1, 'first');
    await user.settled();
    user.mark(2 ** 32 - 1, 'second');
    user.mark(2 ** 32 - 1, 'third');
    await user.settled();
    const next = await LogUser.begin(await subject.crash());
    assert.deepEqual(Object.fromEntries(next.foundMarks), { 0: 'zero', [2 ** 32 - 1]: 'third' });
  },

  'a mark that was forgotten is not found, unless it was touched again': async (user, subject) => {
    user.mark(1, 'one');
    user.mark(2, 'two');
    await user.settled();
    user.forget(1);
    user.forget(2);
    user.mark(2, 'two again');
    user.forget(3);
    await user.settled();
    const next = await LogUser.begin(await subject.crash());
    assert.deepEqual(Object.fromEntries(next.foundMarks), { 2: 'two again' });
  },

  'a mark is asked for once, however often it was touched': async user => {
    let asked = 0;
    user.engine.accepts.onMark((_key, into) => {
      asked += 1;
      into[0] = 1;
      return 1;
    });
    for (let n = 0; n < 1000; n += 1) user.engine.accepts.touch(7);
    await user.settled();
    assert.equal(asked, 1);
  },

  'a mark is written along with the next batch': async (user, subject) => {
    user.mark(1, 'with it');
    await user.accept('entry');
    const next = await LogUser.begin(await subject.crash());
    assert.equal(next.foundMarks.get(1), 'with it');
  },

  'a mark alone is written soon': async (user, subject) => {
    let asked = 0;
    user.engine.accepts.onMark(() => {
      asked += 1;
      return 0;
    });
    user.engine.accepts.touch(1);
    await subject.advance(1);
    assert.equal(asked, 0, 'it waits for company');
    await subject.advance(1000);
    assert.equal(asked, 1);
  },

  'settled is told in order, after the entries offered before': async user => {
    const heard: string[] = [];
    const at = user.offer('entry');
    user.engine.accepts.settle(() => {
      assert.equal(user.told.at(-1), at);
      heard.push('first');
    });
    user.mark(1, 'one');
    user.engine.accepts.settle(() => heard.push('second'));
    assert.deepEqual(heard, []);
    await user.settled();
    assert.deepEqual(heard, ['first', 'second']);
  },

  'settled is told when nothing was touched': async user => {
    await user.settled();
    await user.settled();
  },

  'a mark may be empty, or as long as it may be': async (user, subject) => {
    const { markBytesMax } = user.engine.accepts;
    assert.equal(markBytesMax, 65_536);
    user.mark(1, '');
    user.mark(2, 'x'.repeat(markBytesMax));
    await user.settled();
    const next = await LogUser.begin(await subject.crash());
    assert.equal(next.foundMarks.get(1), '');
    assert.equal(next.foundMarks.get(2)?.length, markBytesMax);
  },

  'a mark touched while it is encoded is written again': async (user, subject) => {
    let value = 0;
    user.engine.accepts.onMark((key, into) => {
      value += 1;
      if (value === 1) user.engine.accepts.touch(key);
      into[0] = 0x30 + value;
      return 1;
    });
    user.engine.accepts.touch(1);
    await user.settled();
    await user.settled();
    const next = await LogUser.begin(await subject.crash());
    assert.equal(next.foundMarks.get(1), '2');
  },
};
