/** Contract: the last message of a topic is kept, until it is removed or expires. */

import assert from 'node:assert/strict';
import type { Engine } from '../engine.ts';
import { bytes, type Checks, collect, MIB, pattern, restart, text } from './engine-under-test.ts';

export const retainedStoreContract: Checks = {
  'put, replace, remove': async (engine, subject) => {
    await engine.retained.put('a', bytes('1'));
    await engine.retained.put('b', bytes('2'));
    await engine.retained.put('c', bytes(''));
    assert.deepEqual(await load(engine), { a: '1', b: '2', c: '' });
    await engine.retained.put('a', bytes('3'));
    await engine.retained.put('b', null);
    await engine.retained.put('b', null);
    assert.deepEqual(await load(engine), { a: '3', c: '' });
    assert.deepEqual(await load(await restart(subject)), { a: '3', c: '' });
  },

  'puts of one topic take effect in the order of the calls': async engine => {
    await Promise.all([
      ...Array.from({ length: 50 }, (_, n) => engine.retained.put('a', bytes(`${n}`))),
      engine.retained.put('b', bytes('x')),
      engine.retained.put('b', null),
    ]);
    assert.deepEqual(await load(engine), { a: '49' });
  },

  'the bytes are copied': async engine => {
    const reused = bytes('first');
    const put = engine.retained.put('a', reused);
    reused.set(bytes('other'));
    await put;
    assert.deepEqual(await load(engine), { a: 'first' });
  },

  'messages expire, also while nothing runs': async (engine, subject) => {
    const now = subject.clock.wallMs();
    await engine.retained.put('a', bytes('1'), now + 1000);
    await engine.retained.put('b', bytes('2'), now + 2000);
    await engine.retained.put('c', bytes('3'));
    const found = await collect(engine.retained.load());
    assert.deepEqual(Object.fromEntries(found.map(each => [each.topic, each.expiresAtMs])), {
      a: now + 1000,
      b: now + 2000,
      c: null,
    });
    await subject.advance(999);
    assert.deepEqual(await load(engine), { a: '1', b: '2', c: '3' });
    await subject.advance(1);
    assert.deepEqual(await load(engine), { b: '2', c: '3' });
    const next = await subject.crash();
    await subject.advance(1000);
    await next.start();
    assert.deepEqual(await load(next), { c: '3' });
  },

  'a put sets the expiry anew': async (engine, subject) => {
    const now = subject.clock.wallMs();
    await engine.retained.put('a', bytes('1'), now + 1000);
    await engine.retained.put('a', bytes('2'));
    await subject.advance(5000);
    assert.deepEqual(await load(engine), { a: '2' });
  },

  'topics are code units, of up to 65,535 bytes': async (engine, subject) => {
    const long = 'long/'.repeat(13_107);
    assert.equal(long.length, 65_535);
    const other = `${long.slice(0, -1)}!`;
    const topics = ['ä', 'a\u0308', '🐦/日本', '/', '//', ' ', 'a\u0001', 'a', 'A', long, other];
    for (const topic of topics) await engine.retained.put(topic, bytes(`of ${topic}`));
    const found = await load(await restart(subject));
    assert.deepEqual(Object.keys(found).sort(), [...topics].sort());
    for (const topic of topics) assert.equal(found[topic], `of ${topic}`);
  },

  'a message of 8 MiB comes back whole': async engine => {
    const large = pattern(8 * MIB);
    await engine.retained.put('a', large);
    const [found] = await collect(engine.retained.load());
    assert.ok(Buffer.from(found.bytes).equals(large));
  },

  'a thousand topics load': async (engine, subject) => {
    const puts = Array.from({ length: 1000 }, (_, n) => engine.retained.put(`t/${n}`, bytes('x')));
    await Promise.all(puts);
    assert.equal((await collect((await restart(subject)).retained.load())).length, 1000);
  },
};

async function load(engine: Engine): Promise<Record<string, string>> {
  const found = await collect(engine.retained.load());
  return Object.fromEntries(found.map(each => [each.topic, text(each.bytes)]));
}
