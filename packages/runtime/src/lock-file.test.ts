import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LockedError, lockFile } from './lock-file.ts';

test('one holder at a time, and the message names it', async t => {
  const directory = await mkdtemp(join(tmpdir(), 'godwit-lock-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'lock');
  const unlock = await lockFile(path, 'the directory');
  await assert.rejects(lockFile(path, 'the directory'), (error: Error) => {
    assert.ok(error instanceof LockedError);
    assert.match(error.message, new RegExp(`^the directory is in use by process ${process.pid} `));
    return true;
  });
  unlock();
  unlock();
  assert.deepEqual(await readdir(directory), ['lock']);
  (await lockFile(path, 'the directory'))();
});
