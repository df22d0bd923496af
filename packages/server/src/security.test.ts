import { deepEqual, equal } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { argon2Hash } from '@godwit/auth';
import type { ConnectRequest } from '@godwit/broker';
import { type Config, defaultConfig } from './config/config.ts';
import { Security } from './security.ts';

const request: ConnectRequest = {
  clientId: 'c',
  username: undefined,
  password: undefined,
  protocolVersion: 5,
  remoteAddress: '127.0.0.1',
  remotePort: 1,
  cleanStart: true,
  userProperties: [],
};

suite('Security', () => {
  let folder = '';
  let config: Config;
  const file = (name: string): string => join(folder, name);
  const user = async (name: string): Promise<string> =>
    `${name}:${await argon2Hash('x', { memoryKiB: 8, passes: 1 })}\n`;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-security-'));
    config = {
      ...defaultConfig,
      authenticators: [{ type: 'password', onError: 'refuse', file: file('users') }],
      acl: { file: file('acl.toml') },
    };
  });
  after(() => rm(folder, { recursive: true }));

  async function answer(security: Security, username?: string): Promise<number> {
    const password = username === undefined ? undefined : Buffer.from('x');
    const { answer } = await security.decide({ ...request, username, password });
    return answer === true ? 0 : answer.reasonCode;
  }

  test('nobody is anonymous with authenticators, those of this machine without', async () => {
    await writeFile(file('users'), await user('ada'));
    await writeFile(file('acl.toml'), '');
    const closed = await Security.open(config);
    deepEqual([await answer(closed), await answer(closed, 'ada')], [0x87, 0]);
    const open = await Security.open({ ...config, authenticators: [] });
    equal(await answer(open), 0);
    const { answer: remote } = await open.decide({ ...request, remoteAddress: '192.0.2.1' });
    equal(remote === true ? 0 : remote.reasonCode, 0x87);
    const auth = { ...config.auth, allowAnonymous: 'always' } as const;
    equal(await answer(await Security.open({ ...config, auth })), 0);
  });

  test('each file takes effect that can be used', async () => {
    await writeFile(file('users'), await user('ada'));
    await writeFile(file('acl.toml'), '');
    const security = await Security.open(config);
    const { authorizePublish } = security.hooks;
    const publish = { topic: 'a', qos: 0, retain: false } as const;
    equal(authorizePublish?.(request, publish), false);
    await writeFile(file('users'), 'nonsense\n');
    await writeFile(file('acl.toml'), '[[rules]]\nallow = "publish"\ntopics = "a"\n');
    const [fault, ...others] = await security.reload();
    equal(fault.replace(`${folder}/`, '').slice(0, 26), 'users:1: expected name:has');
    deepEqual(others, []);
    equal(authorizePublish?.(request, publish), true);
    equal(await answer(security, 'ada'), 0);
  });
});
