/** Requests, compression and typed topics of our client, on our broker and on mosquitto. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Broker } from '@godwit/broker';
import { json, topic } from '@godwit/client';
import { compress } from '@godwit/client/compress';
import { connect } from '@godwit/client/node';
import { listenTcp } from '@godwit/transport/node';
import { suiteMs } from './support/inbox.ts';
import { skipWhereMissing } from './support/program.ts';
import { mosquittoMissing, startGodwit, startMosquitto } from './support/server.ts';

const timeoutMs = 10_000;
const brokers = [
  { name: 'godwit', start: () => startGodwit(), missing: false },
  { name: 'mosquitto', start: startMosquitto, missing: mosquittoMissing },
] as const;

for (const { name, start, missing } of brokers) {
  suite(`requests on ${name}`, { skip: skipWhereMissing(missing), timeout: suiteMs }, () => {
    test('many at once, to two responders that share them', async () => {
      await using server = await start();
      const url = `mqtt://127.0.0.1:${server.port}`;
      await using first = await connect(url);
      await using second = await connect(url);
      await using client = await connect(url);
      const double = (request: { text(): string }): string => `${Number(request.text()) * 2}`;
      const init = { qos: 1, share: 'doublers', concurrency: 8 } as const;
      await using _first = await first.respond('double', double, init);
      await using _second = await second.respond('double', double, init);
      const numbers = Array.from({ length: 500 }, (_, at) => at);
      const answers = await Promise.all(
        numbers.map(number => client.request('double', `${number}`, { timeoutMs })),
      );
      deepEqual(
        answers.map(answer => Number(answer.text())),
        numbers.map(number => number * 2),
      );
      await rejects(client.request('nobody', '', { timeoutMs }), { code: 'no-responder' });
    });

    test('compressed and typed', async () => {
      await using server = await start();
      const url = `mqtt://127.0.0.1:${server.port}`;
      const lists = topic('lists/{name}', { codec: json<number[]>(), qos: 2 });
      await using publisher = await connect(url, { use: [compress({ encoding: 'zstd' })] });
      const expanding = compress();
      await using reader = await connect(url, { use: [expanding] });
      await using subscription = await lists.subscribe(reader);
      const long = Array.from({ length: 5_000 }, (_, at) => at);
      await Promise.all([
        lists.publish(publisher, { name: 'long' }, long),
        lists.publish(publisher, { name: 'short' }, [1]),
      ]);
      const seen: [string, number][] = [];
      for await (const { params, value } of subscription) {
        seen.push([params.name, value.length]);
        if (seen.length === 2) break;
      }
      deepEqual(seen, [
        ['long', 5_000],
        ['short', 1],
      ]);
      equal(expanding.expanded, 1);
    });
  });
}

test('a server that forgets all: answers find their way again', { timeout: suiteMs }, async () => {
  const serve = async (port: number) => {
    const broker = new Broker();
    const listener = await listenTcp({ host: '127.0.0.1', port }, stream => broker.accept(stream));
    const stop = async (): Promise<void> => {
      await listener.close();
      await broker.close();
    };
    return { port: listener.port, stop };
  };
  const before = await serve(0);
  const url = `mqtt://127.0.0.1:${before.port}`;
  const reconnect = { minMs: 10, maxMs: 50 };
  await using service = await connect(url, { reconnect });
  await using _responder = await service.respond('echo', request => request.payload, { qos: 1 });
  await using client = await connect(url, { reconnect });
  equal((await client.request('echo', '1', { timeoutMs })).text(), '1');
  const isBack = new Promise(resolve => service.on('up', resolve));
  await before.stop();
  const after = await serve(before.port);
  await isBack;
  // answered after the renewal, which went first
  await service.publish('there', '', { qos: 1, timeoutMs });
  equal((await client.request('echo', '2', { timeoutMs })).text(), '2');
  await client.close();
  await service.close();
  await after.stop();
});
