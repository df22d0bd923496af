/** `godwit store` on what a real server has left behind. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { defaultConfig } from '@godwit/server';
import { godwit, type Outcome, startServer } from './harness.ts';

const timeout = 30_000;

suite('godwit store', { timeout }, () => {
  let folder = '';
  let data = '';
  const store = (...args: readonly string[]): Promise<Outcome> => godwit('store', ...args).outcome;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-store-'));
    data = join(folder, 'data');
    const storage = { ...defaultConfig.storage, dataDir: data };
    const [server, port] = await startServer({ storage });
    const session = ['-p', port, '-c', '-x', '600', '-q', '2', '-t', 'a/#', '-E'];
    equal((await godwit('sub', '-i', 'anna', ...session).outcome).code, 0);
    equal((await godwit('sub', '-i', 'bert', ...session).outcome).code, 0);
    const publish = ['-p', port, '-q', '2', '-r', '-D', 'publish', 'content-type', 'x'];
    for (const topic of ['a/1', 'a/2', 'a/ü']) {
      equal((await godwit('pub', ...publish, '-t', topic, '-m', topic).outcome).code, 0);
    }
    const { code, stderr } = await store('inspect', data);
    equal(code, 1);
    match(stderr, /^godwit store: .*data is in use by process \d+.*; stop the broker first\n$/);
    await server.close();
  });
  after(() => rm(folder, { recursive: true }));

  test('inspect says what is there', async () => {
    const { code, stdout, stderr } = await store('inspect', data, '--top', '1');
    deepEqual([code, stderr], [0, '']);
    match(
      stdout,
      /^format +2\nsessions +2\nsubscriptions +2\nmessages +3\nretained +3\nwills +0\n/,
    );
    match(stdout, /\nanna +3 +0 +10\n$/);
    const { counts, queues } = JSON.parse((await store('inspect', data, '--json')).stdout);
    deepEqual(counts, { session: 2, subscription: 2, message: 3, retained: 3, will: 0 });
    deepEqual(queues[1], { clientId: 'bert', waiting: 3, inFlight: 0, payloadBytes: 10 });
  });

  test('export, import and export again give the same lines, and a server serves them', async () => {
    const first = join(folder, 'first.ndjson');
    const copy = join(folder, 'copy');
    deepEqual(await store('export', data, '--out', first), { code: 0, stdout: '', stderr: '' });
    const lines = await readFile(first, 'utf8');
    equal(lines.split('\n').length, 1 + 2 + 2 + 3 + 3 + 1);
    const said = 'godwit store: took 10 records\n';
    deepEqual(await store('import', copy, first), { code: 0, stdout: '', stderr: said });
    equal((await store('export', copy)).stdout, lines);
    const [server, port] = await startServer({
      storage: { ...defaultConfig.storage, dataDir: copy },
    });
    const session = ['-p', port, '-i', 'anna', '-c', '-x', '600', '-q', '2', '-t', 'a/#'];
    const { stdout } = await godwit('sub', ...session, '-C', '3', '-F', '%t %q %C').outcome;
    equal(stdout, 'a/1 2 x\na/2 2 x\na/ü 2 x\n');
    await server.close();
    const again = await godwit('store', 'import', copy, '--replace').input(lines).outcome;
    equal(again.code, 0);
    equal((await store('export', copy)).stdout, lines);
  });

  test('import refuses a folder that is not empty, and a line that is wrong', async () => {
    const file = join(folder, 'wrong.ndjson');
    const { stdout } = await store('export', data);
    const lines = stdout.split('\n');
    lines[3] = '{"kind":"subscription","clientId":"nobody","filter":"a","qos":1}';
    await writeFile(file, lines.join('\n'));
    const refused = await store('import', data, file);
    equal(refused.code, 1);
    match(refused.stderr, /data is not empty/);
    const wrong = await store('import', data, file, '--replace');
    deepEqual(
      [wrong.code, wrong.stderr],
      [1, 'godwit store: line 4: clientId: no session before has it\n'],
    );
    equal((await store('export', data)).stdout, stdout, 'nothing has changed');
    equal((await store('import', join(folder, 'new'), file)).code, 1);
    deepEqual(
      (await readdir(join(folder, 'new'))).filter(name => name !== 'lock'),
      [],
    );
  });

  test('verify finds a byte that has changed, and compact makes files small', async () => {
    deepEqual(await store('verify', data), {
      code: 0,
      stdout: 'everything is as it was written\n',
      stderr: '',
    });
    const { sizeBefore, sizeAfter } = JSON.parse((await store('compact', data, '--json')).stdout);
    equal(sizeAfter <= sizeBefore, true);
    const { stdout } = await store('export', data);
    equal(stdout.split('\n').length, 12);
    const names = await readdir(data);
    const name = names.filter(each => each.startsWith('state-')).sort()[0];
    const handle = await open(join(data, name), 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, 60);
    byte[0] ^= 4;
    await handle.write(byte, 0, 1, 60);
    await handle.close();
    const damaged = await store('verify', data);
    equal(damaged.code, 1);
    match(damaged.stdout, /^state-\d+\.log, byte \d+: no good record/);
    const json = JSON.parse((await store('inspect', data, '--json')).stdout);
    equal(json.problems[0].file, name);
  });

  test('a folder without data is none', async () => {
    const { code, stderr } = await store('verify', join(folder, 'nothing'));
    deepEqual([code, stderr], [1, `godwit store: ${folder}/nothing has no data of a broker\n`]);
    equal((await store('verify')).code, 1);
    equal((await store('forget', data)).code, 1);
  });
});
