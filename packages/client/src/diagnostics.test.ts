import assert from 'node:assert/strict';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { createClient } from './node.ts';
import { publish, stage } from './testing/scripted-server.ts';

test('connections and messages are told', async t => {
  const seen: string[] = [];
  const listen = (name: string, tell: (message: never) => string): void => {
    const listener = (message: unknown): void => void seen.push(tell(message as never));
    subscribe(name, listener);
    t.after(() => unsubscribe(name, listener));
  };
  listen(
    'godwit:client:up',
    ({ server }: { server: { clientId: string } }) => `up ${server.clientId}`,
  );
  listen('godwit:client:down', ({ error }: { error: unknown }) => `down ${error}`);
  listen(
    'godwit:client:receive',
    ({ topic, qos }: { topic: string; qos: number }) => `${topic} ${qos}`,
  );
  const traced = {
    start: ({ topic, bytes }: { topic: string; bytes: number }) =>
      void seen.push(`start ${topic} ${bytes}`),
    asyncEnd: ({ result }: { result: { reasonCode: number } }) =>
      void seen.push(`end ${result.reasonCode}`),
    end() {},
    asyncStart() {},
    error() {},
  };
  const publishing = tracingChannel('godwit:client:publish');
  publishing.subscribe(traced as never);
  t.after(() => publishing.unsubscribe(traced as never));

  const { clock, server, options } = stage();
  const client = createClient('mqtt://server', { ...options, clientId: 'me' });
  await clock.settle();
  const published = client.publish('t', 'abc', { qos: 1 });
  server.send(publish({ topic: 'u' }));
  await clock.settle();
  await published;
  const closed = client.close();
  await clock.settle();
  await closed;
  assert.equal(server.got(PacketType.publish).length, 1);
  assert.deepEqual(seen, ['up me', 'start t 3', 'u 0', 'end 0', 'down undefined']);
});
