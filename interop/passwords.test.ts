/** Users of a password file, with clients and a file-maker that are not ours. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Config, defaultConfig, Server } from '@godwit/server';
import { connectAsync, type MqttClient } from 'mqtt';
import { suiteMs } from './support/inbox.ts';
import { mosquittoClients } from './support/mosquitto-clients.ts';
import { isInstalled, run, skipWhereMissing } from './support/program.ts';

const execute = promisify(execFile);
const godwit = fileURLToPath(new URL('../packages/cli/bin/godwit.js', import.meta.url));
const noPasswd = isInstalled('sh', '-c', 'command -v mosquitto_passwd')
  ? false
  : 'mosquitto_passwd is not installed';

suite('password file', { timeout: suiteMs }, () => {
  let folder = '';
  let users = '';
  const lines: string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-passwords-'));
    users = join(folder, 'users');
  });
  after(() => rm(folder, { recursive: true }));

  const passwd = (...args: readonly string[]): Promise<unknown> =>
    execute(process.execPath, [godwit, 'passwd', ...args]);

  async function served(): Promise<Server> {
    lines.length = 0;
    const [listener] = defaultConfig.listeners;
    const config: Config = {
      ...defaultConfig,
      listeners: [{ ...listener, port: 0 }],
      authenticators: [{ type: 'password', onError: 'refuse', file: users }],
      log: { level: 'debug', format: 'json' },
    };
    const server = await Server.start(config, { write: line => lines.push(line) });
    await server.log.open();
    return server;
  }

  function client(server: Server, username?: string, password?: string): Promise<MqttClient> {
    const options = { protocolVersion: 5, reconnectPeriod: 0, username, password } as const;
    return connectAsync(server.urls[0], options);
  }

  test('MQTT.js: the right password only; who changes it has the old one’s user go', async () => {
    await passwd('-c', '-b', users, 'ada', 'engine');
    await passwd('--scram', '-b', users, 'bob', 'builder');
    const server = await served();
    const [ada, bob] = [
      await client(server, 'ada', 'engine'),
      await client(server, 'bob', 'builder'),
    ];
    for (const [name, password, code] of [
      ['ada', 'wrong-password', 134],
      ['eve', 'engine', 134],
      [undefined, undefined, 135],
    ] as const) {
      await rejects(client(server, name, password), { code });
    }
    const gone = new Promise<number | undefined>(resolve => {
      ada.once('disconnect', ({ reasonCode }) => resolve(reasonCode));
    });
    await passwd('-b', users, 'ada', 'difference');
    equal(await gone, 0x87, 'the file’s change is noticed');
    await (await client(server, 'ada', 'difference')).endAsync();
    ok(bob.connected);
    await writeFile(users, 'plain:secret-in-the-file\n');
    await server.reload();
    ok(bob.connected, 'a file with faults changes nothing');
    await bob.endAsync();
    await server.close();
    const log = lines.join('');
    match(log, /users:1: expected name:hash/);
    match(log, /"refused".*|wrong password/);
    equal(/engine|builder|difference|wrong-password|secret-in-the-file/.test(log), false);
  });

  test('mosquitto_passwd made it, mosquitto_pub uses it', {
    skip: skipWhereMissing(noPasswd || mosquittoClients.missing),
  }, async () => {
    await execute('mosquitto_passwd', ['-H', 'sha512', '-c', '-b', users, 'old', 'pässword']);
    await execute('mosquitto_passwd', ['-b', users, 'new', 'with: colon']);
    await passwd('-b', users, 'ours', 'x');
    deepEqual(
      (await readFile(users, 'utf8')).match(/^\w+:\$\w+/gm),
      ['old:$6', 'new:$7', 'ours:$argon2id'],
      'each keeps what the other wrote',
    );
    const server = await served();
    const { port } = new URL(server.urls[0]);
    const publish = (user: string, password: string, version: string): Promise<void> => {
      const args = ['-p', port, '-V', version, '-t', 'a', '-m', 'x', '-q', '1'];
      return run('mosquitto_pub', [...args, '-u', user, '-P', password], Buffer.alloc(0));
    };
    for (const version of ['5', '311', '31']) {
      await publish('old', 'pässword', version);
      await publish('new', 'with: colon', version);
      await publish('ours', 'x', version);
      await rejects(publish('new', 'with', version));
    }
    await server.close();
  });
});
