import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '@godwit/runtime';
import { listenTcp, listenUnix } from '@godwit/transport/node';
import { ErrorCode } from './errors.ts';
import { connect, createClient } from './node.ts';
import { ScriptedServer } from './testing/scripted-server.ts';

test('connects over TCP', async () => {
  const servers: ScriptedServer[] = [];
  const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, stream => {
    servers.push(new ScriptedServer(stream, 5, () => undefined));
  });
  const client = await connect(`mqtt://127.0.0.1:${listener.port}`, { timeoutMs: 10_000 });
  assert.equal((await client.publish('t', 'x', { qos: 2 })).reasonCode, 0);
  await client.close();
  assert.ok(servers[0].isClosed);
  await listener.close();
  const refused = connect(`mqtt://127.0.0.1:${listener.port}`, { clock: systemClock });
  await assert.rejects(refused, { code: ErrorCode.connectFailed, retryable: true });
});

test('connects over a Unix socket, and anything else that a URL says', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-client-'));
  const path = join(folder, 'a.sock');
  const listener = await listenUnix({ path, backlog: 1 }, stream => {
    new ScriptedServer(stream, 5, () => undefined);
  });
  const client = await connect(`unix:${path}`, { timeoutMs: 10_000 });
  assert.equal((await client.publish('t', 'x', { qos: 1 })).reasonCode, 0);
  await client.close();
  await listener.close();
  await rm(folder, { recursive: true });
});

test('other URLs are refused, and proxies that are none', async () => {
  await assert.rejects(connect('http://127.0.0.1'), TypeError);
  await assert.rejects(connect('nowhere'), TypeError);
  assert.throws(() => createClient(['mqtts://127.0.0.1', 'ftp://127.0.0.1']), TypeError);
  assert.throws(() => createClient('mqtt://127.0.0.1', { proxy: 'https://a' }), TypeError);
  assert.throws(() => createClient('unix:/a', { proxy: 'http://a' }), TypeError);
});
