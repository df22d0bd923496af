/** `godwit pub`, `sub` and `bench` over every transport of a server. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Server } from '@godwit/server';
import { certificatesMissing, testCertificates } from '@godwit/transport/test-certificates';
import { godwit, startServer } from './harness.ts';

const host = '127.0.0.1';

suite('godwit over', { skip: await certificatesMissing(), timeout: 60_000 }, () => {
  let folder = '';
  let server: Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-cli-transports-'));
    const { ca, server: own, sign } = await testCertificates();
    const device = await sign('device');
    await writeFile(file('ca.crt'), ca);
    await writeFile(file('server.crt'), own.cert);
    await writeFile(file('server.key'), own.key);
    await writeFile(file('device.crt'), device.cert);
    await writeFile(file('device.key'), device.key);
    const common = { host, port: 0, backlog: 16 };
    const tls = { cert: file('server.crt'), key: file('server.key') };
    [server] = await startServer({
      listeners: [
        { ...common, type: 'mqtts', ...tls, ca: file('ca.crt'), requireClientCert: true },
        { ...common, type: 'ws' },
        { ...common, type: 'wss', ...tls },
        { ...common, type: 'unix', path: file('a.sock') },
      ],
    });
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const file = (name: string): string => join(folder, name);
  const ca = (): string[] => ['--cafile', file('ca.crt')];
  const own = (): string[] => ['--cert', file('device.crt'), '--key', file('device.key')];

  for (const [name, way] of [
    ['TLS', () => ['-h', host, '-p', new URL(server.urls[0]).port, ...ca(), ...own()]],
    ['TLS by -L', () => ['-L', `${server.urls[0]}/t`, ...own(), '--insecure']],
    ['WebSocket', () => ['-L', server.urls[1]]],
    ['WebSocket over TLS', () => ['-L', server.urls[2], ...ca()]],
    ['a Unix socket', () => ['--unix', file('a.sock')]],
  ] as const) {
    test(name, async () => {
      const receiving = godwit('sub', ...way(), '-d', '-W', '20', '-t', 'a', '-C', '1');
      await receiving.says(/subscribed/);
      const { code, stderr } = await godwit('pub', ...way(), '-t', 'a', '-m', 'x').outcome;
      deepEqual([code, stderr], [0, '']);
      equal((await receiving.outcome).stdout, 'x\n');
      const load = ['-n', '2', '-d', '0.2', '--warmup', '0.1', '--json', '--fail-if', 'lost>0'];
      const bench = await godwit('bench', 'pair', ...way(), ...load).outcome;
      deepEqual([bench.code, bench.stderr], [0, '']);
      const { settings } = JSON.parse(bench.stdout);
      equal('tls' in settings.server, false);
      match(settings.server.url, /^(mqtts|wss?|unix):/);
    });
  }

  test('a server that is not trusted, and a proxy that is not there', async () => {
    const untrusting = await godwit('pub', '-L', server.urls[2], '-t', 'a', '-n').outcome;
    match(untrusting.stderr, /cannot connect/);
    const way = ['--proxy', `socks5://${host}:1`, '-t', 'a', '-n'];
    match((await godwit('pub', '-L', server.urls[1], ...way).outcome).stderr, /cannot connect/);
  });
});
