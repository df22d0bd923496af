/** The same acl_file, the same questions, to Debian's mosquitto and to our server. */
import { deepEqual, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { type Config, defaultConfig, Server } from '@godwit/server';
import { connectAsync, type MqttClient } from 'mqtt';
import { suiteMs } from './support/inbox.ts';
import { skipWhereMissing } from './support/program.ts';
import { type Server as Listening, mosquittoMissing, startMosquitto } from './support/server.ts';

const rules = `
topic read public/#
topic write drop/anonymous
topic deny public/secret

user ada
topic home/#
topic deny home/lock
topic read tele/+/state
topic write cmnd/+
topic readwrite users/ada/kept

user bob
topic read #
topic deny tele/1/state
topic write home/+/x

pattern write dev/%c/up
pattern read dev/%c/down
pattern readwrite users/%u/#
pattern deny users/+/kept
`;

const topics = [
  'public/a',
  'public/secret',
  'drop/anonymous',
  'home/1',
  'home/lock',
  'home/1/x',
  'home',
  'tele/1/state',
  'tele/2/state',
  'cmnd/1',
  'cmnd/1/2',
  'dev/one/up',
  'dev/one/down',
  'dev/two/up',
  'users/ada/x',
  'users/bob/x',
  'users/ada/kept',
  'users/bob/kept',
  'elsewhere',
];
const clients = [
  ['ada', 'one'],
  ['bob', 'two'],
  [undefined, 'one'],
] as const;

interface Answers {
  readonly name: string | undefined;
  /** Topics that it may publish to. */
  readonly writes: readonly string[];
  /** Topics whose messages it gets. */
  readonly reads: readonly string[];
}

suite('acl_file', { skip: skipWhereMissing(mosquittoMissing), timeout: suiteMs }, () => {
  let folder = '';
  let mosquitto: Listening;
  let server: Server;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-acl-'));
    const [users, acl] = [join(folder, 'users'), join(folder, 'acl')];
    // One that may do everything, to ask and to watch with.
    await writeFile(acl, `${rules}\nuser root\ntopic readwrite #\n`);
    await writeFile(users, '');
    for (const name of ['ada', 'bob', 'root']) {
      await promisify(execFile)('mosquitto_passwd', ['-b', users, name, name]);
    }
    mosquitto = await startMosquitto([`password_file ${users}`, `acl_file ${acl}`, 'user root']);
    const [listener] = defaultConfig.listeners;
    const config: Config = {
      ...defaultConfig,
      listeners: [{ ...listener, port: 0 }],
      auth: { ...defaultConfig.auth, allowAnonymous: 'always' },
      authenticators: [{ type: 'password', onError: 'refuse', file: users }],
      acl: { mosquittoFile: acl },
      log: { level: 'silent', format: 'json' },
    };
    server = await Server.start(config, { write: () => {} });
  });
  after(async () => {
    await mosquitto?.[Symbol.asyncDispose]();
    await server?.close();
    await rm(folder, { recursive: true });
  });

  function client(port: number, name: string | undefined, id: string): Promise<MqttClient> {
    return connectAsync(`mqtt://127.0.0.1:${port}`, {
      protocolVersion: 5,
      reconnectPeriod: 0,
      clientId: id,
      ...(name !== undefined && { username: name, password: name }),
    });
  }

  /** What arrives at `reader` of what `writer` publishes on each topic. */
  async function arrived(reader: MqttClient, writer: MqttClient): Promise<string[]> {
    const found: string[] = [];
    const onMessage = (topic: string): void => void found.push(topic);
    reader.on('message', onMessage);
    for (const topic of topics) {
      // A refusal is what we are after.
      await writer.publishAsync(topic, 'x', { qos: 1 }).catch(() => {});
    }
    // What was sent to the reader is there before the answer to its own question.
    await reader.subscribeAsync('end', { qos: 0 });
    reader.off('message', onMessage);
    return found;
  }

  async function answers(port: number): Promise<Answers[]> {
    const root = await client(port, 'root', 'root');
    await root.subscribeAsync('#', { qos: 1 });
    const all: Answers[] = [];
    for (const [name, id] of clients) {
      const asked = await client(port, name, id);
      await asked.subscribeAsync('#', { qos: 1 });
      all.push({ name, writes: await arrived(root, asked), reads: await arrived(asked, root) });
      await asked.endAsync();
    }
    await root.endAsync();
    return all;
  }

  test('publishing and receiving are answered alike', async () => {
    const ours = await answers(Number(new URL(server.urls[0]).port));
    deepEqual(ours, await answers(mosquitto.port));
    ok(ours.every(({ writes, reads }) => writes.length > 0 && reads.length > 0));
  });
});
