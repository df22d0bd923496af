/** Access rules over real sockets; and that `godwit explain` says what the server does. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Config, defaultConfig, Server } from '@godwit/server';
import { connectAsync, type IClientOptions, type MqttClient, type Packet } from 'mqtt';
import { suiteMs } from './support/inbox.ts';

const execute = promisify(execFile);
const godwit = fileURLToPath(new URL('../packages/cli/bin/godwit.js', import.meta.url));

const rules = `[groups]
operators = ["ada"]

[[rules]]
allow = ["publish", "subscribe"]
topics = ["home/%u/#"]
qosMax = 1

[[rules]]
group = "operators"
allow = ["publish", "subscribe"]
topics = ["site/#"]

[[rules]]
deny = "publish"
topics = "site/+/lock"

[[rules]]
deny = "receive"
user = "ada"
topics = "site/secret"
`;

suite('access rules', { timeout: suiteMs }, () => {
  let folder = '';
  let server: Server;
  const file = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-rules-'));
    for (const name of ['ada', 'bob']) {
      const args = [godwit, 'passwd', '-b', file('users'), name, name];
      await execute(process.execPath, name === 'ada' ? [...args, '-c'] : args);
    }
    await writeFile(file('acl.toml'), rules);
    const settings = [
      '[[authenticators]]',
      'type = "password"',
      `file = ${JSON.stringify(file('users'))}`,
      '[acl]',
      `file = ${JSON.stringify(file('acl.toml'))}`,
    ];
    await writeFile(file('godwit.toml'), settings.join('\n'));
    const [listener] = defaultConfig.listeners;
    const config: Config = {
      ...defaultConfig,
      listeners: [{ ...listener, port: 0 }],
      authenticators: [{ type: 'password', onError: 'refuse', file: file('users') }],
      acl: { file: file('acl.toml') },
      log: { level: 'silent', format: 'json' },
    };
    server = await Server.start(config, { write: () => {} });
  });
  after(async () => {
    await server?.close();
    await rm(folder, { recursive: true });
  });

  function client(name: string, options: IClientOptions = {}): Promise<MqttClient> {
    return connectAsync(server.urls[0], {
      protocolVersion: 5,
      reconnectPeriod: 0,
      username: name,
      password: name,
      ...options,
    });
  }

  /** The reason code that a filter is answered with. */
  async function subscribed(one: MqttClient, filter: string, qos: 0 | 1 | 2 = 0): Promise<number> {
    const codes: number[] = [];
    const onPacket = (packet: Packet): void => {
      if (packet.cmd === 'suback') codes.push(...(packet.granted as number[]));
    };
    one.on('packetreceive', onPacket);
    // What it rejects with does not say which code came.
    await one.subscribeAsync(filter, { qos }).catch(() => {});
    one.off('packetreceive', onPacket);
    return codes[0];
  }

  async function published(one: MqttClient, topic: string, qos: 1 | 2 = 1): Promise<number> {
    try {
      await one.publishAsync(topic, 'x', { qos });
      return 0;
    } catch (error) {
      return (error as { code: number }).code;
    }
  }

  async function explained(...args: readonly string[]): Promise<[number, string]> {
    const all = [godwit, 'explain', ...args, '-c', file('godwit.toml')];
    try {
      return [0, (await execute(process.execPath, all)).stdout];
    } catch (error) {
      const { code, stdout } = error as { code: number; stdout: string };
      return [code, stdout];
    }
  }

  test('filters, topics, QoS; the server and godwit explain agree', async () => {
    const questions = [
      ['ada', 'subscribe', 'home/ada/#', 'acl.toml:4'],
      ['ada', 'subscribe', 'site/#', 'acl.toml:9'],
      ['ada', 'subscribe', '$share/g/site/+', 'acl.toml:9'],
      ['ada', 'subscribe', '#', 'no rule allows it'],
      ['ada', 'subscribe', '$share/g/#', 'no rule allows it'],
      ['ada', 'subscribe', '$SYS/#', 'no rule allows it'],
      ['ada', 'publish', 'site/1/lock', 'acl.toml:14'],
      ['ada', 'publish', 'site/1/light', 'acl.toml:9'],
      ['bob', 'subscribe', 'site/#', 'no rule allows it'],
      ['bob', 'subscribe', 'home/+/#', 'no rule allows it'],
      ['bob', 'publish', 'home/bob/x', 'acl.toml:4'],
      ['bob', 'publish', 'home/ada/x', 'no rule allows it'],
    ] as const;
    for (const [name, action, topic, why] of questions) {
      const one = await client(name);
      const code = await (action === 'publish' ? published(one, topic) : subscribed(one, topic));
      const [exitCode, said] = await explained(action, topic, '-u', name);
      const isRefused = code >= 0x80;
      equal(exitCode, isRefused ? 0x87 : 0, `${name} ${action} ${topic}`);
      ok(said.includes(why), said);
      await one.endAsync();
    }
    const ada = await client('ada');
    equal(await subscribed(ada, 'home/ada/x', 2), 1);
    equal(await published(ada, 'home/ada/x', 2), 0x87);
    match((await explained('subscribe', 'home/ada/x', '-u', 'ada', '-q', '2'))[1], /with QoS 1/);
    await ada.endAsync();
  });

  test('who may connect', async () => {
    deepEqual(await explained('connect', '-u', 'ada', '-P', 'ada'), [
      0,
      `password ${file('users')}: allow: knows the client\nlet in as "ada"\n`,
    ]);
    equal((await explained('connect', '-u', 'ada', '-P', 'x'))[0], 0x86);
    equal((await explained('connect'))[0], 0x87);
    equal((await explained('publish', 'a', '-u', 'ada', '-P', 'x'))[0], 0x87);
  });

  test('a will is what its client may publish', async () => {
    const will = {
      topic: 'site/1/lock',
      payload: Buffer.from('x'),
      qos: 0,
      retain: false,
    } as const;
    await rejects(client('ada', { will }), { code: 0x87 });
    await (await client('ada', { will: { ...will, topic: 'site/1/light' } })).endAsync();
  });

  test('what is not to be received is not', async () => {
    const ada = await client('ada');
    const topics: string[] = [];
    const end = new Promise<void>(resolve => {
      ada.on('message', topic => {
        topics.push(topic);
        if (topic === 'site/end') resolve();
      });
    });
    await subscribed(ada, 'site/#', 1);
    for (const topic of ['site/secret', 'site/open', 'site/end']) await published(ada, topic);
    await end;
    deepEqual(topics, ['site/open', 'site/end']);
    await ada.endAsync();
  });

  test('a permission that is gone ends the subscription, and the client hears of it', async () => {
    const [ada, bob] = [await client('ada', { clientId: 'ada' }), await client('bob')];
    equal(await subscribed(ada, 'site/#'), 0);
    equal(await subscribed(bob, 'home/bob/#'), 0);
    const gone = new Promise<number | undefined>(resolve => {
      ada.once('disconnect', ({ reasonCode }) => resolve(reasonCode));
    });
    await writeFile(file('acl.toml'), rules.replace('["ada"]', '[]'));
    equal(await gone, 0x87);
    const again = await client('ada', { clientId: 'ada' });
    ok((await subscribed(again, 'site/#')) >= 0x80);
    equal(await published(bob, 'home/bob/x'), 0);
    await Promise.all([again.endAsync(), bob.endAsync()]);
  });
});
