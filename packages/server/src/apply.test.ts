import { deepEqual, equal, match, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { connectTcp } from '@godwit/transport/node';
import { type Config, defaultConfig, defaultListener } from './config/config.ts';
import { Server } from './server.ts';

const base: Config = {
  ...defaultConfig,
  listeners: [{ ...defaultListener, port: 0 }],
  log: { level: 'silent', format: 'json' },
};

test('a running server takes over bounds, log level and listeners, and names the rest', async t => {
  const lines: string[] = [];
  const server = await Server.start(base, { write: line => lines.push(line) });
  t.after(() => server.close());
  const [first] = server.urls;
  const next: Config = {
    ...base,
    listeners: [...base.listeners, { ...defaultListener, port: 0, backlog: 7 }],
    log: { level: 'debug', format: 'pretty' },
    limits: { ...base.limits, inflightMax: 7, routeCacheEntries: 17 },
  };
  deepEqual(await server.apply(next), ['log.format', 'limits.routeCacheEntries']);
  equal(server.broker.limits.inflightMax, 7);
  equal(server.broker.limits.routeCacheEntries, base.limits.routeCacheEntries);
  equal(server.urls.length, 2);
  equal(server.urls[0], first, 'stays open');
  match(lines.join(''), /"changed":\[.*"limits.inflightMax"/);
  match(lines.join(''), /need a restart/);
  deepEqual(await server.apply(next), ['log.format', 'limits.routeCacheEntries'], 'still');

  await server.apply({ ...next, listeners: next.listeners.slice(1) });
  equal(server.urls.length, 1);
  const port = Number(new URL(first).port);
  await rejects(connectTcp({ host: '127.0.0.1', port }), { code: 'ECONNREFUSED' });

  const taken = Number(new URL(server.urls[0]).port);
  const impossible = { ...defaultListener, port: taken, host: '127.0.0.1' };
  await server.apply({ ...next, listeners: [...next.listeners.slice(1), impossible] });
  match(lines.join(''), /another program listens there","msg":"listener not opened/);
  equal(server.urls.length, 1);
});

test('what clients do is heard only by who asked', async t => {
  const server = await Server.start(base, { write: () => {} });
  t.after(() => server.close());
  const heard: string[] = [];
  const forget = server.observers.add({ onConnect: ({ clientId }) => heard.push(clientId) });
  const { port } = new URL(server.urls[0]);
  for (const id of ['61', '62']) {
    const stream = await connectTcp({ host: '127.0.0.1', port: Number(port) });
    const answered = Promise.withResolvers<void>();
    stream.open({
      onData: () => answered.resolve(),
      onEnd: () => stream.end(),
      onDrain() {},
      onClose: () => answered.reject(new Error('closed')),
    });
    stream.write(Uint8Array.from(Buffer.from(`100e00044d5154540502003c000001${id}`, 'hex')));
    await answered.promise;
    stream.destroy();
    forget();
  }
  deepEqual(heard, ['a']);
});

test('fixed bounds are refused', async t => {
  const server = await Server.start(base, { write: () => {} });
  t.after(() => server.close());
  throws(() => server.broker.setLimits({ sharedPublishersMax: 1 }), /sharedPublishersMax: holds/);
  throws(() => server.broker.setLimits({ inflightMax: 0 }), /inflightMax: is 0/);
  equal(server.broker.limits.inflightMax, base.limits.inflightMax);
});

test('a listener that is being opened when the server closes is closed too', async () => {
  const server = await Server.start(base, { write: () => {} });
  const more = { ...defaultListener, port: 0, backlog: 7 };
  const applied = server.apply({ ...base, listeners: [...base.listeners, more] });
  await Promise.resolve();
  await server.close();
  await applied;
  equal(server.urls.length, 2);
  for (const url of server.urls) {
    const port = Number(new URL(url).port);
    await rejects(connectTcp({ host: '127.0.0.1', port }), { code: 'ECONNREFUSED' });
  }
  deepEqual(await server.apply(base), [], 'nothing is opened any more');
});
