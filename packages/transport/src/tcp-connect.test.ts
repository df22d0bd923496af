import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Clock } from '@godwit/runtime';
import { connectTcp } from './tcp-connect.ts';
import { listenTcp } from './tcp-listener.ts';

const host = '127.0.0.1';

test('a closed port refuses', async () => {
  const listener = await listenTcp({ host, port: 0 }, () => {});
  await listener.close();
  await assert.rejects(connectTcp({ host, port: listener.port }), { code: 'ECONNREFUSED' });
});

test('takes no longer than timeoutMs', async () => {
  const delays: number[] = [];
  const clock: Clock = {
    wallMs: () => 0,
    monotonicMs: () => 0,
    defer: call => call(),
    after(delayMs, call) {
      delays.push(delayMs);
      queueMicrotask(call);
      return { cancel() {} };
    },
  };
  const listener = await listenTcp({ host, port: 0 }, stream => stream.destroy());
  await assert.rejects(connectTcp({ host, port: listener.port, timeoutMs: 250, clock }), {
    code: 'ETIMEDOUT',
  });
  assert.deepEqual(delays, [250]);
  await listener.close();
});

test('can be given up, before and during the attempt, not after', async () => {
  const listener = await listenTcp({ host, port: 0 }, stream => stream.destroy());
  const options = { host, port: listener.port };
  const reason = new Error('enough');
  await assert.rejects(connectTcp({ ...options, signal: AbortSignal.abort(reason) }), {
    code: 'ABORT_ERR',
    cause: reason,
  });
  const during = new AbortController();
  const attempt = connectTcp({ ...options, signal: during.signal });
  during.abort();
  await assert.rejects(attempt, { code: 'ABORT_ERR' });
  const after = new AbortController();
  const stream = await connectTcp({ ...options, signal: after.signal });
  after.abort();
  stream.destroy();
  await listener.close();
});
