/**
 * What every {@link StoreTable} promises, as tests: run them for each adapter. They need `node:test`
 * and no access to the inside of a table.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoreTable } from '../store/store-table.ts';

/** A table over no data, and the hands that move its world. */
export interface TableUnderTest {
  /** Not open. */
  readonly table: StoreTable;
  /** Another one over the same data, not open, while the first lives on. */
  another(): StoreTable;
  /** Ends the open table as a crash does, after its last write; another one can be opened then. */
  crash(): Promise<void>;
  /** Frees everything. */
  close(): Promise<void>;
}

type Check = (subject: TableUnderTest) => Promise<void>;

const checks: Readonly<Record<string, Check>> = {
  'a new table is empty': async ({ table }) => {
    assert.deepEqual(await table.open(), []);
    await table.close();
  },

  'entries come back by ascending key, as they were written last': async subject => {
    const { table } = subject;
    await table.open();
    await table.write(batch([70_000, 'c'], [3, 'a'], [2 ** 52, 'd'], [500, 'b']));
    await table.write(batch([3, 'new'], [0, '']));
    await table.close();
    assert.deepEqual(await reopened(subject), [
      [0, ''],
      [3, 'new'],
      [500, 'b'],
      [70_000, 'c'],
      [2 ** 52, 'd'],
    ]);
  },

  'null removes a key, also one that is not there': async subject => {
    const { table } = subject;
    await table.open();
    await table.write(batch([1, 'a'], [2, 'b']));
    await table.write(batch([1, null], [9, null]));
    await table.close();
    assert.deepEqual(await reopened(subject), [[2, 'b']]);
  },

  'what was written survives a crash': async subject => {
    const { table } = subject;
    await table.open();
    for (let key = 0; key < 20; key += 1) await table.write(batch([key, `value ${key}`]));
    await table.write(batch([4, null]));
    await subject.crash();
    const keys = (await reopened(subject)).map(([key]) => key);
    assert.deepEqual(
      keys,
      [...Array(20).keys()].filter(key => key !== 4),
    );
  },

  'a value is any bytes, and is not kept after the write': async subject => {
    const { table } = subject;
    await table.open();
    const large = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7) & 0xff);
    const expected = new Uint8Array(large);
    await table.write(new Map([[1, large]]));
    large.fill(0);
    await table.write(batch([2, 'x']));
    await subject.crash();
    const next = subject.another();
    const [[, value]] = await next.open();
    assert.deepEqual(new Uint8Array(value), expected);
    await next.close();
  },

  'ten thousand changes in one batch': async subject => {
    const { table } = subject;
    await table.open();
    await table.write(new Map(Array.from({ length: 10_000 }, (_, key) => [key, bytes(`${key}`)])));
    await table.close();
    assert.equal((await reopened(subject)).length, 10_000);
  },

  'written over and over it holds the last values': async subject => {
    const { table } = subject;
    await table.open();
    const filler = 'x'.repeat(10_000);
    for (let round = 0; round < 300; round += 1) {
      await table.write(
        batch([round % 7, `${round} ${filler}`], [100 + round, 'gone'], [99, null]),
      );
      await table.write(batch([100 + round, null]));
    }
    await table.close();
    const entries = await reopened(subject);
    assert.deepEqual(
      entries.map(([key, value]) => [key, value.split(' ')[0]]),
      [0, 1, 2, 3, 4, 5, 6].map(key => [key, `${key + 7 * Math.floor((299 - key) / 7)}`]),
    );
  },

  'one holder at a time': async subject => {
    const { table } = subject;
    await table.open();
    await assert.rejects(subject.another().open(), /in use/);
    await table.write(batch([1, 'still here']));
    await table.close();
    assert.deepEqual(await reopened(subject), [[1, 'still here']]);
  },

  'closed, it can be opened again': async ({ table }) => {
    await table.open();
    await table.write(batch([1, 'a']));
    await table.close();
    assert.equal((await table.open()).length, 1);
    await table.write(batch([2, 'b']));
    await table.close();
    assert.equal((await table.open()).length, 2);
    await table.close();
  },
};

/** Registers the suite for the table `name`; `open` is called once for each test. */
export function tableContract(name: string, open: () => Promise<TableUnderTest>): void {
  describe(`store table contract: ${name}`, () => {
    for (const [title, check] of Object.entries(checks)) {
      test(title, async () => {
        const subject = await open();
        try {
          await check(subject);
        } finally {
          await subject.close();
        }
      });
    }
  });
}

function batch(...changes: [key: number, value: string | null][]): Map<number, Uint8Array | null> {
  return new Map(changes.map(([key, value]) => [key, value === null ? null : bytes(value)]));
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function reopened(subject: TableUnderTest): Promise<[number, string][]> {
  const table = subject.another();
  const entries = await table.open();
  await table.close();
  return entries.map(([key, value]) => [key, new TextDecoder().decode(value)]);
}
