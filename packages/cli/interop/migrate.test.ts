/** `godwit migrate mosquitto` with what a real Mosquitto has saved, in every state of a message. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { systemClock } from '@godwit/runtime';
import { loadConfig, type Server } from '@godwit/server';
import { migrateMosquitto } from '@godwit/server/data';
import { RawClient, SeededRandom } from '@godwit/testkit';
import { freePort } from '@godwit/testkit/free-port';
import { connectTcp } from '@godwit/transport/node';
import { godwit, lacks, type Outcome, Running, startServer } from './harness.ts';

const timeout = 60_000;
const { publish, puback, pubrec, pubrel, pubcomp } = PacketType;
const forEver = 0xffffffff;
const silent = { level: 'silent', format: 'json' } as const;

/** A client that acknowledges only what it is told to. */
async function raw(port: string, clientId: string, isNew = false): Promise<RawClient> {
  const stream = await connectTcp({ host: '127.0.0.1', port: Number(port) });
  const client = new RawClient(stream, { clock: systemClock });
  const { sessionPresent } = await client.connect({
    clientId,
    cleanStart: false,
    properties: { sessionExpiryInterval: forEver, receiveMaximum: 3 },
  });
  equal(sessionPresent, !isNew);
  return client;
}

suite('godwit migrate mosquitto', { skip: lacks('mosquitto'), timeout }, () => {
  let folder = '';
  let port = '';
  let mosquitto: ChildProcess;
  let server: Server;

  const pub = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await new Running('mosquitto_pub', ['-p', port, ...args]).outcome;
    deepEqual([code, stderr], [0, '']);
  };
  const sub = (...args: readonly string[]): Running =>
    new Running('mosquitto_sub', ['-p', port, '-W', '20', ...args]);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-migrate-'));
    port = `${await freePort()}`;
    await writeFile(join(folder, 'mosquitto.conf'), conf());
    mosquitto = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf'), '-v']);
    ok(mosquitto.stderr !== null);
    let said = '';
    for await (const chunk of mosquitto.stderr.iterator({ destroyOnReturn: false })) {
      said += chunk;
      if (said.includes('running')) break;
    }
    ok(said.includes('running'), said);
    mosquitto.stderr.resume();
    await fillMosquitto();
    mosquitto.kill('SIGTERM');
    await once(mosquitto, 'exit');
  });
  after(async () => {
    mosquitto?.kill('SIGKILL');
    await server?.close();
    await rm(folder, { recursive: true });
  });

  const conf = (): string =>
    [
      `user ${userInfo().username}`,
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${folder}/`,
      'max_inflight_messages 30',
      'persistent_client_expiration 2w',
      'sys_interval 30',
      '',
    ].join('\n');

  async function fillMosquitto(): Promise<void> {
    const v5 = ['-V', '5', '-c', '-x', '3600', '-E'];
    await sub('-i', 'five', ...v5, '-q', '2', '-t', 'a/#', '-D', 'subscribe', ...identifier)
      .outcome;
    await sub('-i', 'three', '-V', '311', '-c', '-E', '-q', '1', '-t', 'a/+').outcome;
    await sub('-i', 'brief', '-V', '5', '-c', '-x', '1', '-E', '-q', '1', '-t', 'a/+').outcome;
    const flying = await raw(port, 'flying', true);
    flying.send({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [
        {
          filter: 'a/#',
          qos: 2,
          noLocal: false,
          retainAsPublished: true,
          retainHandling: 0,
        },
      ],
    });
    await flying.expect(PacketType.suback);
    await pub(
      '-t',
      'a/gone',
      '-q',
      '1',
      '-m',
      'x',
      '-V',
      '5',
      ...property('message-expiry-interval', '1'),
    );
    const gone = await flying.expect(publish);
    flying.send({ type: puback, packetId: gone.packetId, reasonCode: 0 });
    const properties = [
      ...property('content-type', 'text/plain'),
      ...property('correlation-data', 'c'),
      ...property('user-property', 'k', 'ü'),
      ...property('message-expiry-interval', '600'),
    ];
    for (const topic of ['a/1', 'a/2', 'a/3', 'a/4']) {
      await pub('-V', '5', '-q', '2', '-t', topic, '-m', `of ${topic}`, '-r', ...properties);
    }
    const ids: number[] = [];
    for (let n = 0; n < 3; n += 1) ids.push((await flying.expect(publish)).packetId);
    deepEqual(ids, [2, 3, 4]);
    flying.send({ type: pubrec, packetId: 3, reasonCode: 0 });
    await flying.expect({ type: pubrel, packetId: 3 });
    flying.send({
      type: publish,
      topic: 'a/inbound',
      payload: Buffer.from('in'),
      qos: 2,
      retain: false,
      dup: false,
      packetId: 77,
    });
    await flying.expect({ type: pubrec, packetId: 77 });
    flying.stream.destroy();
  }

  const property = (...args: readonly string[]): string[] => ['-D', 'publish', ...args];
  const identifier = ['subscription-identifier', '7'];

  test('takes over all of it, and says what it cannot', async () => {
    const config = join(folder, 'godwit.toml');
    const passwd = join(folder, 'passwd');
    const acl = join(folder, 'acl');
    equal(
      (await new Running('mosquitto_passwd', ['-c', '-b', passwd, 'anna', 'right']).outcome).code,
      0,
    );
    await writeFile(acl, 'topic readwrite #\nuser anna\ntopic read a/#\n');
    const args = ['--db', join(folder, 'mosquitto.db'), '--conf', join(folder, 'mosquitto.conf')];
    const more = ['--data-dir', join(folder, 'data'), '--config', config, '--verbose'];
    const security = ['--passwd', passwd, '--acl', acl];
    // The messages and the session of one second.
    await new Promise<void>(resolve => void systemClock.after(1_500, resolve));
    const migrated = await godwit('migrate', 'mosquitto', ...args, ...more, ...security).outcome;
    deepEqual([migrated.code, migrated.stderr], [0, '']);
    match(migrated.stdout, /3 sessions, 3 subscriptions, 4 retained messages/);
    match(migrated.stdout, /4 messages that wait or are in flight/);
    match(migrated.stdout, /1 messages of QoS 2 that clients have not released/);
    match(migrated.stdout, /1 sessions that have expired\n {4}"brief"/);
    match(migrated.stdout, /2 messages that have expired\n {4}"(five|three): packet/);
    const toml = await readFile(config, 'utf8');
    match(toml, /# line 8: sys_interval 30\n$/);
    const loaded = await loadConfig({ file: config, environment: {} });
    equal(`${loaded.listeners[0].port}`, port);
    deepEqual(
      [
        loaded.auth.allowAnonymous,
        loaded.limits.inflightMax,
        loaded.limits.sessionExpiryMaxSeconds,
      ],
      ['always', 30, 14 * 86_400],
    );
    const again = await godwit('migrate', 'mosquitto', ...args, ...more).outcome;
    match(again.stderr, /godwit.toml is there already/);
    equal(loaded.storage.dataDir, join(folder, 'data'));
    const listeners = [{ ...loaded.listeners[0], port: 0 }];
    [server, port] = await startServer({ ...loaded, listeners, log: silent });
  });

  test('users have their passwords and rules', async () => {
    const as = (password: string, topic: string): Promise<Outcome> => {
      const message = ['-q', '1', '-V', '5', '-t', topic, '-m', 'x'];
      const login = ['-p', port, '-u', 'anna', '-P', password];
      return new Running('mosquitto_pub', [...login, ...message]).outcome;
    };
    match((await as('wrong', 'x')).stderr, /Connection error|not authori[sz]ed/i);
    match((await as('right', 'a/denied')).stderr, /Not authorized/);
  });

  test('clients of both versions get what waited for them', async () => {
    const format = '%t|%p|%q|%r|%C|%D|%P';
    const args = ['-V', '5', '-c', '-x', '3600', '-q', '2', '-t', 'other', '-C', '5', '-F', format];
    const five = await sub('-i', 'five', ...args).outcome;
    const rest = 'text/plain|c|k:ü';
    const expected = [1, 2, 3, 4].map(n => `a/${n}|of a/${n}|2|0|${rest}`);
    deepEqual(five.stdout.split('\n').sort(), ['', ...expected, 'a/inbound|in|2|0|||']);
    const three = ['-V', '311', '-c', '-q', '1', '-t', 'other', '-C', '5', '-F', '%t|%q'];
    const outcome = await sub('-i', 'three', ...three).outcome;
    const topics = ['', 'a/1|1', 'a/2|1', 'a/3|1', 'a/4|1', 'a/inbound|1'];
    deepEqual(outcome.stdout.split('\n').sort(), topics);
    await pub('-t', 'a/new', '-q', '1', '-m', 'x');
    const fresh = await sub('-i', 'five', ...args.slice(0, -3), '1', '-F', '%t|%S').outcome;
    match(fresh.stdout, /^a\/new\|/, 'its subscription is there');
  });

  test('retained messages are there', async () => {
    const { stdout } = await sub('-t', 'a/+', '-C', '4', '-F', '%t|%p|%r').outcome;
    deepEqual(
      stdout.trim().split('\n').sort(),
      [1, 2, 3, 4].map(n => `a/${n}|of a/${n}|1`),
    );
  });

  test('QoS 2 goes on where it was, in both directions', async () => {
    const flying = await raw(port, 'flying');
    await flying.expect({ type: pubrel, packetId: 3 });
    for (const [packetId, topic, dup] of [
      [2, 'a/1', true],
      [4, 'a/3', true],
    ] as const) {
      await flying.expect({ type: publish, packetId, topic, dup, qos: 2 });
    }
    const next = await flying.expect({ type: publish, topic: 'a/4', dup: false });
    flying.send({ type: pubcomp, packetId: 3, reasonCode: 0 });
    const ids = [2, 4, next.packetId];
    for (const packetId of ids) flying.send({ type: pubrec, packetId, reasonCode: 0 });
    for (const packetId of ids) await flying.expect({ type: pubrel, packetId });
    for (const packetId of ids) flying.send({ type: pubcomp, packetId, reasonCode: 0 });
    await flying.expect({ type: publish, topic: 'a/inbound' });
    await flying.expect({ type: publish, topic: 'a/new' });
    flying.send({ type: pubrel, packetId: 77, reasonCode: 0 });
    await flying.expect({ type: pubcomp, packetId: 77, reasonCode: 0 });
    flying.stream.destroy();
  });

  test('with flipped bits it is migrated, or refused with the place', async () => {
    const bytes = await readFile(join(folder, 'mosquitto.db'));
    const db = join(folder, 'flipped.db');
    const random = new SeededRandom(5);
    const dataDir = join(folder, 'flipped');
    for (let round = 0; round < 15; round += 1) {
      const flipped = Buffer.from(bytes);
      flipped[random.int(23, flipped.length - 1)] ^= 1 << random.int(0, 7);
      await writeFile(db, flipped);
      try {
        await migrateMosquitto({ db, dataDir, replace: true });
      } catch (error) {
        ok(error instanceof Error);
        match(error.message, /flipped\.db, byte \d+: /);
      }
    }
  });

  test('a file that is none is refused, and nothing is left behind', async () => {
    const file = join(folder, 'broken.db');
    const bytes = await readFile(join(folder, 'mosquitto.db'));
    await writeFile(file, bytes.subarray(0, 200));
    const target = ['--data-dir', join(folder, 'other')];
    const { code, stderr } = await godwit('migrate', 'mosquitto', '--db', file, ...target).outcome;
    equal(code, 1);
    match(stderr, /broken\.db, byte \d+: \d+ bytes expected, \d+ are left\n$/);
    const nothing = await godwit('migrate', 'mosquitto', ...target).outcome;
    match(nothing.stderr, /expected --db, --conf, --passwd or --acl/);
  });
});
