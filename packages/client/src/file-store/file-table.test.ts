import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { SeededRandom } from '@godwit/testkit';
import { tableContract } from '../store-contract/table-contract.ts';
import { FileTable } from './file-table.ts';
import type { OpenFile } from './log-file.ts';

const random = new SeededRandom(1);

function makeDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'godwit-session-'));
}

tableContract('files', async () => {
  const directory = await makeDirectory();
  const tables: FileTable[] = [];
  const make = (): FileTable => {
    const table = new FileTable(directory, random);
    tables.push(table);
    return table;
  };
  const close = async (): Promise<void> => {
    for (const table of tables) await table.close();
  };
  return {
    table: make(),
    another: make,
    // all that counts is in the file; a process that is killed lets the lock go
    crash: close,
    close: async () => {
      await close();
      await rm(directory, { recursive: true });
    },
  };
});

/** A directory with a log of three records, and where each of them ends. */
async function threeRecords(t: TestContext): Promise<{ directory: string; ends: number[] }> {
  const directory = await makeDirectory();
  t.after(() => rm(directory, { recursive: true }));
  const table = new FileTable(directory, random);
  await table.open();
  const ends: number[] = [];
  for (const [key, text] of ['one', 'two', 'three'].entries()) {
    await table.write(new Map([[key, new TextEncoder().encode(text)]]));
    ends.push((await stat(join(directory, 'session.log'))).size);
  }
  await table.close();
  return { directory, ends };
}

async function keysIn(directory: string): Promise<number[]> {
  const table = new FileTable(directory, random);
  try {
    return (await table.open()).map(([key]) => key);
  } finally {
    await table.close();
  }
}

test('a log cut anywhere in its last record holds all before it, and goes on', async t => {
  const { directory, ends } = await threeRecords(t);
  const path = join(directory, 'session.log');
  const whole = await readFile(path);
  for (let length = ends[1]; length < ends[2]; length += 1) {
    await writeFile(path, whole.subarray(0, length));
    assert.deepEqual(await keysIn(directory), [0, 1], `cut at ${length}`);
    assert.equal((await stat(path)).size, ends[1]);
    // or its end was never written, though the file had grown
    await writeFile(path, Buffer.concat([whole.subarray(0, length), Buffer.alloc(50)]));
    assert.deepEqual(await keysIn(directory), [0, 1], `zeros from ${length}`);
    const table = new FileTable(directory, random);
    await table.open();
    await table.write(new Map([[7, Uint8Array.of(7)]]));
    await table.close();
    assert.deepEqual(await keysIn(directory), [0, 1, 7]);
  }
});

test('a bit that flipped is an error that names file and offset', async t => {
  const { directory, ends } = await threeRecords(t);
  const path = join(directory, 'session.log');
  const whole = await readFile(path);
  for (let at = 0; at < ends[1]; at += 1) {
    const damaged = Buffer.from(whole);
    damaged[at] ^= 1 << (at % 8);
    await writeFile(path, damaged);
    const offset = at < 16 ? 0 : at < ends[0] ? 16 : ends[0];
    await assert.rejects(keysIn(directory), (error: Error) => {
      assert.ok(error.message.startsWith(`${path}: `), error.message);
      if (at >= 4) assert.ok(error.message.endsWith(`damaged at byte ${offset}`), error.message);
      return true;
    });
    assert.deepEqual(await readFile(path), damaged, 'it is left as it is');
  }
});

test('a log of another format is refused', async t => {
  const { directory } = await threeRecords(t);
  const path = join(directory, 'session.log');
  const header = Buffer.alloc(16);
  header.writeUInt32LE(0x31465347, 0);
  header.writeUInt32LE(2, 4);
  header.writeUInt32LE(crc32(header.subarray(0, 12)), 12);
  await writeFile(path, header);
  await assert.rejects(keysIn(directory), /session\.log: of format 2; expected 1$/);
  await writeFile(path, 'something else entirely');
  await assert.rejects(keysIn(directory), /session\.log: not a session log$/);
});

/** Opens files whose `call` fails from the moment on that `isFailing` says so. */
function failingDisk(call: 'write' | 'datasync', isFailing: () => boolean): OpenFile {
  return async (...args) => {
    const file = await open(...args);
    const real = file[call].bind(file) as (...args: unknown[]) => Promise<unknown>;
    const faulty = async (...given: unknown[]): Promise<unknown> => {
      if (isFailing()) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      return real(...given);
    };
    return Object.assign(file, { [call]: faulty });
  };
}

for (const call of ['write', 'datasync'] as const) {
  test(`a disk that fails to ${call}: the table fails, and what was stored is there`, async t => {
    const directory = await makeDirectory();
    t.after(() => rm(directory, { recursive: true }));
    let isFailing = false;
    const table = new FileTable(
      directory,
      random,
      failingDisk(call, () => isFailing),
    );
    await table.open();
    await table.write(new Map([[1, Uint8Array.of(1)]]));
    isFailing = true;
    const path = join(directory, 'session.log');
    await assert.rejects(table.write(new Map([[2, Uint8Array.of(2)]])), {
      message: `${path}: ENOSPC: no space left`,
    });
    isFailing = false;
    await assert.rejects(table.write(new Map([[3, Uint8Array.of(3)]])), {
      message: `${path}: an earlier write failed`,
    });
    await table.close();
    const keys = await keysIn(directory);
    assert.ok(keys.includes(1) && !keys.includes(3));
  });
}

test('a log of outdated records is rewritten, and a rewriting that was cut short does no harm', async t => {
  const directory = await makeDirectory();
  t.after(() => rm(directory, { recursive: true }));
  const table = new FileTable(directory, random);
  await table.open();
  const path = join(directory, 'session.log');
  let most = 0;
  for (let round = 0; round < 100; round += 1) {
    await table.write(new Map([[round % 3, new Uint8Array(50_000).fill(round)]]));
    most = Math.max(most, (await stat(path)).size);
  }
  assert.ok(most < 1_200_000, `${most} bytes`);
  await table.close();
  await copyFile(path, `${path}.new`);
  assert.deepEqual(await keysIn(directory), [0, 1, 2]);
  await assert.rejects(stat(`${path}.new`), { code: 'ENOENT' });
});
