import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FileFaultError } from '../file-fault-error.ts';
import { argon2Hash } from './argon2-hash.ts';
import { scramHash } from './scram-hash.ts';
import { parseUsers, userNameFault, withoutUser, withUser } from './user-file.ts';

const cheap = { memoryKiB: 8, passes: 1 };
/** Written by mosquitto_passwd 2.0.11 for the password `secret`. */
const mosquitto = {
  sha512:
    '$6$+Y+W8Y/9DmjNaOZX$S8L12mIAqOfOk7VCcOgwlZXE8dp1eESdExVtY8kXiQHNXYkMLryKNQZXKPWzDQfuoqBDjkY8XKprQqIcxMoljg==',
  pbkdf2:
    '$7$101$LhCbrXfnNekSU6Aa$Jh2JsEqy5xyrBi8J5qUX+T8iXMsQ2373/kp18q9OARETw3lcE80hXFsj9Nn4oW9687cxPpCmHYbl1Z8Jfdb7jQ==',
};

async function checks(hash: string, password: string): Promise<boolean> {
  return parseUsers('users', `ada:${hash}\n`).get('ada')!.check(Buffer.from(password));
}

suite('password file', () => {
  const hashes: [string, () => Promise<string>][] = [
    ['argon2id', () => argon2Hash('secret', cheap)],
    ['SCRAM-SHA-256', () => scramHash('secret', { hash: 'SHA-256', iterations: 4096 })],
    ['SCRAM-SHA-512', () => scramHash('secret', { hash: 'SHA-512', iterations: 4096 })],
    ['mosquitto_passwd -H sha512', async () => mosquitto.sha512],
    ['mosquitto_passwd -H sha512-pbkdf2', async () => mosquitto.pbkdf2],
  ];
  for (const [name, make] of hashes) {
    test(`${name}: the right password only`, async () => {
      const hash = await make();
      deepEqual(
        [await checks(hash, 'secret'), await checks(hash, 'Secret'), await checks(hash, '')],
        [true, false, false],
      );
    });
  }

  test('argon2id as its reference implementation tests it', async () => {
    const hash =
      '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
    equal(await checks(hash, 'password'), true);
    equal(await checks(hash, 'Password'), false);
  });

  test('names each line that it does not understand, and shows none of it', () => {
    const text = `# users\n\nada:$7$101$AAAA$BBBB\nplain:hunter2\nnocolon\n:${'x'.repeat(9)}\n`;
    throws(
      () => parseUsers('users', text),
      (error: FileFaultError) => {
        equal(error instanceof FileFaultError, true);
        deepEqual(
          error.faults.map(({ line }) => line),
          [3, 4, 5, 6],
        );
        match(error.message, /^users:3: expected name:hash, as godwit passwd/);
        equal(/hunter2|AAAA/.test(error.message), false);
        return true;
      },
    );
  });

  test('a user has one line', async () => {
    const line = `ada:${await argon2Hash('x', cheap)}\n`;
    throws(() => parseUsers('users', line + line), /users:2: a second line of user "ada"/);
  });

  test('refuses hashes that would cost too much to check', () => {
    const hash = '$argon2id$v=19$m=9999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA';
    throws(() => parseUsers('users', `ada:${hash}\n`), FileFaultError);
  });

  test('a user is added at the end, changed in place, and removed', () => {
    const text = withUser(withUser('# mine\nada:1\n', 'bob', '2'), 'ada', '3');
    equal(text, '# mine\nada:3\nbob:2\n');
    equal(withoutUser(text, 'ada'), '# mine\nbob:2\n');
    equal(withoutUser(text, 'eve'), null);
    equal(withUser('', 'ada', '1'), 'ada:1\n');
  });

  test('a name has no colon and no control character', () => {
    equal(userNameFault('ada@example'), null);
    for (const name of ['', 'a:b', 'a\nb', '#a', 'x'.repeat(65_536)]) {
      equal(typeof userNameFault(name), 'string');
    }
  });
});
