/** Contract: how an engine begins, stalls, and ends. */

import assert from 'node:assert/strict';
import { bytes, type Checks, contentOf, failsWith, healthOf } from './engine-under-test.ts';
import { LogUser } from './log-user.ts';
import { tablesOf } from './table-contract.ts';

const nothing = { entry: () => 1, mark: () => {} };

export const lifeContract: Checks = {
  'a new engine is empty': async user => {
    assert.equal(user.found.size + user.foundMarks.size, 0);
    for (const table of Object.values(tablesOf(user.engine))) {
      assert.deepEqual(await contentOf(table), {});
    }
  },

  'before the start everything is closed': async (_user, subject) => {
    const next = await subject.crash();
    await failsWith('closed', next.accepts.load(nothing));
    await failsWith('closed', next.retained.put('t', bytes('early')));
    await failsWith('closed', contentOf(next.retained));
    assert.equal(next.accepts.offer(bytes('early'), 0, 5, 1), 0);
  },

  'health is ready after the start': async (_user, subject) => {
    const next = await subject.crash();
    const seen: string[] = [];
    next.onHealth(health => seen.push(health));
    await next.start();
    assert.deepEqual(seen, ['ready']);
  },

  'an engine starts once, and its log is loaded once': async user => {
    await failsWith('closed', user.engine.start());
    await failsWith('closed', user.engine.accepts.load(nothing));
  },

  'a second engine on the same data is refused': async (user, subject) => {
    await user.accept('mine');
    await failsWith('locked', (await subject.another()).start());
    await user.accept('still mine');
    await user.engine.stop(1000);
    const next = await LogUser.begin(await subject.another());
    assert.deepEqual(next.foundTexts, ['mine', 'still mine']);
  },

  'stop writes everything that was offered, put and touched': async (user, subject) => {
    for (let n = 0; n < 100; n += 1) user.offer(`${n}`);
    user.mark(1, 'one');
    let settled = false;
    user.engine.accepts.settle(() => {
      settled = true;
    });
    const put = user.engine.retained.put('t', bytes('last'));
    const last = user.offer('last');
    await user.engine.stop(1000);
    await put;
    assert.equal(user.told.at(-1), last);
    assert.ok(settled);
    const next = await LogUser.begin(await subject.another());
    assert.equal(next.found.size, 101);
    assert.equal(next.foundMarks.get(1), 'one');
    assert.deepEqual(await contentOf(next.engine.retained), { t: 'last' });
  },

  'stop of an idle engine, of one that was not loaded, and of one that was not started': async (
    user,
    subject,
  ) => {
    await user.engine.stop(1000);
    const second = await subject.another();
    await second.start();
    await second.stop(1000);
    const third = await subject.another();
    await third.stop(1000);
    await failsWith('closed', third.start());
    await LogUser.begin(await subject.another());
  },

  'while it stops, and when it is stopped, an engine takes nothing': async user => {
    const at = await user.accept('done');
    const { engine } = user;
    const stopping = engine.stop(1000);
    assert.equal(engine.stop(1), stopping);
    assert.equal(user.offer('late'), 0);
    await failsWith('closed', engine.wills.put('anna', null));
    await stopping;
    assert.equal(user.offer('late'), 0);
    await failsWith('closed', engine.wills.put('anna', bytes('late')));
    await failsWith('closed', contentOf(engine.retained));
    await failsWith('closed', Promise.resolve(engine.accepts.read(at)));
    engine.accepts.release(at);
    engine.accepts.touch(1);
    engine.accepts.forget(1);
    engine.accepts.settle(() => assert.fail('nobody is called'));
    await engine.stop(0);
  },

  'a stall of ten seconds delays and loses nothing': async (user, subject) => {
    const { engine } = user;
    const stalled = healthOf(engine, 'stalled');
    subject.stall(10_000);
    const at = user.offer('slow');
    const put = engine.sessions.put('anna', bytes('slow'));
    await subject.advance(9999);
    await stalled;
    assert.deepEqual(user.told, []);
    const ready = healthOf(engine, 'ready');
    const accepted = user.accepted(at);
    await subject.advance(1);
    await Promise.all([accepted, put, ready]);
  },

  'a stall longer than the grace does not hold up stop': async (user, subject) => {
    subject.stall(60_000);
    user.offer('stuck');
    user.engine.accepts.settle(() => assert.fail('it is not durable'));
    const put = failsWith('closed', user.engine.retained.put('t', bytes('stuck')));
    const stopping = user.engine.stop(10_000);
    await subject.advance(10_000);
    await Promise.all([stopping, put]);
    assert.deepEqual(user.told, []);
  },
};
