/** `godwit ctl` against a server, as a shell sees it. */
import { equal, match } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { systemClock } from '@godwit/runtime';
import { defaultConfig, type Server } from '@godwit/server';
import { godwit, type Outcome, startServer } from './harness.ts';

suite('godwit ctl', { timeout: 60_000 }, () => {
  let server: Server;
  let port = '';
  let folder = '';
  let tokenFile = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-ctl-'));
    tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'a-token-of-16-or-more\n');
    const tokens = [{ name: 'all', file: tokenFile, scopes: ['read', 'write'] as const }];
    [server, port] = await startServer({ admin: { ...defaultConfig.admin, port: 0, tokens } });
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const ctl = (...args: readonly string[]): Promise<Outcome> => {
    const [command, ...rest] = args;
    const where = ['--url', server.adminUrl ?? '', '--token-file', tokenFile];
    return godwit('ctl', command, ...where, ...rest).outcome;
  };

  test('lists, shows, publishes and kicks', async () => {
    const subscriber = godwit('sub', '-p', port, '-i', 'one/1', '-t', 'a', '-d');
    await subscriber.says(/subscribed/);
    match((await ctl('clients')).stdout, /^CLIENTID .*\none\/1 +true +127\.0\.0\.1 /);
    match((await ctl('client', 'one/1')).stdout, /"isConnected": true/);
    match((await ctl('subscriptions', 'one/1')).stdout, /\na +0 /);
    equal((await ctl('publish', 'a', 'text', '--retain')).code, 0);
    match((await ctl('retained')).stdout, /\na +0 +4\n/);
    const tracing = ctl('trace', '--client-id', 'one/1', '--packets', '1');
    while (server.broker.tracer.size === 0)
      await new Promise<void>(turn => systemClock.defer(turn));
    equal((await ctl('kick', 'one/1')).code, 0);
    match((await tracing).stdout, /"event":"sent".*"type":"DISCONNECT"/);
    subscriber.kill('SIGTERM');
    const again = await ctl('client', 'nobody');
    equal(again.code, 1);
    match(again.stderr, /404, There is no such thing: there is no session/);
  });

  test('top shows a line for each look where there is no terminal', async () => {
    const where = ['--url', server.adminUrl ?? '', '--token-file', tokenFile];
    const { code, stdout } = await godwit('top', ...where, '--interval', '1', '--count', '1')
      .outcome;
    equal(code, 0);
    match(stdout, /^connections \d+ {2}sessions \d+ .*dropped\/s \d+\n$/);
  });

  test('says what is wrong', async () => {
    const refused = await godwit('ctl', 'status', '--url', server.adminUrl ?? '').outcome;
    match(refused.stderr, /godwit ctl: 401, A token is needed/);
    const nowhere = await godwit('ctl', 'status', '--url', 'http://127.0.0.1:1').outcome;
    match(nowhere.stderr, /cannot reach http:\/\/127\.0\.0\.1:1/);
    match((await godwit('ctl', 'status', '--url', 'x').outcome).stderr, /expected http:/);
  });
});
