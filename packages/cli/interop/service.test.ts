/** A server as a service: what systemd hears of it, its unit file and its image, and how it ends. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@godwit/runtime';
import { defaultConfig } from '@godwit/server';
import { godwit, lacks, launcher, Running, startServer } from './harness.ts';

const timeout = 60_000;
const unit = fileURLToPath(new URL('../../../distribution/godwit.service', import.meta.url));
const dockerfile = fileURLToPath(new URL('../../../distribution/Dockerfile', import.meta.url));

/** CONNECT of MQTT 5.0, Clean Start, no client identifier. */
const connectPacket = Buffer.from('100d00044d5154540502003c000000', 'hex');

/** Prints each datagram that comes to the socket as JSON, one a line. */
const printDatagrams = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('null', flush=True)
while True: print(json.dumps(s.recv(65536).decode()), flush=True)
`;

/** Where a server that the test has started listens. */
async function urlOf(serving: Running): Promise<string> {
  const [chunk] = await once(serving.process.stdout!, 'data');
  return / on (\S+)\n/.exec(String(chunk))?.[1] ?? '';
}

/** Stands where systemd would: a socket, and what has come there. */
async function manager(t: TestContext, path: string): Promise<(expected: string) => Promise<void>> {
  const python = spawn('/usr/bin/python3', ['-c', printDatagrams, path]);
  t.after(() => python.kill('SIGKILL'));
  const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return async expected => {
    for (;;) {
      const { value, done } = await lines.next();
      ok(done !== true, `${expected} never came`);
      const word: string = JSON.parse(value);
      if (word.startsWith(expected)) return;
      // systemd-notify waits so until each word has been taken.
      match(word, /^(BARRIER=1|WATCHDOG=1)/, `instead of ${expected}`);
    }
  };
}

suite('under systemd', { timeout }, () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-service-'));
    await writeFile(join(folder, 'godwit.toml'), '[[listeners]]\nport = 0\n');
  });
  after(() => rm(folder, { recursive: true }));

  test('hears of start, life, reload and stop', { skip: lacks('systemd-notify') }, async t => {
    const path = join(folder, 'notify');
    const says = await manager(t, path);
    const [, command = ''] = /^ExecStart=\S+ (.*)$/m.exec(await readFile(unit, 'utf8')) ?? [];
    const args = command
      .replace('/etc/godwit', folder)
      .replace('$' + '{STATE_DIRECTORY}', join(folder, 'data'));
    const environment = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '1000000' };
    const serving = new Running(process.execPath, [launcher, ...args.split(' ')], environment);
    t.after(() => serving.kill('SIGKILL'));
    await says('READY=1\nSTATUS=listening on mqtt://127.0.0.1:');
    await says('WATCHDOG=1');
    serving.kill('SIGHUP');
    await says('RELOADING=1');
    await says('READY=1');
    serving.kill('SIGTERM');
    await says('STOPPING=1');
    equal((await serving.outcome).code, 0);
  });

  test('goes on where nobody can be told', async t => {
    const environment = { NOTIFY_SOCKET: join(folder, 'nobody'), PATH: '' };
    const args = [launcher, 'serve', '--port', '0'];
    const serving = new Running(process.execPath, args, environment);
    t.after(() => serving.kill('SIGKILL'));
    await serving.says(/WARN {2}cannot tell the service manager .*systemd-notify ENOENT/);
    serving.kill('SIGTERM');
    equal((await serving.outcome).code, 0);
  });

  test('takes over a socket', { skip: lacks('systemd-socket-activate') }, async t => {
    const file = join(folder, 'activated.toml');
    await writeFile(file, '[[listeners]]\nfd = 3\n');
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    await new Promise(done => free.close(done));
    const url = `mqtt://127.0.0.1:${port}`;
    const args = [process.execPath, launcher, 'serve', '--config', file];
    const serving = new Running('systemd-socket-activate', ['-l', `127.0.0.1:${port}`, ...args]);
    t.after(() => serving.kill('SIGKILL'));
    await serving.says(/Listening on/);
    // It is what starts the server, and waits in the socket meanwhile.
    const probing = godwit('probe', url, '--timeout', '20');
    equal(await urlOf(serving), url);
    equal((await probing.outcome).code, 0);
    serving.kill('SIGTERM');
    equal((await serving.outcome).code, 0);
    const alone = await godwit('serve', '--config', file, '--set', 'listeners.0.fd=999').outcome;
    equal(alone.code, 1);
    match(alone.stderr, /cannot listen on file descriptor 999: /);
  });

  test('the unit files are some', { skip: lacks('systemd-analyze') }, async () => {
    const copy = join(folder, 'godwit.service');
    const text = await readFile(unit, 'utf8');
    await writeFile(copy, text.replace('/usr/local/bin/godwit', launcher));
    await copyFile(unit.replace(/service$/, 'socket'), join(folder, 'godwit.socket'));
    const args = ['verify', '--man=no', copy, join(folder, 'godwit.socket')];
    deepEqual(await new Running('systemd-analyze', args).outcome, {
      code: 0,
      stdout: '',
      stderr: '',
    });
  });
});

