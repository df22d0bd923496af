/** Contract: tables. */

import assert from 'node:assert/strict';
import type { Engine } from '../engine.ts';
import type { Table } from '../table.ts';
import { bytes, type Checks, contentOf, failsWith, MIB, pattern } from './engine-under-test.ts';
import { LogUser } from './log-user.ts';

/** The tables by name. */
export function tablesOf(engine: Engine): Record<string, Table> {
  const { sessions, subscriptions, retained, wills } = engine;
  return { sessions, subscriptions, retained, wills };
}

export const tableContract: Checks = {
  'the last value of each key is found, table by table': async (user, subject) => {
    for (const [name, table] of Object.entries(tablesOf(user.engine))) {
      await table.put('anna', bytes('first'));
      await Promise.all([
        table.put('anna', bytes(name)),
        table.put('bert', bytes('')),
        table.put('carl', bytes('gone')),
        table.put('carl', null),
        table.put('nobody', null),
      ]);
    }
    const next = await LogUser.begin(await subject.crash());
    for (const [name, table] of Object.entries(tablesOf(next.engine))) {
      assert.deepEqual(await contentOf(table), { anna: name, bert: '' });
    }
  },

  'what was put in this run is found as well': async user => {
    await user.engine.retained.put('t', bytes('now'));
    assert.deepEqual(await contentOf(user.engine.retained), { t: 'now' });
  },

  'a value is copied before put returns': async user => {
    const value = bytes('before');
    const put = user.engine.wills.put('anna', value);
    value.fill(0);
    await put;
    assert.deepEqual(await contentOf(user.engine.wills), { anna: 'before' });
  },

  'calls take effect in their order': async (user, subject) => {
    const { sessions } = user.engine;
    const calls: Promise<void>[] = [];
    for (let n = 0; n <= 500; n += 1) {
      calls.push(sessions.put(`key ${n % 7}`, n % 3 === 0 ? null : bytes(`${n}`)));
    }
    await Promise.all(calls);
    const wanted: Record<string, string> = {};
    for (let n = 494; n <= 500; n += 1) if (n % 3 !== 0) wanted[`key ${n % 7}`] = `${n}`;
    const next = await LogUser.begin(await subject.crash());
    assert.deepEqual(await contentOf(next.engine.sessions), wanted);
  },

  'keys are compared code unit by code unit': async user => {
    const { retained } = user.engine;
    const keys = ['\u00e9', 'e\u0301', 'É', '\u0000', '\u{1f426}', 'k'.repeat(65_535)];
    await Promise.all(keys.map((key, n) => retained.put(key, bytes(`${n}`))));
    const content = await contentOf(retained);
    assert.deepEqual(
      keys.map(key => content[key]),
      keys.map((_, n) => `${n}`),
    );
  },

  'a key that cannot be is a mistake of the caller': async user => {
    const { wills } = user.engine;
    for (const key of ['', 'k'.repeat(65_536), '\u00e9'.repeat(40_000), 'half \ud83d']) {
      await assert.rejects(async () => wills.put(key, null), RangeError);
    }
  },

  'large values are kept': async (user, subject) => {
    await user.engine.retained.put('large', pattern(3 * MIB));
    const next = await LogUser.begin(await subject.crash());
    for await (const { key, bytes: value } of next.engine.retained.load()) {
      assert.equal(key, 'large');
      assert.deepEqual(new Uint8Array(value), pattern(3 * MIB));
    }
  },

  'a full table refuses what adds; removals go on, and make room': async user => {
    const { wills } = user.engine;
    const filled: string[] = [];
    const fill = async (): Promise<void> => {
      for (let n = 0; n < 1000; n += 1) {
        await wills.put(`${n}`, pattern(MIB));
        filled.push(`${n}`);
      }
    };
    await failsWith('full', fill());
    assert.ok(filled.length > 0);
    await wills.put(filled[0], null);
    await wills.put('again', pattern(MIB));
  },
};
