/** Programs for MQTT.js reach our server over TLS and WebSocket with the options they had. */
import { equal, match } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { connectAsync, type MqttJsOptions } from '@godwit/client/mqttjs';
import { defaultConfig, Server } from '@godwit/server';
import {
  certificatesMissing,
  type TestCertificates,
  testCertificates,
} from '@godwit/transport/test-certificates';
import { Inbox, suiteMs } from './support/inbox.ts';
import { skipWhereMissing } from './support/program.ts';

const host = '127.0.0.1';
const reconnectPeriod = 0;

suite('the door for programs of MQTT.js, over', {
  skip: skipWhereMissing(await certificatesMissing()),
  timeout: suiteMs,
}, () => {
  let folder = '';
  let certificates: TestCertificates;
  let device: { cert: string; key: string };
  let server: Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-mqttjs-'));
    certificates = await testCertificates();
    const { cert, key } = await certificates.sign('device');
    device = { cert: String(cert), key: String(key) };
    await writeFile(file('ca.crt'), certificates.ca);
    await writeFile(file('server.crt'), certificates.server.cert);
    await writeFile(file('server.key'), certificates.server.key);
    const common = { host, port: 0, backlog: 16 };
    const tls = { cert: file('server.crt'), key: file('server.key') };
    const config = {
      ...defaultConfig,
      listeners: [
        { ...common, ...tls, type: 'mqtts' as const },
        { ...common, ...tls, type: 'mqtts' as const, ca: file('ca.crt'), requireClientCert: true },
        { ...common, type: 'ws' as const },
        { ...common, ...tls, type: 'wss' as const },
      ],
    };
    server = await Server.start(config, { write: () => {} });
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  const file = (name: string): string => join(folder, name);
  const port = (at: number): string => new URL(server.urls[at]).port;
  const ca = (): MqttJsOptions => ({ ca: certificates.ca });

  for (const [name, way] of [
    ['TLS', () => [server.urls[0], ca()]],
    ['TLS, told by options', () => [{ host, port: port(0), protocol: 'mqtts', ...ca() }]],
    [
      'TLS, of another name',
      () => [`ssl://${host}:${port(0)}`, { ...ca(), servername: 'localhost' }],
    ],
    ['TLS, trusting anybody', () => [`tls://${host}:${port(0)}`, { rejectUnauthorized: false }]],
    ['mutual TLS', () => [server.urls[1], { ...ca(), ...device }]],
    ['mutual TLS, as a key implies', () => [{ host, port: port(1), ...ca(), ...device }]],
    ['WebSocket', () => [server.urls[2]]],
    ['WebSocket, told by options', () => [{ host, port: port(2), protocol: 'ws', path: '/mqtt' }]],
    ['WebSocket over TLS', () => [server.urls[3], ca()]],
  ] satisfies [string, () => [string | MqttJsOptions, MqttJsOptions?]][]) {
    test(name, async () => {
      const [url, options] = way() as [string | MqttJsOptions, MqttJsOptions?];
      const client =
        typeof url === 'string'
          ? await connectAsync(url, { ...options, reconnectPeriod })
          : await connectAsync({ ...url, reconnectPeriod });
      const received = new Inbox<string>();
      client.on('message', (topic, payload) => received.push(`${topic} ${payload}`));
      await client.subscribeAsync('way', { qos: 2 });
      await client.publishAsync('way', 'there and back', { qos: 2 });
      equal((await received.take(1))[0], 'way there and back');
      await client.endAsync();
    });
  }

  test('TLS: a server that is not trusted, and a client without a certificate', async () => {
    const failure = (url: string, options: MqttJsOptions): Promise<string> =>
      connectAsync(url, { ...options, reconnectPeriod }).then(
        () => 'none',
        error => String(error),
      );
    match(await failure(server.urls[0], {}), /self.signed|unable to (get|verify)/i);
    match(await failure(server.urls[1], ca()), /Error/);
  });
});
