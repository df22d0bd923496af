/** Contract: session records change hands by compare-and-set, and expire. */

import assert from 'node:assert/strict';
import type { Engine } from '../engine.ts';
import type { ClaimOptions } from '../session-registry.ts';
import { bytes, type Checks, collect, pattern, restart, text } from './engine-under-test.ts';

const DURABLE: ClaimOptions = { durable: true };
/** A year in milliseconds: beyond what a timer takes. */
const YEAR_MS = 365 * 24 * 3600 * 1000;

export const sessionRegistryContract: Checks = {
  'expected 0 means that there must be none': async engine => {
    const revision = await claim(engine, 'anna', 'first', 0);
    assert.ok(revision >= 1);
    const again = await engine.sessions.claim('anna', bytes('second'), 0, DURABLE);
    assert.deepEqual(again, { won: false });
    assert.deepEqual(await readText(engine, 'anna'), { name: 'first', revision });
  },

  'the right revision wins and makes a new one': async engine => {
    const first = await claim(engine, 'anna', 'first', 0);
    const second = await claim(engine, 'anna', 'second', first);
    assert.notEqual(second, first);
    assert.deepEqual(await readText(engine, 'anna'), { name: 'second', revision: second });
  },

  'a wrong revision loses and changes nothing': async engine => {
    const first = await claim(engine, 'anna', 'first', 0);
    const second = await claim(engine, 'anna', 'second', first);
    for (const stale of [first, second + 1000]) {
      const lost = await engine.sessions.claim('anna', bytes('lost'), stale, DURABLE);
      assert.deepEqual(lost, { won: false });
    }
    const missing = await engine.sessions.claim('bert', bytes('lost'), first, DURABLE);
    assert.deepEqual(missing, { won: false });
    assert.deepEqual(await readText(engine, 'anna'), { name: 'second', revision: second });
    assert.equal(await engine.sessions.read('bert'), null);
  },

  'of racing claims exactly one wins': async engine => {
    let revision = 0;
    for (let round = 0; round < 20; round += 1) {
      const results = await Promise.all(
        Array.from({ length: 16 }, (_, n) =>
          engine.sessions.claim('anna', bytes(`${round}.${n}`), revision, DURABLE),
        ),
      );
      const winners = results.flatMap((result, n) => (result.won ? [{ n, result }] : []));
      assert.equal(winners.length, 1);
      revision = winners[0].result.revision;
      const name = `${round}.${winners[0].n}`;
      assert.deepEqual(await readText(engine, 'anna'), { name, revision });
    }
  },

  'a claim and an end race for one revision: one wins': async engine => {
    const revision = await claim(engine, 'anna', 'a', 0);
    const [ended, claimed] = await Promise.all([
      engine.sessions.end('anna', revision),
      engine.sessions.claim('anna', bytes('b'), revision, DURABLE),
    ]);
    assert.notEqual(ended, claimed.won);
  },

  'end removes the record of this revision only': async engine => {
    const first = await claim(engine, 'anna', 'a', 0);
    const second = await claim(engine, 'anna', 'b', first);
    assert.equal(await engine.sessions.end('anna', first), false);
    assert.equal(await engine.sessions.end('anna', second), true);
    assert.equal(await engine.sessions.end('anna', second), false);
    assert.equal(await engine.sessions.read('anna'), null);
  },

  'a revision is never used again': async (engine, subject) => {
    const first = await claim(engine, 'anna', 'a', 0);
    await engine.sessions.end('anna', first);
    const second = await claim(engine, 'anna', 'b', 0);
    assert.notEqual(second, first);
    await engine.sessions.end('anna', second);
    const next = await restart(subject);
    const third = await claim(next, 'anna', 'c', 0);
    assert.ok(third !== first && third !== second);
  },

  'the bytes are copied, and may be 256 KiB': async engine => {
    const large = pattern(256 * 1024);
    const handed = Buffer.from(large);
    const claiming = engine.sessions.claim('anna', handed, 0, DURABLE);
    handed.fill(0);
    await claiming;
    const record = await engine.sessions.read('anna');
    assert.ok(record !== null && Buffer.from(record.bytes).equals(large));
  },

  'durable records survive a crash, others do not': async (engine, subject) => {
    const revision = await claim(engine, 'anna', 'kept', 0);
    await engine.sessions.claim('bert', bytes('gone'), 0, { durable: false });
    const carl = await claim(engine, 'carl', 'was durable', 0);
    await claim(engine, 'carl', 'no longer', carl, { durable: false });
    const next = await restart(subject);
    assert.deepEqual(await readText(next, 'anna'), { name: 'kept', revision });
    assert.equal(await next.sessions.read('bert'), null);
    assert.equal(await next.sessions.read('carl'), null);
  },

  'load gives every record': async (engine, subject) => {
    const expected = new Map<string, string>();
    for (let n = 0; n < 300; n += 1) {
      const revision = await claim(engine, `s${n}`, `${n}`, 0);
      expected.set(`s${n}`, `${n} at ${revision}`);
    }
    const load = async (run: Engine) =>
      (await collect(run.sessions.load())).map(
        ({ key, bytes: of, revision }) => [key, `${text(of)} at ${revision}`] as const,
      );
    for (const found of [await load(engine), await load(await restart(subject))]) {
      assert.equal(found.length, 300);
      assert.deepEqual(new Map(found), expected);
    }
  },

  'keys are code units, not characters': async engine => {
    const keys = ['ä', 'a\u0308', 'Ä', '🐦', '日本', 'a/b', 'a b', 'a\u0001', '.', 'x'.repeat(256)];
    for (const key of keys) await claim(engine, key, key, 0);
    for (const key of keys) assert.equal((await readText(engine, key))?.name, key);
    const found = await collect(engine.sessions.load());
    assert.deepEqual(found.map(record => record.key).sort(), [...keys].sort());
  },

  'a record expires, is gone, and is told of once': async (engine, subject) => {
    const told: string[] = [];
    const expired = onExpired(engine, told);
    const revision = await claim(engine, 'anna', 'a', 0, { durable: true, expiresInMs: 10_000 });
    await claim(engine, 'bert', 'b', 0);
    await subject.advance(9999);
    assert.deepEqual(await readText(engine, 'anna'), { name: 'a', revision });
    assert.deepEqual(told, []);
    await subject.advance(1);
    await expired;
    assert.equal(await engine.sessions.read('anna'), null);
    assert.equal(await engine.sessions.end('anna', revision), false);
    const stale = await engine.sessions.claim('anna', bytes('x'), revision, DURABLE);
    assert.deepEqual(stale, { won: false });
    await claim(engine, 'anna', 'anew', 0);
    await subject.advance(60_000);
    assert.deepEqual(told, ['anna']);
    assert.equal((await readText(engine, 'bert'))?.name, 'b');
  },

  'a claim sets the expiry anew': async (engine, subject) => {
    const told: string[] = [];
    engine.sessions.onExpired(key => told.push(key));
    const options = { durable: true, expiresInMs: 1000 };
    const anna = await claim(engine, 'anna', 'a', 0, options);
    const bert = await claim(engine, 'bert', 'b', 0, options);
    await subject.advance(999);
    await claim(engine, 'anna', 'for ever', anna, DURABLE);
    await claim(engine, 'bert', 'longer', bert, options);
    await subject.advance(999);
    assert.equal((await readText(engine, 'bert'))?.name, 'longer');
    const expired = onExpired(engine, []);
    await subject.advance(1);
    await expired;
    await subject.advance(60_000);
    assert.deepEqual(told, ['bert']);
    assert.equal((await readText(engine, 'anna'))?.name, 'for ever');
  },

  'a record claimed anew while its expiry waits stays': async (engine, subject) => {
    await claim(engine, 'anna', 'old', 0, { durable: true, expiresInMs: 1000 });
    subject.stall(5000);
    await subject.advance(500);
    const claiming = engine.sessions.claim('anna', bytes('new'), 0, DURABLE);
    await subject.advance(4500);
    // Whether the engine looked before the expiry or after it, what was claimed must stay.
    const claimed = await claiming;
    const revision = claimed.won ? claimed.revision : await claim(engine, 'anna', 'new', 0);
    await subject.advance(5000);
    assert.deepEqual(await readText(engine, 'anna'), { name: 'new', revision });
  },

  'an ended record does not expire': async (engine, subject) => {
    engine.sessions.onExpired(() => assert.fail('it was ended'));
    const options = { durable: true, expiresInMs: 1000 };
    const revision = await claim(engine, 'anna', 'a', 0, options);
    await engine.sessions.end('anna', revision);
    await subject.advance(5000);
  },

  'expiry runs on while nothing runs': async (engine, subject) => {
    await claim(engine, 'anna', 'a', 0, { durable: true, expiresInMs: 10_000 });
    await claim(engine, 'bert', 'b', 0, { durable: true, expiresInMs: 20_000 });
    const next = await subject.crash();
    await subject.advance(15_000);
    const told: string[] = [];
    const first = onExpired(next, told);
    await next.start();
    assert.equal(await next.sessions.read('anna'), null);
    await subject.advance(0);
    await first;
    const second = onExpired(next, []);
    await subject.advance(5000);
    await second;
    assert.deepEqual(told, ['anna', 'bert']);
  },

  'an expiry of a year comes after a year': async (engine, subject) => {
    const expired = onExpired(engine, []);
    await claim(engine, 'anna', 'a', 0, { durable: true, expiresInMs: YEAR_MS });
    await subject.advance(YEAR_MS - 1);
    assert.notEqual(await engine.sessions.read('anna'), null);
    await subject.advance(1);
    await expired;
    assert.equal(await engine.sessions.read('anna'), null);
  },
};

/** Claims and must win; the new revision. */
async function claim(
  engine: Engine,
  key: string,
  name: string,
  expected: number,
  options: ClaimOptions = DURABLE,
): Promise<number> {
  const result = await engine.sessions.claim(key, bytes(name), expected, options);
  return result.won ? result.revision : assert.fail(`the claim of ${key} was lost`);
}

async function readText(engine: Engine, key: string) {
  const record = await engine.sessions.read(key);
  return record && { name: text(record.bytes), revision: record.revision };
}

/** Notes expired keys in `told`; resolves with the first. */
function onExpired(engine: Engine, told: string[]): Promise<void> {
  return new Promise(resolve => {
    engine.sessions.onExpired(key => {
      told.push(key);
      resolve();
    });
  });
}
