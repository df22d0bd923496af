/** Contract: how an engine begins, stalls, is fenced, and ends. */

import assert from 'node:assert/strict';
import {
  accept,
  bytes,
  type Checks,
  collect,
  failsWith,
  healthOf,
  orphanTexts,
} from './engine-under-test.ts';

export const lifeContract: Checks = {
  'a new engine is empty': async engine => {
    assert.deepEqual(await orphanTexts(engine), []);
    assert.equal(await engine.sessions.read('anna'), null);
    assert.deepEqual(await collect(engine.sessions.load()), []);
    assert.deepEqual(await engine.inboxes.read('anna', 0, 10), { entries: [], end: true });
    assert.deepEqual(await collect(engine.retained.load()), []);
  },

  'each run has a greater incarnation of the same node': async (engine, subject) => {
    const second = await subject.crash();
    const third = await subject.crash();
    assert.equal(second.self.id, engine.self.id);
    assert.ok(second.self.incarnation > engine.self.incarnation);
    assert.ok(third.self.incarnation > second.self.incarnation);
  },

  'before the start everything is closed': async (_engine, subject) => {
    const next = await subject.crash();
    await failsWith('closed', accept(next, bytes('early')));
    await failsWith('closed', next.sessions.read('anna'));
    await failsWith('closed', next.retained.put('t', bytes('early')));
    await failsWith('closed', orphanTexts(next));
  },

  'health is ready after the start': async (_engine, subject) => {
    const next = await subject.crash();
    const seen: string[] = [];
    next.onHealth(health => seen.push(health));
    await next.start();
    assert.deepEqual(seen, ['ready']);
  },

  'an engine starts once': async engine => {
    await failsWith('closed', engine.start());
  },

  'stop finishes what is under way and calls every done before it resolves': async engine => {
    let called = 0;
    for (let n = 0; n < 100; n += 1) {
      engine.accepts.offer(bytes(`${n}`), (error, at) => {
        assert.equal(error, null);
        called += 1;
        if (at !== null) engine.accepts.release(at);
      });
    }
    const put = engine.retained.put('t', bytes('last'));
    await engine.stop(1000);
    assert.equal(called, 100);
    await put;
  },

  'stop finishes writes when no entry is under way': async engine => {
    const put = engine.retained.put('t', bytes('last'));
    await engine.stop(1000);
    await put;
  },

  'stop waits for releases and for writes': async (engine, subject) => {
    const at = await accept(engine, bytes('held'));
    let stopped = false;
    const stopping = engine.stop(60_000).then(() => {
      stopped = true;
    });
    await subject.advance(1000);
    assert.equal(stopped, false);
    await engine.inboxes.append('anna', at, bytes('held'));
    await failsWith('closed', accept(engine, bytes('too late')));
    assert.equal(stopped, false);
    engine.accepts.release(at);
    await stopping;
  },

  'stop ends at its deadline, and what is left is an orphan': async (engine, s) => {
    await accept(engine, bytes('left'));
    const stopping = engine.stop(5000);
    assert.equal(engine.stop(1), stopping);
    await s.advance(5000);
    await stopping;
    const next = await s.succeed();
    await next.start();
    assert.deepEqual(await orphanTexts(next), ['left']);
  },

  'a stopped engine is closed for good': async engine => {
    const at = await accept(engine, bytes('done'));
    engine.accepts.release(at);
    await engine.stop(1000);
    await failsWith('closed', accept(engine, bytes('after')));
    await failsWith('closed', engine.inboxes.append('anna', at, bytes('after')));
    await failsWith('closed', engine.inboxes.trim('anna', 1));
    await failsWith('closed', engine.sessions.end('anna', 1));
    await failsWith('closed', engine.wills.cancel('anna'));
    await failsWith('closed', collect(engine.retained.load()));
    await failsWith('closed', engine.start());
    engine.accepts.release(at);
    await engine.stop(0);
  },

  'a stall of ten seconds delays and loses nothing': async (engine, subject) => {
    const stalled = healthOf(engine, 'stalled');
    const order: number[] = [];
    subject.stall(10_000);
    const accepted = [0, 1, 2].map(n =>
      accept(engine, bytes(`${n}`)).then(() => {
        order.push(n);
      }),
    );
    const claimed = engine.sessions.claim('anna', bytes('a'), 0, { durable: true });
    await subject.advance(9999);
    await stalled;
    assert.deepEqual(order, []);
    const ready = healthOf(engine, 'ready');
    await subject.advance(1);
    await Promise.all([...accepted, claimed, ready]);
    assert.deepEqual(order, [0, 1, 2]);
  },

  'a stall longer than the grace does not hold up stop': async (engine, subject) => {
    subject.stall(60_000);
    const codes: (string | undefined)[] = [];
    engine.accepts.offer(bytes('stuck'), (error, _at) => codes.push(error?.code));
    const put = failsWith('closed', engine.retained.put('t', bytes('stuck')));
    const stopping = engine.stop(10_000);
    await subject.advance(10_000);
    await Promise.all([stopping, put]);
    assert.deepEqual(codes, ['closed']);
  },

  'a newer run fences the one before': async (engine, subject) => {
    await accept(engine, bytes('mine'));
    const fenced = healthOf(engine, 'fenced');
    const next = await subject.succeed();
    await next.start();
    await failsWith('fenced', accept(engine, bytes('zombie')));
    await failsWith('fenced', engine.sessions.claim('anna', bytes('z'), 0, { durable: true }));
    await failsWith('fenced', engine.inboxes.append('anna', zombie(engine), bytes('z')));
    await failsWith('fenced', engine.retained.put('t', bytes('z')));
    await failsWith('fenced', engine.wills.put('anna', bytes('z')));
    await fenced;
    assert.deepEqual(await orphanTexts(next), ['mine']);
    assert.equal(await next.sessions.read('anna'), null);
    await engine.stop(1000);
  },

  'a write under way while fenced is found if it succeeded': async (engine, subject) => {
    const next = await subject.succeed();
    const succeeded: string[] = [];
    const writes = Array.from({ length: 50 }, async (_, n) => {
      await accept(engine, bytes(`${n}`)).then(
        () => succeeded.push(`${n}`),
        error => assert.equal(error.code, 'fenced'),
      );
    });
    await next.start();
    await Promise.all(writes);
    const found = new Set(await orphanTexts(next));
    for (const entry of succeeded) assert.ok(found.has(entry), `${entry} was accepted`);
  },
};

function zombie(engine: { self: { id: string; incarnation: string } }) {
  return { node: engine.self, sequence: 1, index: 0 };
}
