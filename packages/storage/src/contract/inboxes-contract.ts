/** Contract: inboxes keep order, repeat nothing, and page. */

import assert from 'node:assert/strict';
import type { EntryRef } from '../accept-log.ts';
import type { Engine } from '../engine.ts';
import { bytes, type Checks, MIB, pattern, restart, text } from './engine-under-test.ts';

export const inboxesContract: Checks = {
  'a read has what was appended before, in order': async engine => {
    for (let n = 0; n < 20; n += 1) {
      await engine.inboxes.append('anna', ref(engine, n), bytes(`${n}`));
      const names = await readAll(engine, 'anna');
      assert.deepEqual(
        names,
        [...Array(n + 1).keys()].map(m => `${m}`),
      );
    }
  },

  'appends take effect in the order of the calls': async engine => {
    await Promise.all(
      [3, 1, 2].map(n => engine.inboxes.append('anna', ref(engine, n), bytes(`${n}`))),
    );
    assert.deepEqual(await readAll(engine, 'anna'), ['3', '1', '2']);
  },

  'an id is appended once, to each key': async (engine, subject) => {
    const id = ref(engine, 7);
    await Promise.all([
      engine.inboxes.append('anna', id, bytes('first')),
      engine.inboxes.append('anna', id, bytes('again')),
      engine.inboxes.append('bert', id, bytes('other key')),
    ]);
    await engine.inboxes.append('anna', { ...id, index: 1 }, bytes('next index'));
    const later = { id: id.node.id, incarnation: `${id.node.incarnation}0` };
    await engine.inboxes.append('anna', { ...id, node: later }, bytes('other run'));
    await engine.inboxes.append('anna', structuredClone(id), bytes('again'));
    const next = await restart(subject);
    await next.inboxes.append('anna', id, bytes('again'));
    assert.deepEqual(await readAll(next, 'anna'), ['first', 'next index', 'other run']);
    assert.deepEqual(await readAll(next, 'bert'), ['other key']);
  },

  'reads page by position and limit': async engine => {
    await fill(engine, 'anna', 10);
    const first = await engine.inboxes.read('anna', 0, 4);
    assert.equal(first.end, false);
    assert.ok(first.entries.length >= 1 && first.entries.length <= 4);
    assert.ok(first.entries[0].position >= 1);
    const names: string[] = [];
    let after = 0;
    for (let pages = 0; pages <= 10; pages += 1) {
      const page = await engine.inboxes.read('anna', after, 3);
      for (const entry of page.entries) {
        assert.ok(entry.position > after);
        after = entry.position;
        names.push(text(entry.bytes));
      }
      if (page.end) break;
      assert.notEqual(page.entries.length, 0);
    }
    assert.deepEqual(
      names,
      [...Array(10).keys()].map(n => `${n}`),
    );
    assert.deepEqual(await engine.inboxes.read('anna', after, 3), { entries: [], end: true });
  },

  'a page that ends the inbox says so': async engine => {
    await fill(engine, 'anna', 1);
    const page = await engine.inboxes.read('anna', 0, 1);
    assert.equal(page.entries.length, 1);
    assert.equal(page.end, true);
  },

  'a limit below 1 is a mistake': async engine => {
    for (const limit of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(engine.inboxes.read('anna', 0, limit), RangeError);
    }
  },

  'trim removes up to a position, again does nothing': async (engine, subject) => {
    await fill(engine, 'anna', 6);
    await fill(engine, 'bert', 2);
    const { entries } = await engine.inboxes.read('anna', 0, 6);
    await engine.inboxes.trim('anna', entries[2].position);
    await engine.inboxes.trim('anna', entries[2].position);
    await engine.inboxes.trim('anna', entries[0].position);
    await engine.inboxes.trim('nobody', 1000);
    const next = await restart(subject);
    assert.deepEqual(await readAll(next, 'anna'), ['3', '4', '5']);
    assert.deepEqual(await readAll(next, 'bert'), ['0', '1']);
    const again = await next.inboxes.read('anna', 0, 1);
    assert.equal(again.entries[0].position, entries[3].position);
  },

  'positions are not used again': async (engine, subject) => {
    await fill(engine, 'anna', 3);
    const before = await engine.inboxes.read('anna', 0, 3);
    const last = before.entries[before.entries.length - 1].position;
    await engine.inboxes.trim('anna', last);
    const next = await restart(subject);
    await next.inboxes.append('anna', ref(next, 50), bytes('new'));
    const { entries } = await next.inboxes.read('anna', last, 3);
    assert.deepEqual(
      entries.map(entry => text(entry.bytes)),
      ['new'],
    );
  },

  'drop removes an inbox, and a later append begins anew': async (engine, subject) => {
    await fill(engine, 'anna', 3);
    await fill(engine, 'bert', 1);
    await Promise.all([
      engine.inboxes.append('anna', ref(engine, 10), bytes('dropped too')),
      engine.inboxes.drop('anna'),
      engine.inboxes.append('anna', ref(engine, 0), bytes('after')),
    ]);
    await engine.inboxes.drop('nobody');
    const next = await restart(subject);
    assert.deepEqual(await readAll(next, 'anna'), ['after']);
    assert.deepEqual(await readAll(next, 'bert'), ['0']);
  },

  'expired entries are not read': async (engine, subject) => {
    const now = subject.clock.wallMs();
    const append = (n: number, expiresAtMs?: number) =>
      engine.inboxes.append('anna', ref(engine, n), bytes(`${n}`), expiresAtMs);
    await append(0, now + 5000);
    await append(1);
    await append(2, now + 1000);
    await append(3, now + 5000);
    await append(4, now - 1);
    assert.deepEqual(await readAll(engine, 'anna'), ['0', '1', '2', '3']);
    await subject.advance(1000);
    assert.deepEqual(await readAll(engine, 'anna'), ['0', '1', '3']);
    const next = await restart(subject);
    await subject.advance(4000);
    const page = await next.inboxes.read('anna', 0, 1);
    assert.deepEqual(
      page.entries.map(entry => text(entry.bytes)),
      ['1'],
    );
    assert.equal(page.end, true);
  },

  'entries survive a crash once append has resolved': async (engine, subject) => {
    await fill(engine, 'anna', 5);
    const next = await restart(subject);
    assert.deepEqual(await readAll(next, 'anna'), ['0', '1', '2', '3', '4']);
  },

  'the bytes are copied': async engine => {
    const reused = bytes('first');
    const appended = engine.inboxes.append('anna', ref(engine, 0), reused);
    reused.set(bytes('other'));
    await appended;
    assert.deepEqual(await readAll(engine, 'anna'), ['first']);
  },

  'an entry of 8 MiB comes back whole': async engine => {
    const large = pattern(8 * MIB);
    await engine.inboxes.append('anna', ref(engine, 0), large);
    await engine.inboxes.append('anna', ref(engine, 1), bytes('small'));
    const { entries } = await engine.inboxes.read('anna', 0, 1);
    assert.ok(Buffer.from(entries[0].bytes).equals(large));
  },

  'keys are code units, not characters': async engine => {
    const keys = ['ä', 'a\u0308', '🐦', '日本', 'a/b', 'a', 'A', 'a\u0001', 'x'.repeat(256)];
    for (const key of keys) await engine.inboxes.append(key, ref(engine, 0), bytes(key));
    for (const key of keys) assert.deepEqual(await readAll(engine, key), [key]);
  },
};

function ref(engine: Engine, sequence: number): EntryRef {
  return { node: engine.self, sequence: sequence + 1, index: 0 };
}

async function fill(engine: Engine, key: string, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      engine.inboxes.append(key, ref(engine, n), bytes(`${n}`)),
    ),
  );
}

async function readAll(engine: Engine, key: string): Promise<string[]> {
  const names: string[] = [];
  for (let after = 0; ; ) {
    const { entries, end } = await engine.inboxes.read(key, after, 100);
    for (const entry of entries) {
      names.push(text(entry.bytes));
      after = entry.position;
    }
    if (end) return names;
  }
}
