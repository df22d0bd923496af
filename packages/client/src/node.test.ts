import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@godwit/runtime';
import { listenTcp } from '@godwit/transport/node';
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

test('other URLs are refused', async () => {
  await assert.rejects(connect('http://127.0.0.1'), TypeError);
  await assert.rejects(connect('nowhere'), TypeError);
  assert.throws(() => createClient('mqtts://127.0.0.1'), TypeError);
});
