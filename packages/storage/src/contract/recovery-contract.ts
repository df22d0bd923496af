/** Contract: what the next run finds after a crash between any two steps of an entry's life. */

import assert from 'node:assert/strict';
import type { EntryRef } from '../accept-log.ts';
import type { Engine } from '../engine.ts';
import {
  accept,
  bytes,
  type Checks,
  collect,
  failsWith,
  orphanTexts,
  restart,
  text,
} from './engine-under-test.ts';

export const recoveryContract: Checks = {
  'crash between offer and done: whole entries, in order, once': async (engine, s) => {
    const offered = Array.from({ length: 20 }, (_, n) => `entry ${n}`);
    for (const name of offered) engine.accepts.offer(bytes(name), () => {});
    const found = await orphanTexts(await restart(s));
    assert.deepEqual(found, offered.slice(0, found.length));
  },

  'crash in the middle of the dones: all that were called are there': async (e, s) => {
    for (const crashAfter of [1, 7, 19]) {
      const engine = crashAfter === 1 ? e : await restart(s);
      await finishAll(engine);
      const told: string[] = [];
      const next = await new Promise<Promise<Engine>>(resolve => {
        for (let n = 0; n < 20; n += 1) {
          engine.accepts.offer(bytes(`${n}`), (error, _at) => {
            assert.equal(error, null);
            told.push(`${n}`);
            if (told.length === crashAfter) resolve(s.crash());
          });
        }
      });
      await next.start();
      const found = await orphanTexts(next);
      assert.equal(told.length, crashAfter, 'a dead engine calls nobody');
      assert.deepEqual(found.slice(0, crashAfter), told);
    }
  },

  'crash after done: there, with its place': async (engine, subject) => {
    const places = await acceptAll(engine, ['a', 'b', 'c']);
    const next = await restart(subject);
    const [log, ...others] = await collect(next.accepts.orphans());
    assert.equal(others.length, 0);
    assert.deepEqual(log.from, engine.self);
    const entries = await collect(log.entries());
    assert.deepEqual(
      entries.map(({ at, bytes: of }) => ({ at, name: text(of) })),
      places.map((at, n) => ({ at, name: 'abc'[n] })),
    );
  },

  'crash right after release: the unreleased are there': async (engine, subject) => {
    const names = Array.from({ length: 30 }, (_, n) => `${n}`);
    const places = await acceptAll(engine, names);
    for (let n = 0; n < 30; n += 3) engine.accepts.release(places[n]);
    const found = await orphanTexts(await restart(subject));
    const released = (name: string) => Number(name) % 3 === 0;
    assert.deepEqual(
      found.filter(name => !released(name)),
      names.filter(name => !released(name)),
    );
    assert.equal(new Set(found).size, found.length);
  },

  'clean stop: what was released is gone': async (engine, subject) => {
    const places = await acceptAll(engine, ['a', 'b', 'c', 'd']);
    for (const at of places.slice(0, 3)) engine.accepts.release(at);
    const stopping = engine.stop(1000);
    await subject.advance(1000);
    await stopping;
    const next = await subject.succeed();
    await next.start();
    assert.deepEqual(await orphanTexts(next), ['d']);
  },

  'clean stop of a log that is released: no orphans': async (engine, subject) => {
    for (const at of await acceptAll(engine, ['a', 'b'])) engine.accepts.release(at);
    await engine.stop(1000);
    const next = await subject.succeed();
    await next.start();
    assert.deepEqual(await orphanTexts(next), []);
  },

  'a run does not see its own entries': async engine => {
    await acceptAll(engine, ['a', 'b']);
    assert.deepEqual(await orphanTexts(engine), []);
  },

  'logs of several runs come oldest first': async (engine, subject) => {
    await acceptAll(engine, ['a', 'b']);
    const second = await restart(subject);
    await acceptAll(second, ['c']);
    const third = await restart(subject);
    const logs = await collect(third.accepts.orphans());
    assert.deepEqual(
      logs.map(log => log.from),
      [engine.self, second.self],
    );
    assert.deepEqual(await orphanTexts(third), ['a', 'b', 'c']);
  },

  'a log stays until it is finished': async (engine, subject) => {
    await acceptAll(engine, ['a', 'b']);
    const second = await restart(subject);
    assert.deepEqual(await orphanTexts(second), ['a', 'b']);
    assert.deepEqual(await orphanTexts(second), ['a', 'b']);
    for await (const log of second.accepts.orphans()) {
      for await (const entry of log.entries()) {
        assert.equal(text(entry.bytes), 'a');
        break;
      }
    }
    assert.deepEqual(await orphanTexts(await restart(subject)), ['a', 'b']);
  },

  'finish removes the log, for this run and the next': async (engine, subject) => {
    await acceptAll(engine, ['a']);
    const second = await restart(subject);
    await acceptAll(second, ['b']);
    for (const log of await collect(second.accepts.orphans())) {
      await log.finish();
      await log.finish();
    }
    assert.deepEqual(await orphanTexts(second), []);
    assert.deepEqual(await orphanTexts(await restart(subject)), ['b']);
  },

  'a crash before finish resolves leaves all or nothing': async (engine, subject) => {
    await acceptAll(engine, ['a', 'b']);
    const second = await restart(subject);
    const [log] = await collect(second.accepts.orphans());
    log.finish().catch(() => {});
    const found = await orphanTexts(await restart(subject));
    assert.ok(['', 'a b'].includes(found.join(' ')), found.join(' '));
  },

  'a dead log cannot be read once the run is over': async (engine, subject) => {
    await acceptAll(engine, ['a']);
    const second = await restart(subject);
    const [log] = await collect(second.accepts.orphans());
    await second.stop(1000);
    await failsWith('closed', collect(log.entries()));
    await failsWith('closed', log.finish());
  },

  'recovery into an inbox, broken off and repeated, repeats nothing': async (e, s) => {
    await acceptAll(e, ['a', 'b', 'c']);
    const second = await restart(s);
    for await (const log of second.accepts.orphans()) {
      for await (const { at, bytes: entry } of log.entries()) {
        await second.inboxes.append('anna', at, entry);
        if (text(entry) === 'b') break;
      }
    }
    const third = await restart(s);
    for await (const log of third.accepts.orphans()) {
      for await (const { at, bytes: entry } of log.entries()) {
        await third.inboxes.append('anna', at, entry);
      }
      await log.finish();
    }
    const { entries } = await third.inboxes.read('anna', 0, 10);
    assert.deepEqual(
      entries.map(entry => text(entry.bytes)),
      ['a', 'b', 'c'],
    );
  },
};

function acceptAll(engine: Engine, names: readonly string[]): Promise<EntryRef[]> {
  return Promise.all(names.map(name => accept(engine, bytes(name))));
}

async function finishAll(engine: Engine): Promise<void> {
  for await (const log of engine.accepts.orphans()) await log.finish();
}
