import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { suite, type TestContext, test } from 'node:test';
import { Broker, type Hooks } from '@godwit/broker';
import { systemClock } from '@godwit/runtime';
import { RawClient } from '@godwit/testkit';
import { MemoryNetwork } from '@godwit/transport';
import { type AdminOptions, AdminServer } from './admin-server.ts';
import type { AdminSystem } from './admin-system.ts';

interface Bench {
  readonly broker: Broker;
  readonly admin: AdminServer;
  readonly audit: object[];
  client(clientId: string): Promise<RawClient>;
  call(path: string, init?: RequestInit): Promise<Response>;
}

async function bench(t: TestContext, options: Partial<AdminOptions> = {}): Promise<Bench> {
  const hooks: Hooks = {};
  const broker = new Broker({ hooks, limits: { closeGraceMs: 0 } });
  const audit: object[] = [];
  const system: AdminSystem = {
    broker,
    clock: systemClock,
    version: '0.0.1',
    urls: () => ['mqtt://127.0.0.1:1883'],
    config: () => ({ log: { level: 'info' } }),
    engineStats: () => ({ syncs: 3, syncMsLast: 5 }),
    observe(observer) {
      Object.assign(hooks, observer);
      return () => {};
    },
    audit: (_, fields) => audit.push(fields),
  };
  const admin = await AdminServer.listen({
    system,
    host: '127.0.0.1',
    port: 0,
    tokens: [],
    requestsPerSecondMax: 1000,
    ...options,
  });
  const network = new MemoryNetwork(systemClock.defer);
  network.listen('broker', stream => broker.accept(stream));
  t.after(async () => {
    await admin.close();
    await broker.close();
  });
  return {
    broker,
    admin,
    audit,
    async client(clientId) {
      const client = new RawClient(network.connect('broker'), { clock: systemClock, version: 5 });
      await client.connect({ clientId, properties: { sessionExpiryInterval: 60 } });
      return client;
    },
    call: (path, init) => fetch(`${admin.url}${path}`, init),
  };
}

/** Of whatever type the test takes it for. */
const json = async (response: Response) => JSON.parse(await response.text());

const post = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

