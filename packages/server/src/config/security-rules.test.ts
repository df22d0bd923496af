import { deepEqual, equal } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { argon2Hash } from '@godwit/auth';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { loadConfig } from './load-config.ts';

suite('authenticators and rules', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-security-'));
  });
  after(() => rm(folder, { recursive: true }));

  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  const at = (name: string): string => JSON.stringify(join(folder, name));

  async function load(text: string): Promise<Config> {
    await write('godwit.toml', text);
    return loadConfig({ file: join(folder, 'godwit.toml') });
  }

  async function faults(text: string): Promise<string[]> {
    try {
      await load(text);
      return [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.message.replaceAll(`${folder}/`, '').split('\n');
    }
  }

  test('are what the file says', async () => {
    await write('users', `ada:${await argon2Hash('x', { memoryKiB: 8, passes: 1 })}\n`);
    await write('acl.toml', '[[rules]]\nallow = "publish"\ntopics = ["a"]\n');
    const { authenticators, acl, auth } = await load(
      `[[authenticators]]\ntype = "password"\nfile = ${at('users')}\n[acl]\nfile = ${at('acl.toml')}\n`,
    );
    deepEqual(authenticators, [
      { type: 'password', onError: 'refuse', file: join(folder, 'users') },
    ]);
    equal(acl.file, join(folder, 'acl.toml'));
    deepEqual(auth, { timeoutMs: 5_000, checksMax: 2, checksWaitingMax: 500 });
  });

  test('say what is wrong with an authenticator', async () => {
    const text = [
      '[[authenticators]]',
      '[[authenticators]]',
      'type = "passwd"',
      '[[authenticators]]',
      'type = "password"',
      'files = "x"',
    ].join('\n');
    const found = await faults(text);
    deepEqual(
      found.map(fault => fault.replace(/expected .*/, 'expected …')),
      [
        'godwit.toml:1: authenticators.0.type is undefined; expected …',
        'godwit.toml:3: authenticators.1.type is "passwd"; expected …',
        'godwit.toml:6: there is no authenticators.2.files; did you mean file?',
      ],
    );
    deepEqual(await faults('[[authenticators]]\ntype = "password"\n'), [
      'godwit.toml:1: authenticators.0 of type "password" needs file',
    ]);
    deepEqual(await faults(`[[authenticators]]\ntype = "password"\nfile = ${at('none')}\n`), [
      'godwit.toml:3: authenticators.0.file is "none", which does not exist',
    ]);
  });

  test('say which keys do not go together, and what cannot be used', async () => {
    await write('short', 'secret\n');
    const authenticator = (...lines: readonly string[]): string =>
      ['[[authenticators]]', ...lines, ''].join('\n');
    const cases: [string, string[]][] = [
      [
        authenticator('type = "certificate"', 'file = "x"', 'identity = "cn"'),
        ['4: authenticators.0.identity is "cn"; expected "commonName" or "subject" or …'],
      ],
      [
        authenticator('type = "certificate"', 'file = "x"'),
        ['3: authenticators.0.file is not for type "certificate"; expected "password"'],
      ],
      [
        authenticator('type = "jwt"', 'keyFile = "a"', 'secretFile = "b"'),
        ['1: authenticators.0 of type "jwt" needs one of secretFile, keyFile, jwksUrl'],
      ],
      [
        authenticator('type = "jwt"', `secretFile = ${at('short')}`),
        [
          '3: authenticators.0.secretFile cannot be used: short has 6 bytes; ' +
            'expected a secret of 32 or more',
        ],
      ],
      [
        authenticator('type = "jwt"', `keyFile = ${at('short')}`),
        [
          '3: authenticators.0.keyFile cannot be used: short is no public key or certificate in PEM',
        ],
      ],
      [
        authenticator('type = "jwt"', 'jwksUrl = "ftp://a"'),
        ['3: authenticators.0.jwksUrl is "ftp://a"; expected http://… or https://…'],
      ],
      [
        authenticator('type = "http"', 'url = "ldap://a"', `bearerFile = ${at('none')}`),
        ['3: authenticators.0.url is "ldap://a"; expected http://… or https://…'],
      ],
      [
        authenticator('type = "http"', 'url = "http://a"', `bearerFile = ${at('none')}`),
        ['4: authenticators.0.bearerFile is "none", which does not exist'],
      ],
      [
        authenticator('type = "ldap"', 'url = "http://a"', 'bindDn = "x"', 'userDn = "y"'),
        [
          '4: authenticators.0.bindDn needs searchBase',
          '4: authenticators.0.bindDn needs bindPasswordFile',
          '3: authenticators.0.url is "http://a"; expected ldap://… or ldaps://…',
        ],
      ],
    ];
    for (const [text, expected] of cases) {
      const found = await faults(text);
      const short = found.map(fault =>
        fault.replace('godwit.toml:', '').replace(/("subject" or ).*/, '$1…'),
      );
      deepEqual(short, expected);
    }
  });

  test('point at the line of a file that is wrong', async () => {
    await write('users', '# mine\nada:secret\n');
    const password = `[[authenticators]]\ntype = "password"\nfile = ${at('users')}\n`;
    deepEqual(await faults(password), [
      'users:2: expected name:hash, as godwit passwd and mosquitto_passwd write it',
    ]);
    const rules = [
      'colour = "red"',
      '[groups]',
      'ops = "ada"',
      '[[rules]]',
      'allow = ["publish"]',
      'topics = ["a/#/b"]',
      '[[rules]]',
      'user = "ada"',
    ];
    await write('acl.toml', rules.join('\n'));
    deepEqual(await faults(`[acl]\nfile = ${at('acl.toml')}\n`), [
      'acl.toml:1: there is no colour; expected [[rules]] and [groups]',
      'acl.toml:6: rules.0: topics has "a/#/b"; expected topic filters',
      'acl.toml:7: rules.1: expected either allow or deny',
      'acl.toml:3: groups.ops: expected a list of user names',
    ]);
    await write('acl.toml', 'rules = [');
    equal((await faults(`[acl]\nfile = ${at('acl.toml')}\n`))[0].slice(0, 11), 'acl.toml:1:');
    await write('acl', 'user ada\ntopic of what\n\nusr eve\n');
    deepEqual(await faults(`[acl]\nmosquittoFile = ${at('acl')}\n`), [
      'acl:4: expected user, topic or pattern, with what belongs to it',
    ]);
    deepEqual(await faults(`[acl]\nfile = "a"\nmosquittoFile = "b"\n`), [
      'godwit.toml:3: acl.mosquittoFile stands beside file; expected one',
    ]);
    deepEqual(await faults('[acl]\nfile = "none"\n'), [
      'godwit.toml:2: acl.file is "none", which does not exist',
    ]);
  });
});
