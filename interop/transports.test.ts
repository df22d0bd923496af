/**
 * Our server over TLS, WebSocket, both, and a Unix socket, with the clients of others: Debian's
 * mosquitto_pub and mosquitto_sub, its python3-paho-mqtt, and npm's MQTT.js.
 */
import { deepEqual, match, rejects } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type Config, defaultConfig, type ListenerConfig, Server } from '@godwit/server';
import {
  certificatesMissing,
  type TestCertificates,
  testCertificates,
} from '@godwit/transport/test-certificates';
import { connectAsync, type IClientOptions } from 'mqtt';
import { suiteMs } from './support/inbox.ts';
import { mosquittoClients } from './support/mosquitto-clients.ts';
import { Paho } from './support/paho.ts';
import { Program, run, skipWhereMissing } from './support/program.ts';

const host = '127.0.0.1';
const paho = new Paho();

suite('transports', { skip: await certificatesMissing(), timeout: suiteMs }, () => {
  let folder = '';
  let certificates: TestCertificates;
  let server: Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-transports-'));
    certificates = await testCertificates();
    const device = await certificates.sign('device');
    const revoked = await certificates.sign('revoked');
    const expired = await certificates.sign('expired', [], -1);
    const ocspResponse = await certificates.ocspResponse(certificates.server);
    const files = {
      'ca.crt': certificates.ca,
      'server.crt': certificates.server.cert,
      'server.key': certificates.server.key,
      'device.crt': device.cert,
      'device.key': device.key,
      'revoked.crt': revoked.cert,
      'revoked.key': revoked.key,
      'expired.crt': expired.cert,
      'expired.key': expired.key,
      'ca.crl': await certificates.revoke([revoked]),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(file(name), text);
    await writeFile(file('server.ocsp'), ocspResponse);
    const common = { host, port: 0, backlog: 16 };
    const tls = { cert: file('server.crt'), key: file('server.key') };
    const listeners: ListenerConfig[] = [
      { ...common, type: 'mqtts', ...tls },
      { ...common, type: 'mqtts', ...tls, ca: file('ca.crt'), requireClientCert: true },
      { ...common, type: 'ws' },
      { ...common, type: 'wss', ...tls },
      { ...common, type: 'unix', path: file('a.sock') },
      {
        ...common,
        type: 'mqtts',
        ...tls,
        ca: file('ca.crt'),
        crl: [file('ca.crl')],
        requireClientCert: true,
        ocspResponse: file('server.ocsp'),
      },
    ];
    const config: Config = { ...defaultConfig, listeners };
    server = await Server.start(config, { write: () => {} });
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  function file(name: string): string {
    return join(folder, name);
  }

  function portOf(index: number): string {
    return new URL(server.urls[index]).port;
  }

  suite('mosquitto_pub and mosquitto_sub', {
    skip: skipWhereMissing(mosquittoClients.missing),
  }, () => {
    const own = (name = 'device'): string[] => {
      return ['--cert', file(`${name}.crt`), '--key', file(`${name}.key`)];
    };
    const secure = (index: number): string[] => {
      return ['-h', 'localhost', '-p', portOf(index), '--cafile', file('ca.crt')];
    };

    async function exchange(args: readonly string[]): Promise<void> {
      const base = [...args, '-V', '5', '-t', 'transports'];
      const subscriber = Program.writingLines('mosquitto_sub', [...base, '-d', '-C', '1']);
      await subscriber.line(/^Subscribed /);
      await run('mosquitto_pub', [...base, '-q', '1', '-s'], Buffer.from('hello'));
      await subscriber.line(/^hello$/);
      await subscriber.finish();
    }

    test('TLS', () => exchange(secure(0)));
    test('TLS with the client’s certificate', () => exchange([...secure(1), ...own()]));
    test('TLS without it is refused', async () => {
      await rejects(run('mosquitto_pub', [...secure(1), '-t', 'a', '-n'], Buffer.alloc(0)));
    });
    test('TLS with a list of revoked certificates', () => exchange([...secure(5), ...own()]));
    for (const name of ['revoked', 'expired']) {
      test(`a client’s certificate that is ${name}`, async () => {
        const args = [...secure(5), ...own(name), '-t', 'a', '-n'];
        await rejects(run('mosquitto_pub', args, Buffer.alloc(0)));
      });
    }
    test('TLS 1.2', () => exchange([...secure(0), '--tls-version', 'tlsv1.2']));
    test('a certificate that is not trusted', async () => {
      const args = ['-h', host, '-p', portOf(0), '--capath', '/etc/ssl/certs', '-t', 'a', '-n'];
      await rejects(run('mosquitto_pub', args, Buffer.alloc(0)));
    });
    test('a Unix socket', () => exchange(['--unix', file('a.sock')]));
  });

  test('openssl s_client is told that the certificate has not been revoked', async () => {
    const at = ['-connect', `localhost:${portOf(5)}`, '-CAfile', file('ca.crt'), '-status'];
    const device = ['-cert', file('device.crt'), '-key', file('device.key')];
    const program = new Program('openssl', ['s_client', ...at, ...device, '-verify_return_error']);
    await program.line(/OCSP Response Status: successful/);
    await program.line(/Cert Status: good/);
    await program.line(/Verify return code: 0 \(ok\)/);
    await program.stop('SIGKILL');
  });

  suite('MQTT.js', () => {
    async function exchange(url: string, options: IClientOptions = {}): Promise<void> {
      const settings: IClientOptions = { ...options, protocolVersion: 5, reconnectPeriod: 0 };
      const client = await connectAsync(url, settings);
      await client.subscribeAsync('mqttjs', { qos: 1 });
      const payload = Buffer.alloc(300_000, 'x');
      const received = new Promise<Buffer>(resolve => {
        client.once('message', (_topic, message) => resolve(message));
      });
      await client.publishAsync('mqttjs', payload, { qos: 1 });
      deepEqual(await received, payload);
      await client.endAsync();
    }

    test('WebSocket', () => exchange(server.urls[2]));
    test('WebSocket over TLS', () => exchange(server.urls[3], { ca: certificates.ca }));
    test('TLS', () => exchange(server.urls[0], { ca: certificates.ca }));
  });

  suite('paho', { skip: skipWhereMissing(paho.missing) }, () => {
    async function exchange(transport: string, port: string, ca = ''): Promise<void> {
      const program = new Program('/usr/bin/python3', ['-c', script, transport, port, ca]);
      match(await program.line(/./), /^got hello$/);
      await program.finish();
    }

    test('WebSocket', () => exchange('websockets', portOf(2)));
    test('WebSocket over TLS', () => exchange('websockets', portOf(3), file('ca.crt')));
    test('TLS', () => exchange('tcp', portOf(0), file('ca.crt')));
  });
});

const script = `
import sys
import paho.mqtt.client as mqtt

transport, port, ca = sys.argv[1:4]
client = mqtt.Client(transport=transport, protocol=mqtt.MQTTv311)
if ca:
    client.tls_set(ca)

def on_connect(client, *_):
    client.subscribe("paho", 1)

def on_subscribe(client, *_):
    client.publish("paho", "hello", 1)

def on_message(client, _data, message):
    print("got", message.payload.decode(), flush=True)
    client.disconnect()

client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect("localhost", int(port))
client.loop_forever()
`;