suite('the admin listener', () => {
  test('says how the broker is', async t => {
    const { call, broker } = await bench(t);
    equal((await call('/livez')).status, 200);
    equal((await call('/readyz')).status, 200);
    void broker.close();
    const closing = await call('/readyz');
    equal(closing.status, 503);
    equal(await closing.text(), 'not ready: closing\n');
  });

  test('changes nothing before what is stored has been read', async t => {
    const audit: object[] = [];
    const system: AdminSystem = {
      broker: { inspector: { phase: 'starting' } } as Broker,
      clock: systemClock,
      version: '0.0.1',
      urls: () => [],
      config: () => ({}),
      engineStats: () => null,
      observe: () => () => {},
      audit: (_, fields) => audit.push(fields),
    };
    const { call } = await bench(t, { system });
    equal((await call('/livez')).status, 200);
    equal((await call('/readyz')).status, 503);
    equal((await call('/api/v1/status')).status, 200);
    equal((await call('/api/v1/messages', post({ topic: 'x' }))).status, 503);
    deepEqual(audit, [{ who: '127.0.0.1', method: 'post', path: '/api/v1/messages', status: 503 }]);
  });

  test('has metrics for Prometheus', async t => {
    const { call, client } = await bench(t);
    await client('a');
    const response = await call('/metrics');
    match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await response.text();
    match(text, /^godwit_connections 1$/m);
    match(text, /^godwit_clients\{version="5.0"\} 1$/m);
    match(text, /^# TYPE godwit_messages_dropped_total counter$/m);
    match(text, /^godwit_messages_dropped_total\{reason="queue_full"\} 0$/m);
    match(text, /^godwit_storage_sync_last_seconds 0.005$/m);
    match(text, /^godwit_event_loop_delay_seconds_bucket\{le="\+Inf"\} \d+$/m);
    equal(text.match(/# TYPE godwit_messages_dropped_total/g)?.length, 1);
    for (const line of text.split('\n').slice(0, -1)) {
      match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{[^}]+\})? [\d.e+-]+)$/);
    }
  });

  test('lists clients, page by page, and sends them away', async t => {
    const { call, client, audit } = await bench(t);
    for (const id of ['a1', 'a2', 'b1']) await client(id);
    const first = await json(await call('/api/v1/clients?search=a&limit=1'));
    deepEqual([first.items[0].clientId, first.next], ['a1', 1]);
    const second = await json(await call('/api/v1/clients?search=a&limit=1&offset=1'));
    deepEqual([second.items[0].clientId, second.next], ['a2', null]);
    equal((await json(await call('/api/v1/clients/b1'))).isConnected, true);
    equal((await call('/api/v1/clients/b1/connection', { method: 'DELETE' })).status, 204);
    const away = await json(await call('/api/v1/clients?connected=false'));
    equal(away.items[0].clientId, 'b1');
    equal((await call('/api/v1/clients/b1', { method: 'DELETE' })).status, 204);
    const gone = await call('/api/v1/clients/b1', { method: 'DELETE' });
    equal(gone.status, 404);
    equal(gone.headers.get('content-type'), 'application/problem+json');
    const path = '/api/v1/clients/b1';
    const who = '127.0.0.1';
    deepEqual(audit.slice(1), [
      { who, method: 'delete', path, status: 204 },
      { who, method: 'delete', path, status: 404 },
    ]);
  });

  test('publishes, shows what is retained, and removes it', async t => {
    const { call } = await bench(t);
    const message = { topic: 'a/b', payload: 'é', retain: true };
    equal((await call('/api/v1/messages', post(message))).status, 200);
    const { items } = await json(await call('/api/v1/retained?filter=a/%2B'));
    deepEqual([items[0].topic, items[0].payloadBytes], ['a/b', 2]);
    const one = await json(await call('/api/v1/retained/message?topic=a/b'));
    equal(Buffer.from(one.payloadBase64, 'base64').toString(), 'é');
    const remove = { method: 'DELETE' };
    equal((await call('/api/v1/retained/message?topic=a/b', remove)).status, 204);
    equal((await call('/api/v1/retained/message?topic=a/b', remove)).status, 404);
  });

  test('refuses what is not valid, and says what is wrong', async t => {
    const { call, admin } = await bench(t);
    const detail = async (path: string, init?: RequestInit): Promise<string> => {
      const response = await call(path, init);
      const { status, detail } = await json(response);
      return `${status} ${detail}`;
    };
    match(await detail('/api/v1/clients?limit=5000'), /^400 query.limit: .*1000/);
    match(await detail('/api/v1/clients?nix=1'), /^400 query: .*nix/);
    match(await detail('/api/v1/retained?filter=a/%23/b'), /^400 filter: expected/);
    match(await detail('/api/v1/messages', post({ topic: 'a/#' })), /^400 topic: expected/);
    match(await detail('/api/v1/messages', { method: 'POST', body: '{}' }), /^415 expected/);
    match(await detail('/api/v1/nothing'), /^404 /);
    match(
      await detail('/api/v1/messages', post({ topic: 'x', payload: 'y'.repeat(2e6) })),
      /^413 /,
    );
    const rebound = Promise.withResolvers<number | undefined>();
    const headers = { host: 'evil.example' };
    request(`${admin.url}/api/v1/clients`, { headers }, response => {
      rebound.resolve(response.statusCode);
      response.resume();
    }).end();
    equal(await rebound.promise, 421);
  });

  test('knows who may do what by their tokens', async t => {
    const token = (name: string, more: object): AdminOptions['tokens'][number] => ({
      name,
      sha256: createHash('sha256').update(`${name}-0123456789`).digest('hex'),
      scopes: ['read'],
      ...more,
    });
    const tokens = [
      token('reader', {}),
      token('writer', { scopes: ['write'] }),
      token('former', { expiresAtMs: 1 }),
    ];
    const { call } = await bench(t, { tokens, requestsPerSecondMax: 20 });
    const status = async (name: string, path: string, init: RequestInit = {}): Promise<number> => {
      const headers = { ...init.headers, authorization: `Bearer ${name}-0123456789` };
      const response = await call(path, { ...init, headers });
      await response.text();
      return response.status;
    };
    equal(await status('reader', '/api/v1/status'), 200);
    equal(await status('reader', '/api/v1/messages', post({ topic: 'x' })), 403);
    equal(await status('writer', '/api/v1/messages', post({ topic: 'x' })), 200);
    equal(await status('former', '/api/v1/status'), 401);
    equal(await status('nobody', '/api/v1/status'), 401);
    equal(await status('reader', '/metrics'), 403);
    equal((await call('/api/v1/status')).headers.get('www-authenticate'), 'Bearer');
    equal((await call('/livez')).status, 200);
    const many = Array.from({ length: 60 }, () => status('reader', '/api/v1/status'));
    ok((await Promise.all(many)).includes(429));
  });

  test('streams what clients do', async t => {
    const { call, client } = await bench(t);
    const response = await call('/api/v1/events');
    await client('a');
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes('connected')) break;
    }
    match(text, /^: alive\n\nevent: connected\ndata: \{"time":".*Z","clientId":"a",/);
  });

  test('streams the packets of a client, as many as were asked for', async t => {
    const { call, client, audit } = await bench(t);
    equal((await call('/api/v1/trace')).status, 400);
    equal((await call('/api/v1/trace?topic=a/%23/b')).status, 400);
    const response = await call('/api/v1/trace?clientId=a&packets=2');
    await client('b');
    await client('a');
    const text = await response.text();
    deepEqual(text.match(/^event: .*/gm), ['event: received', 'event: sent']);
    match(text, /"packet":\{"type":"CONNACK"/);
    const fields = { clientId: 'a', packets: 2, seconds: 60 };
    deepEqual(audit, [{ who: '127.0.0.1', method: 'get', path: '/api/v1/trace', ...fields }]);
  });

  test('describes itself', async t => {
    const { call } = await bench(t);
    const { openapi, paths } = await json(await call('/api/v1/openapi.json'));
    equal(openapi, '3.1.0');
    deepEqual(Object.keys(paths['/api/v1/clients/{clientId}']), ['get', 'delete']);
    equal(paths['/api/v1/clients'].get.parameters[0].name, 'limit');
    deepEqual(await json(await call('/api/v1/config')), { log: { level: 'info' } });
    equal((await json(await call('/api/v1/status'))).version, '0.0.1');
    equal((await json(await call('/api/v1/metrics'))).totals.queuedMessages, 0);
  });
});
