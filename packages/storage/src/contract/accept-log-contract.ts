/** Contract: what a running accept log promises to those who offer and release. */

import assert from 'node:assert/strict';
import type { EntryRef } from '../accept-log.ts';
import type { Engine } from '../engine.ts';
import {
  accept,
  bytes,
  type Checks,
  MIB,
  orphanTexts,
  pattern,
  restart,
} from './engine-under-test.ts';

export const acceptLogContract: Checks = {
  'done runs in offer order, once each, never within offer': async engine => {
    const calls: number[] = [];
    const places: EntryRef[] = [];
    await new Promise<void>((resolve, reject) => {
      for (let n = 0; n < 1000; n += 1) {
        engine.accepts.offer(bytes(`${n}`), (error, at) => {
          if (error !== null) return reject(error);
          calls.push(n);
          places.push(at);
          if (n === 999) resolve();
        });
      }
      assert.deepEqual(calls, []);
    });
    await accept(engine, bytes('one more'));
    assert.deepEqual(calls, [...Array(1000).keys()]);
    for (let n = 0; n < 1000; n += 1) {
      assert.deepEqual(places[n].node, engine.self);
      if (n > 0) assert.ok(isBefore(places[n - 1], places[n]), `${n} comes after ${n - 1}`);
    }
  },

  'an offer made from within done is served after it': async engine => {
    const order: string[] = [];
    await new Promise<void>(resolve => {
      engine.accepts.offer(bytes('outer'), () => {
        engine.accepts.offer(bytes('inner'), () => {
          order.push('inner');
          resolve();
        });
        order.push('outer');
      });
    });
    assert.deepEqual(order, ['outer', 'inner']);
  },

  'the entry is copied': async (engine, subject) => {
    const reused = bytes('first');
    const accepted = accept(engine, reused);
    reused.set(bytes('other'));
    await accepted;
    assert.deepEqual(await orphanTexts(await restart(subject)), ['first']);
  },

  'an empty entry is an entry': async (engine, subject) => {
    await accept(engine, new Uint8Array(0));
    assert.deepEqual(await orphanTexts(await restart(subject)), ['']);
  },

  'an entry of 8 MiB comes back whole': async (engine, subject) => {
    assert.ok(engine.accepts.entryBytesMax >= 8 * MIB);
    const large = pattern(8 * MIB);
    await accept(engine, large);
    const next = await restart(subject);
    for await (const log of next.accepts.orphans()) {
      for await (const entry of log.entries()) {
        assert.ok(Buffer.from(entry.bytes).equals(large));
        return;
      }
    }
    assert.fail('the entry is missing');
  },

  'an entry above entryBytesMax is a mistake': async engine => {
    const tooLarge = new Uint8Array(engine.accepts.entryBytesMax + 1);
    assert.throws(() => engine.accepts.offer(tooLarge, () => assert.fail('taken')), RangeError);
  },

  'a full log refuses, and drains when entries are released': async engine => {
    let drains = 0;
    const drained = new Promise<void>(resolve => {
      engine.accepts.onDrain(() => {
        drains += 1;
        resolve();
      });
    });
    const places = await fill(engine);
    let called = false;
    for (let n = 0; n < 3; n += 1) {
      const refused = engine.accepts.offer(new Uint8Array(MIB), () => {
        called = true;
      });
      assert.equal(refused, false);
    }
    assert.equal(drains, 0);
    for (const at of places.slice(0, 2)) engine.accepts.release(at);
    await drained;
    assert.equal(drains, 1);
    await accept(engine, new Uint8Array(MIB));
    assert.equal(called, false, 'a refused offer is forgotten');
  },

  'no drain is called when nothing was refused': async engine => {
    engine.accepts.onDrain(() => assert.fail('nothing was refused'));
    const places = await Promise.all([1, 2, 3].map(n => accept(engine, bytes(`${n}`))));
    for (const at of places) engine.accepts.release(at);
    await accept(engine, bytes('later'));
  },

  'a log that was full for long accepts as before': async engine => {
    for (let round = 0; round < 3; round += 1) {
      const places = await fill(engine);
      const drained = new Promise<void>(resolve => engine.accepts.onDrain(resolve));
      assert.equal(
        engine.accepts.offer(new Uint8Array(MIB), () => {}),
        false,
      );
      for (const at of places.reverse()) engine.accepts.release(at);
      await drained;
    }
  },

  'releasing again does nothing': async (engine, subject) => {
    const [first] = await Promise.all(['a', 'b'].map(name => accept(engine, bytes(name))));
    engine.accepts.release(first);
    engine.accepts.release(first);
    await accept(engine, bytes('c'));
    engine.accepts.release(first);
    const found = await orphanTexts(await restart(subject));
    assert.deepEqual(
      found.filter(name => name !== 'a'),
      ['b', 'c'],
    );
  },

  'releasing an entry of another log is a mistake': async (engine, subject) => {
    const at = await accept(engine, bytes('before'));
    const next = await restart(subject);
    assert.throws(() => next.accepts.release(at), RangeError);
  },
};

/** Accepts entries of 1 MiB until the log is full. */
async function fill(engine: Engine): Promise<EntryRef[]> {
  const accepted: Promise<EntryRef>[] = [];
  const entry = new Uint8Array(MIB);
  for (let n = 0; n < 65; n += 1) {
    const { promise, resolve, reject } = Promise.withResolvers<EntryRef>();
    const taken = engine.accepts.offer(entry, (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
    if (!taken) return Promise.all(accepted);
    accepted.push(promise);
  }
  return assert.fail('the log took more than 64 MiB');
}

function isBefore(a: EntryRef, b: EntryRef): boolean {
  return a.sequence === b.sequence ? a.index < b.index : a.sequence < b.sequence;
}
