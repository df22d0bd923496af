/** `godwit passwd` as scripts use it. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { godwit } from './harness.ts';

suite('godwit passwd', { timeout: 30_000 }, () => {
  let folder = '';
  let users = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-passwd-'));
    users = join(folder, 'users');
  });
  after(() => rm(folder, { recursive: true }));

  async function passwd(input: string, ...args: readonly string[]): Promise<[number, string]> {
    const { code, stderr } = await godwit('passwd', ...args).input(input).outcome;
    return [code ?? -1, stderr.replaceAll(`${folder}/`, '')];
  }

  test('adds, changes and removes users, and leaves other lines alone', async () => {
    deepEqual(await passwd('engine\nignored\n', '-c', users, 'ada'), [0, '']);
    equal((await stat(users)).mode & 0o777, 0o600);
    await writeFile(users, `# mine\n${await readFile(users, 'utf8')}`, { mode: 0o640 });
    deepEqual(await passwd('', '-b', '--scram', users, 'bob', 'builder'), [0, '']);
    const first = await readFile(users, 'utf8');
    match(first, /^# mine\nada:\$argon2id\$\S+\nbob:SCRAM-SHA-256\$600000:\S+\n$/);
    deepEqual(await passwd('new\n', users, 'bob'), [0, '']);
    const second = await readFile(users, 'utf8');
    match(second, /^# mine\nada:\$argon2id\$\S+\nbob:\$argon2id\$\S+\n$/);
    equal(second.split('\n')[1], first.split('\n')[1]);
    deepEqual(await passwd('', '-D', users, 'ada'), [0, '']);
    match(await readFile(users, 'utf8'), /^# mine\nbob:\S+\n$/);
  });

  test('what cannot be done is said in one line, and changes nothing', async () => {
    await writeFile(users, '');
    const cases: [string, string[], string][] = [
      ['', ['-D', users, 'eve'], 'users has no user "eve"'],
      ['x\n', [join(folder, 'none'), 'eve'], 'there is no none; -c makes it'],
      ['x\n', [users, 'a:b'], 'user "a:b" has a colon or a control character'],
      ['', [users, 'eve'], 'no password was given'],
      [
        '',
        ['-b', users, 'eve'],
        'a password on the command line goes with -b, and -b with a password',
      ],
      [
        '',
        [users, 'eve', 'x'],
        'a password on the command line goes with -b, and -b with a password',
      ],
      ['', ['-D', '-c', users, 'eve'], '-D goes with no other option'],
    ];
    for (const [input, args, message] of cases) {
      deepEqual(await passwd(input, ...args), [1, `godwit passwd: ${message}\n`]);
    }
    equal(await readFile(users, 'utf8'), '');
  });
});
