import { strict as assert } from 'node:assert';
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { ByteStream } from './byte-stream.ts';
import { byteStreamContract } from './contract.ts';
import { connectUnix } from './unix-connect.ts';
import { listenUnix } from './unix-listener.ts';

suite('unix', { skip: process.platform === 'win32' }, () => {
  let folder = '';
  let path = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-unix-'));
    path = join(folder, 'a.sock');
  });
  after(() => rm(folder, { recursive: true }));

  byteStreamContract('unix', async () => {
    const accepted = Promise.withResolvers<ByteStream>();
    const listener = await listenUnix({ path }, accepted.resolve);
    const near = await connectUnix({ path });
    return { near, far: await accepted.promise, close: () => listener.close() };
  });

  test('has the permissions that were asked for, and takes its file away', async () => {
    const accepted = Promise.withResolvers<ByteStream>();
    const listener = await listenUnix({ path, mode: 0o600 }, accepted.resolve);
    assert.deepEqual([listener.address, listener.port], [path, 0]);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const near = await connectUnix({ path });
    const far = await accepted.promise;
    assert.deepEqual([far.kind, far.remoteAddress, far.remotePort], ['unix', `unix:${path}`, 0]);
    near.destroy();
    far.destroy();
    await listener.close();
    await assert.rejects(stat(path), { code: 'ENOENT' });
    await assert.rejects(connectUnix({ path }), { code: 'ENOENT' });
  });

  test('is taken while somebody listens, and free when they have left it behind', async () => {
    const listener = await listenUnix({ path }, stream => stream.destroy());
    await assert.rejects(
      listenUnix({ path }, () => {}),
      { code: 'EADDRINUSE' },
    );
    await listener.close();
    await leaveBehind(path);
    const again = await listenUnix({ path }, () => {});
    await again.close();
  });

  test('leaves a file alone that is no socket', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'kept');
    await assert.rejects(
      listenUnix({ path: file }, () => {}),
      { code: 'EADDRINUSE' },
    );
    assert.equal((await stat(file)).size, 4);
  });
});

/** Makes a socket nobody listens on: renamed, it is not found when its server removes it. */
async function leaveBehind(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>(resolve => void server.listen(`${path}.0`, resolve));
  await rename(`${path}.0`, path);
  await new Promise<void>(resolve => void server.close(() => resolve()));
}