test('what the image runs: a server, and whether it lives', { timeout }, async t => {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-image-'));
  t.after(() => rm(folder, { recursive: true }));
  const text = await readFile(dockerfile, 'utf8');
  const [, start = '[]'] = /^CMD (.*)$/m.exec(text) ?? [];
  const [, check = '[]'] = /^ {2}CMD (.*)$/m.exec(text) ?? [];
  const args: string[] = JSON.parse(start.replace('/var/lib/godwit', folder));
  const serving = godwit(...args, '--port', '0', '--set', 'auth.allowAnonymous=never');
  t.after(() => serving.kill('SIGKILL'));
  const { port } = new URL(await urlOf(serving));
  const [, ...probe]: string[] = JSON.parse(check.replace('1883', port));
  deepEqual(await godwit(...probe).outcome, { code: 0, stdout: '', stderr: '' });
  serving.kill('SIGTERM');
  equal((await serving.outcome).code, 0);
  deepEqual(await godwit(...probe).outcome, { code: 1, stdout: '', stderr: '' });
});

suite('godwit probe', { timeout }, () => {
  test('0 when the server lets us in, 1 and why when it does not', async t => {
    const [open, port] = await startServer();
    t.after(() => open.close());
    const url = `mqtt://127.0.0.1:${port}`;
    match((await godwit('probe', url).outcome).stdout, /^mqtt:\S+ let us in in \d+ ms\n$/);
    equal((await godwit('probe', '-h', '127.0.0.1', '-p', port).outcome).code, 0);
    const none = await godwit('probe', 'mqtt://127.0.0.1:1', '--refused-ok').outcome;
    equal(none.code, 1);
    match(none.stderr, /^godwit probe: cannot connect to 127\.0\.0\.1:1: .*ECONNREFUSED/);
    const both = await godwit('probe', url, '-L', url).outcome;
    deepEqual(
      [both.code, both.stderr],
      [1, 'godwit probe: the server is given twice: leave out -L\n'],
    );
  });

  test('to be refused is 1, or 0 with --refused-ok', async t => {
    const auth = { ...defaultConfig.auth, allowAnonymous: 'never' } as const;
    const [closed, port] = await startServer({ auth });
    t.after(() => closed.close());
    const url = `mqtt://127.0.0.1:${port}`;
    const { code, stderr } = await godwit('probe', url).outcome;
    equal(code, 1);
    match(stderr, /^godwit probe: .*0x87, not authorized\n$/);
    const answered = await godwit('probe', url, '--refused-ok').outcome;
    equal(answered.code, 0);
    match(answered.stdout, /^mqtt:\S+ answered in \d+ ms: .*0x87/);
  });

  test('a server that says nothing is given up', async t => {
    const [server, port] = await startServer({
      listeners: [{ ...defaultConfig.listeners[0], port: 0, proxyProtocol: ['127.0.0.1'] }],
    });
    t.after(() => server.close());
    const args = ['--timeout', '0.2', '--refused-ok'];
    equal((await godwit('probe', `mqtt://127.0.0.1:${port}`, ...args).outcome).code, 1);
  });
});

suite('the end of godwit serve', { timeout }, () => {
  test('sends clients to another server, since a reload', async t => {
    const folder = await mkdtemp(join(tmpdir(), 'godwit-end-'));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, 'godwit.toml');
    await writeFile(file, '[[listeners]]\nport = 0\n');
    const serving = godwit('serve', '--config', file);
    t.after(() => serving.kill('SIGKILL'));
    const url = await urlOf(serving);
    const five = godwit('sub', '-L', `${url}/a`, '-d');
    const four = godwit('sub', '-L', `${url}/a`, '-d', '-V', '311');
    await five.says(/subscribed/);
    await four.says(/subscribed/);
    await writeFile(
      file,
      '[[listeners]]\nport = 0\n[shutdown]\nserverReference = "other.example:1883"\n',
    );
    serving.kill('SIGHUP');
    await serving.says(/configuration was read again changed=.*shutdown.serverReference/);
    serving.kill('SIGTERM');
    const told = await five.outcome;
    equal(told.code, 0x9c);
    match(told.stderr, /0x9C, use another server/);
    equal((await four.outcome).code, 1);
    equal((await serving.outcome).code, 0);
  });

  test('waits for those who do not go, unless it is told again', async t => {
    const args = ['--port', '0', '--set', 'limits.closeGraceMs=3600000'];
    const serving = godwit('serve', ...args);
    t.after(() => serving.kill('SIGKILL'));
    const { hostname, port } = new URL(await urlOf(serving));
    const staying = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    t.after(() => staying.destroy());
    staying.on('error', () => {});
    staying.write(connectPacket);
    await once(staying, 'data');
    serving.kill('SIGTERM');
    await once(staying.resume(), 'end');
    // A repetition within half a second is none.
    await new Promise<void>(done => systemClock.after(600, done));
    serving.kill('SIGTERM');
    equal((await serving.outcome).code, 1);
  });
});
