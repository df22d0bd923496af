/** Contract: what the next run finds. */

import assert from 'node:assert/strict';
import { type Checks, pattern } from './engine-under-test.ts';
import { LogUser } from './log-user.ts';

export const recoveryContract: Checks = {
  'accepted entries are found, at their positions': async (user, subject) => {
    const positions: number[] = [];
    for (let n = 0; n < 10; n += 1) positions.push(await user.accept(`${n}`));
    const next = await LogUser.begin(await subject.crash());
    assert.deepEqual(next.found, new Map(positions.map((at, n) => [at, `${n}`])));
    for (const [n, at] of positions.entries()) assert.equal(await next.read(at), `${n}`);
  },

  'positions are never used again': async (user, subject) => {
    const used = new Set<number>([await user.accept('first')]);
    user.engine.accepts.release([...used][0]);
    for (let n = 0; n < 1000; n += 1) used.add(user.offer(`lost ${n}`));
    let next = await LogUser.begin(await subject.crash(), () => 0);
    for (let round = 0; round < 3; round += 1) {
      const at = await next.accept(`${round}`);
      assert.ok(!used.has(at) && at > Math.max(...used));
      used.add(at);
      next = await LogUser.begin(await subject.crash(), () => 0);
    }
  },

  'the loader says how many hold an entry': async (user, subject) => {
    const [none, two] = [await user.accept('none'), await user.accept('two')];
    const next = await LogUser.begin(await subject.crash(), (_, text) => (text === 'two' ? 2 : 0));
    assert.throws(() => next.engine.accepts.read(none), RangeError);
    next.engine.accepts.release(two);
    assert.equal(await next.read(two), 'two');
    next.engine.accepts.release(two);
    assert.throws(() => next.engine.accepts.read(two), RangeError);
  },

  'entries stay through many runs, and what else there was goes': async (user, subject) => {
    const kept = await user.accept('kept');
    user.mark(5, 'kept');
    let last = user;
    for (let run = 0; run < 6; run += 1) {
      for (let n = 0; n < 40; n += 1) {
        const at = await last.accept(pattern(20_000));
        last.engine.accepts.release(at);
      }
      last = await LogUser.begin(await subject.crash(), at => (at === kept ? 1 : 0));
      assert.equal(last.found.get(kept), 'kept');
      assert.equal(last.foundMarks.get(5), 'kept');
      assert.equal(await last.read(kept), 'kept');
    }
  },

  'an entry and a mark that were durable together are found together': async (user, subject) => {
    const at = user.offer('entry');
    user.mark(1, `up to ${at}`);
    await user.accepted(at);
    const next = await LogUser.begin(await subject.crash());
    assert.equal(next.found.get(at), 'entry');
    assert.equal(next.foundMarks.get(1), `up to ${at}`);
  },

  'entries that were not accepted are found in order, or not at all': async (user, subject) => {
    for (let n = 0; n < 200; n += 1) user.offer(`${n}`);
    await user.accepted(user.offer('last'));
    for (let n = 0; n < 50; n += 1) user.offer(`after ${n}`);
    const next = await LogUser.begin(await subject.crash());
    const wanted = Array.from({ length: 200 }, (_, n) => `${n}`);
    wanted.push('last', ...Array.from({ length: 50 }, (_, n) => `after ${n}`));
    assert.deepEqual(next.foundTexts, wanted.slice(0, next.found.size));
    assert.ok(next.found.size >= 201);
  },
};
