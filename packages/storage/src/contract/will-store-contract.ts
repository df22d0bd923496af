/** Contract: a will becomes due by its time or its run's end, and is yielded to one. */

import assert from 'node:assert/strict';
import type { Engine } from '../engine.ts';
import { bytes, type Checks, restart, text } from './engine-under-test.ts';

export const willStoreContract: Checks = {
  'a will is due at its time, and is yielded once': async (engine, subject) => {
    const seen = watch(engine);
    const now = subject.clock.wallMs();
    await engine.wills.put('bert', bytes('second'), now + 2000);
    await engine.wills.put('anna', bytes('first'), now + 1000);
    await subject.advance(999);
    assert.deepEqual(seen.wills, []);
    await subject.advance(1);
    await seen.count(1);
    await subject.advance(1000);
    await seen.count(2);
    await subject.advance(60_000);
    assert.deepEqual(seen.wills, ['anna: first', 'bert: second']);
  },

  'a will whose time is past is due at once': async (engine, subject) => {
    const seen = watch(engine);
    await engine.wills.put('anna', bytes('late'), subject.clock.wallMs() - 1);
    await subject.advance(0);
    await seen.count(1);
    assert.deepEqual(seen.wills, ['anna: late']);
  },

  'a will without a time is not due in its own run': async (engine, subject) => {
    const seen = watch(engine);
    await engine.wills.put('anna', bytes('a'));
    await subject.advance(3600_000);
    assert.deepEqual(seen.wills, []);
  },

  'wills of a run that is over are due, unless cancelled': async (engine, subject) => {
    await engine.wills.put('anna', bytes('a'));
    await engine.wills.put('bert', bytes('b'));
    await engine.wills.put('carl', bytes('c'), subject.clock.wallMs() + 5000);
    await engine.wills.cancel('bert');
    await engine.wills.cancel('bert');
    await engine.wills.cancel('nobody');
    const next = await restart(subject);
    const seen = watch(next);
    await seen.count(1);
    await subject.advance(4999);
    assert.deepEqual(seen.wills, ['anna: a']);
    await subject.advance(1);
    await seen.count(2);
    assert.deepEqual(seen.wills, ['anna: a', 'carl: c']);
  },

  'a put replaces the will and its time': async (engine, subject) => {
    const seen = watch(engine);
    const now = subject.clock.wallMs();
    await engine.wills.put('anna', bytes('old'), now + 1000);
    await engine.wills.put('anna', bytes('new'), now + 2000);
    await engine.wills.put('bert', bytes('old'), now + 1000);
    await engine.wills.put('bert', bytes('new'));
    await subject.advance(1999);
    assert.deepEqual(seen.wills, []);
    await subject.advance(1);
    await seen.count(1);
    await engine.wills.put('anna', bytes('again'), now + 3000);
    await subject.advance(1000);
    await seen.count(2);
    assert.deepEqual(seen.wills, ['anna: new', 'anna: again']);
  },

  'a cancelled will is not due': async (engine, subject) => {
    const seen = watch(engine);
    await engine.wills.put('anna', bytes('a'), subject.clock.wallMs() + 1000);
    await subject.advance(999);
    await engine.wills.cancel('anna');
    await subject.advance(5000);
    assert.deepEqual(seen.wills, []);
  },

  'a will yielded but not cancelled comes again in the next run': async (_e, s) => {
    await s.advance(0);
    const engine = await restart(s);
    const seen = watch(engine);
    await engine.wills.put('anna', bytes('a'), s.clock.wallMs() + 10);
    await engine.wills.put('bert', bytes('b'), s.clock.wallMs() + 10);
    await s.advance(10);
    await seen.count(2);
    await engine.wills.cancel('bert');
    const next = await restart(s);
    const again = watch(next);
    await s.advance(0);
    await again.count(1);
    assert.deepEqual(again.wills, ['anna: a']);
  },

  'of two that iterate, one gets a will': async (engine, subject) => {
    const seen = watch(engine);
    const other = watch(engine);
    const now = subject.clock.wallMs();
    for (let n = 0; n < 20; n += 1) await engine.wills.put(`s${n}`, bytes(`${n}`), now + 100 + n);
    await subject.advance(1000);
    await engine.stop(0);
    await Promise.all([seen.ended, other.ended]);
    const all = [...seen.wills, ...other.wills];
    assert.equal(all.length, 20);
    assert.equal(new Set(all).size, 20);
  },

  'the iteration ends when the engine stops': async engine => {
    const seen = watch(engine);
    await engine.stop(0);
    await seen.ended;
    await watch(engine).ended;
  },

  'keys are code units, and the bytes are copied': async (engine, subject) => {
    const keys = ['ä', 'a\u0308', '🐦', '日本', 'x'.repeat(256)];
    for (const key of keys) {
      const reused = bytes('last words');
      const put = engine.wills.put(key, reused);
      reused.fill(0);
      await put;
    }
    const seen = watch(await restart(subject));
    await seen.count(keys.length);
    assert.deepEqual([...seen.wills].sort(), keys.map(key => `${key}: last words`).sort());
  },
};

/** Iterates until the engine stops or dies. */
function watch(engine: Engine) {
  const wills: string[] = [];
  let notify = () => {};
  const ended = (async () => {
    for await (const will of engine.wills.due()) {
      wills.push(`${will.key}: ${text(will.bytes)}`);
      notify();
    }
  })();
  const count = (expected: number) =>
    new Promise<void>(resolve => {
      notify = () => {
        if (wills.length >= expected) resolve();
      };
      notify();
    });
  return { wills, ended, count };
}
