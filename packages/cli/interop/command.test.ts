/** The real binary over real sockets: what scripts rely on. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { defaultConfig, type Server } from '@godwit/server';
import { godwit, launcher, Running, startServer } from './harness.ts';

const timeout = 30_000;

suite('godwit pub and sub', { timeout }, () => {
  let server: Server;
  let port = '';
  let folder = '';
  before(async () => {
    [server, port] = await startServer();
    folder = await mkdtemp(join(tmpdir(), 'godwit-cli-'));
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const pub = (...args: readonly string[]): Running => godwit('pub', '-p', port, ...args);
  const sub = (...args: readonly string[]): Running =>
    godwit('sub', '-p', port, '-d', '-W', '20', ...args);

  test('every source of a payload, byte by byte', async () => {
    const bytes = Buffer.of(0, 255, 10, 13, 0xc3);
    const file = join(folder, 'payload');
    await writeFile(file, bytes);
    const receiving = sub('-t', 'source', '-q', '1', '-C', '7', '-F', '%x');
    await receiving.says(/subscribed/);
    const send = async (input: string | Uint8Array, ...args: string[]): Promise<void> => {
      const { code, stderr } = await pub('-t', 'source', '-q', '1', ...args).input(input).outcome;
      deepEqual([code, stderr], [0, '']);
    };
    await send('', '-m', '-é');
    await send('', '-f', file);
    await send(bytes, '-s');
    await send('', '-n');
    await send('a\n\nb', '-l');
    const expected = ['2dc3a9', '00ff0a0dc3', '00ff0a0dc3', '', '61', '', '62'];
    const { code, stdout } = await receiving.outcome;
    deepEqual([code, stdout.split('\n')], [0, [...expected, '']]);
  });

  test('many lines, in order', async () => {
    const lines = Array.from({ length: 5_000 }, (_, at) => `line ${at}\n`).join('');
    const receiving = sub('-t', 'lines', '-q', '2', '-C', '5000');
    await receiving.says(/subscribed/);
    equal((await pub('-t', 'lines', '-q', '2', '-l').input(lines).outcome).code, 0);
    equal((await receiving.outcome).stdout, lines);
  });

  test('a session goes on with -c, and its messages are not lost', async () => {
    const session = ['-i', 'reader', '-c', '-x', '600', '-q', '1', '-t', 'session'];
    equal((await sub(...session, '-E').outcome).code, 0);
    await pub('-t', 'session', '-q', '1', '-m', '1', '--repeat', '3').outcome;
    equal((await sub(...session, '-C', '1').outcome).stdout, '1\n');
    const { stdout, stderr } = await sub(...session, '-C', '2').outcome;
    equal(stdout, '1\n1\n');
    match(stderr, /its session goes on/);
    equal((await sub('-i', 'reader', '-c', '-x', '0', '-U', 'session', '-E').outcome).code, 0);
  });

  test('retained messages: -R, --retained-only, -T, -n to clear', async () => {
    for (const topic of ['kept/a', 'kept/b']) await pub('-t', topic, '-m', topic, '-r').outcome;
    const only = sub('-t', 'kept/#', '--retained-only', '-T', 'kept/b');
    await only.says(/subscribed/);
    const fresh = sub('-t', 'kept/#', '-R', '-C', '1');
    await fresh.says(/subscribed/);
    await pub('-t', 'kept/c', '-m', 'new').outcome;
    equal((await only.outcome).stdout, 'kept/a\n');
    equal((await fresh.outcome).stdout, 'new\n');
    await pub('-t', 'kept/a', '-n', '-r').outcome;
    equal((await sub('-t', 'kept/#', '-C', '1', '-N').outcome).stdout, 'kept/b');
  });

  test('the will of one that is killed is published, of one that is stopped it is not', async () => {
    const watching = sub('-t', 'will', '-C', '2');
    await watching.says(/subscribed/);
    const will = ['--will-topic', 'will', '--will-qos', '1', '--will-payload'];
    const stopped = sub('-t', 'x', ...will, 'stopped');
    await stopped.says(/subscribed/);
    stopped.kill('SIGINT');
    equal((await stopped.outcome).code, 0);
    const killed = sub('-t', 'x', ...will, 'killed');
    await killed.says(/subscribed/);
    killed.kill('SIGKILL');
    await killed.outcome;
    await pub('-t', 'will', '-m', 'end').outcome;
    const { stdout } = await watching.outcome;
    deepEqual(stdout.split('\n').toSorted(), ['', 'end', 'killed']);
  });

  test('-o json, -L and --pretty', async () => {
    const url = `mqtt://me:secret@127.0.0.1:${port}/json/a`;
    await godwit('pub', '-L', url, '-m', 'x', '-r').outcome;
    const { stdout } = await godwit('sub', '-L', url, '-o', 'json', '--pretty', '-C', '1').outcome;
    const { timestamp, ...message } = JSON.parse(stdout);
    equal(new Date(timestamp).toISOString(), timestamp);
    const expected = { topic: 'json/a', qos: 0, retain: true, dup: false, payload: 'x' };
    deepEqual(message, { ...expected, properties: {} });
  });

  test('a reader that stops reading ends it', async () => {
    const receiving = sub('-t', 'pipe');
    await receiving.says(/subscribed/);
    receiving.process.stdout?.destroy();
    await pub('-t', 'pipe', '-m', 'x').outcome;
    equal((await receiving.outcome).code, 0);
  });
});

suite('exit codes', { timeout }, () => {
  const outcomeOf = async (running: Running): Promise<unknown[]> => {
    const { code, stderr } = await running.outcome;
    return [code, stderr];
  };

  test('what the server refuses ends with its reason code', async () => {
    const [server, port] = await startServer({
      limits: { ...defaultConfig.limits, topicLevelsMax: 2, retainedMessagesMax: 0 },
    });
    try {
      deepEqual(await outcomeOf(godwit('pub', '-p', port, '-t', 'a/b/c', '-m', '', '-q', '1')), [
        0x90,
        'godwit pub: the server disconnected: 0x90, topic name invalid\n',
      ]);
      deepEqual(await outcomeOf(godwit('pub', '-p', port, '-t', 'a', '-m', 'x', '-q', '1', '-r')), [
        0x97,
        'godwit pub: the server refused the message: 0x97, quota exceeded\n',
      ]);
      deepEqual(await outcomeOf(godwit('sub', '-p', port, '-t', 'a/b/c')), [
        0x8f,
        'godwit sub: the server refused a/b/c: 0x8F, topic filter invalid\n',
      ]);
      deepEqual(await outcomeOf(godwit('sub', '-p', port, '-t', 'a/b/c', '--quiet')), [0x8f, '']);
    } finally {
      await server.close();
    }
  });

  test('what cannot work ends with 1, and one line', async () => {
    const refused = 'connect ECONNREFUSED 127.0.0.1:1';
    deepEqual(await outcomeOf(godwit('pub', '-h', '127.0.0.1', '-p', '1', '-t', 'a', '-n')), [
      1,
      `godwit pub: cannot connect to 127.0.0.1:1: ${refused}\n`,
    ]);
    const [code, stderr] = await outcomeOf(godwit('sub', '-t', 'a', '-q', '3'));
    equal(code, 1);
    match(String(stderr), /^godwit sub: option '-q.* Expected an integer from 0 to 2\.\n$/);
    deepEqual(await outcomeOf(godwit('brew')), [
      1,
      "godwit: there is no command 'brew'; expected serve, config, ctl, top, pub, sub, bench, probe, passwd, explain, store, migrate or --help\n",
    ]);
    const { code: helped, stdout } = await godwit('sub', '--help').outcome;
    equal(helped, 0);
    match(stdout, /^Usage: godwit sub -t <filter>/);
  });
});

suite('godwit serve', { timeout }, () => {
  /** The URL that a server says it listens on. */
  async function urlOf({ process }: Running): Promise<string> {
    const [chunk] = await new Promise<[Buffer]>(resolve =>
      process.stdout?.once('data', data => resolve([data])),
    );
    const [, url] = /^godwit [\d.]+ listening on (mqtt:\S+)\n$/.exec(String(chunk)) ?? [];
    return url ?? `nothing: ${chunk}`;
  }

  test('listens on loopback, serves, and stops in order', async () => {
    const serving = godwit('serve', '--port', '0');
    const url = await urlOf(serving);
    match(url, /^mqtt:\/\/127\.0\.0\.1:\d+$/);
    equal((await godwit('pub', '-L', `${url}/a`, '-m', 'x', '-q', '1').outcome).code, 0);
    const receiving = godwit('sub', '-L', `${url}/a`, '-d');
    await receiving.says(/subscribed/);
    serving.kill('SIGTERM');
    // a repetition by whoever passes signals on does not count as insisting
    serving.kill('SIGINT');
    const { code, stderr } = await serving.outcome;
    equal(code, 0);
    match(stderr, /INFO {2}stopping signal=SIG(TERM|INT)\n.*INFO {2}stopped\n$/s);
    const left = await receiving.outcome;
    equal(left.code, 0x8b);
    match(left.stderr, /server shutting down/);
  });

  test('says that its port is taken', async () => {
    const [server, port] = await startServer();
    const { code, stderr } = await godwit('serve', '--port', port).outcome;
    await server.close();
    const message = `cannot listen on 127.0.0.1, port ${port}: another program listens there`;
    deepEqual([code, stderr], [1, `godwit serve: ${message}\n`]);
  });

  test('lists every fault of its configuration', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-serve-'));
    const file = join(folder, 'godwit.toml');
    await writeFile(file, '[limits]\nreceiveMaximum = 0\n\n[log]\nlevle = "debug"\n');
    const args = [launcher, 'serve', '-c', file, '--set', 'log.format=xml'];
    const serving = new Running(process.execPath, args, { GODWIT__LIMITS__MAXIMUM_QOS: '3' });
    const { code, stderr } = await serving.outcome;
    await rm(folder, { recursive: true });
    equal(code, 1);
    deepEqual(stderr.replaceAll(`${folder}/`, '').trimEnd().split('\n').toSorted(), [
      'godwit serve: --set log.format=xml: log.format is "xml"; expected "pretty" or "json"',
      'godwit serve: GODWIT__LIMITS__MAXIMUM_QOS: limits.maximumQoS is 3; expected an integer from 0 to 2',
      'godwit serve: godwit.toml:2: limits.receiveMaximum is 0; expected an integer from 1 to 65,535',
      'godwit serve: godwit.toml:5: there is no log.levle; did you mean level?',
    ]);
  });

  test('a data directory is for one server at a time, and outlives it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-data-'));
    const serve = (): Running => godwit('serve', '--port', '0', '--data-dir', folder);
    const first = serve();
    const { port } = new URL(await urlOf(first));
    const { code, stderr } = await serve().outcome;
    equal(code, 1);
    match(stderr, /cannot use the data directory .*in use/);
    const kept = ['-p', port, '-t', 'kept', '-q', '1'];
    equal((await godwit('pub', ...kept, '-r', '-m', 'still here').outcome).code, 0);
    first.kill('SIGKILL');
    await first.outcome;
    const second = serve();
    const again = new URL(await urlOf(second)).port;
    const { stdout } = await godwit('sub', '-p', again, '-t', 'kept', '-C', '1', '-W', '20')
      .outcome;
    equal(stdout, 'still here\n');
    second.kill('SIGTERM');
    equal((await second.outcome).code, 0);
    await rm(folder, { recursive: true });
  });
});

suite('launcher', { timeout }, () => {
  const system = ['/usr/bin/node', '/usr/local/bin/node'].find(path => {
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    return /^v(18|20|22)\./.test(stdout ?? '');
  });

  test('on an old Node, runs on the one that npm brought', { skip: !system }, async () => {
    const run = (...args: readonly string[]): Running =>
      new Running(system ?? '', [launcher, ...args]);
    match((await run('--version').outcome).stdout, /^godwit \d/);
    equal((await run('brew').outcome).code, 1);
    const serving = run('serve', '--port', '0');
    await new Promise(resolve => serving.process.stdout?.once('data', resolve));
    serving.kill('SIGTERM');
    equal((await serving.outcome).code, 0);
  });
});
