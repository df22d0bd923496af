import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { ByteStream } from '@godwit/transport';
import { connectTcp, connectTls, connectUnix, connectWebSocket } from '@godwit/transport/node';
import {
  certificatesMissing,
  type TestCertificates,
  testCertificates,
} from '@godwit/transport/test-certificates';
import { type Config, defaultConfig, defaultListener } from './config/config.ts';
import { Server } from './server.ts';
import { SettlingClock } from './settling-clock.ts';

const skip = await certificatesMissing();

/** CONNECT of MQTT 5.0, Clean Start, no client identifier. */
const connectPacket = Uint8Array.from(Buffer.from('100d00044d5154540502003c000000', 'hex'));

/** The first two bytes and the reason code of what answers CONNECT. */
async function connack(stream: ByteStream): Promise<number[]> {
  const received = Promise.withResolvers<number[]>();
  stream.open({
    onData: chunk => received.resolve([chunk[0], chunk[3]]),
    onEnd: () => stream.end(),
    onDrain() {},
    onClose: error => received.reject(error ?? new Error('closed')),
  });
  stream.write(connectPacket);
  const answer = await received.promise;
  stream.destroy();
  return answer;
}

/** Lets promises that are settled be taken note of. */
async function turn(): Promise<void> {
  for (let count = 0; count < 200; count += 1) await Promise.resolve();
}

suite('a server', { skip }, () => {
  let folder = '';
  let certificates: TestCertificates;
  const lines: string[] = [];
  const clock = new SettlingClock();
  let server: Server;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-listeners-'));
    certificates = await testCertificates();
    await writeFile(join(folder, 'ca.crt'), certificates.ca);
    await writeCertificate(certificates.server);
    const common = { ...defaultListener, port: 0 };
    const tls = { cert: join(folder, 'server.crt'), key: join(folder, 'server.key') };
    const config: Config = {
      ...defaultConfig,
      listeners: [
        { ...common, type: 'mqtts', ...tls },
        { ...common, type: 'mqtts', ...tls, requireClientCert: true, ca: join(folder, 'ca.crt') },
        { ...common, type: 'ws', path: '/socket' },
        { ...common, type: 'wss', ...tls },
        { ...common, type: 'unix', path: join(folder, 'a.sock'), mode: '600' },
      ],
    };
    server = await Server.start(config, { write: line => lines.push(line) }, clock);
    await server.log.open();
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function writeCertificate(pair: { cert: string; key: string }): Promise<void> {
    await writeFile(join(folder, 'server.crt'), pair.cert);
    await writeFile(join(folder, 'server.key'), pair.key);
  }

  function secure(index: number, tls: object = {}): Promise<ByteStream> {
    const { port } = new URL(server.urls[index]);
    const trusting = { ca: certificates.ca, ...tls };
    return connectTls({ host: '127.0.0.1', port: Number(port), tls: trusting });
  }

  test('serves every type of listener', async () => {
    const [, , ws, wss, unix] = server.urls;
    const own = await certificates.sign('device');
    match(
      server.urls.join(' '),
      /^mqtts:.* mqtts:.* ws:.*\d\/socket wss:.*\/mqtt unix:\/\/\/.*sock$/,
    );
    const { ca } = certificates;
    for (const stream of [
      await secure(0),
      await secure(1, own),
      await connectWebSocket({ url: ws }),
      await connectWebSocket({ url: wss, tls: { ca } }),
      await connectUnix({ path: unix.replace('unix://', '') }),
    ]) {
      deepEqual(await connack(stream), [0x20, 0], stream.kind);
    }
  });

  test('lets pages of this machine in, and others not unless listed', async () => {
    const url = server.urls[2];
    const stream = await connectWebSocket({ url, headers: { origin: 'http://localhost:3000' } });
    stream.destroy();
    const refused = await connectWebSocket({ url, headers: { origin: 'https://x.example' } }).catch(
      error => error,
    );
    match(refused.message, /403/);
  });

  test('reads its certificates again, and keeps those before when they are broken', async () => {
    const shown = async (): Promise<string | undefined> => {
      const stream = await secure(0);
      stream.destroy();
      return stream.peerCertificate?.commonName;
    };
    const stays = await secure(0);
    await writeCertificate(await certificates.sign('renewed', ['IP:127.0.0.1']));
    await server.reload();
    equal(await shown(), 'renewed');
    await writeFile(join(folder, 'server.key'), 'nothing');
    lines.length = 0;
    await server.reload();
    equal(await shown(), 'renewed');
    match(lines.join(''), /ERROR certificates stay .*url=mqtts:.* error="key is .* no key in PEM/);
    deepEqual(await connack(stays), [0x20, 0]);
  });

  test('notices that its certificates have changed', async () => {
    const reloads = server.metrics.certificateReloads;
    await writeCertificate(await certificates.sign('noticed', ['IP:127.0.0.1']));
    while (server.metrics.certificateReloads < reloads + 3) {
      await clock.settled();
      await turn();
    }
    const stream = await secure(0);
    stream.destroy();
    equal(stream.peerCertificate?.commonName, 'noticed');
    equal(server.metrics.certificateReloadsFailed > 0, true);
  });
});

test('a proxy says who its clients are', async () => {
  const listeners = [{ ...defaultListener, port: 0, proxyProtocol: ['127.0.0.1'] }];
  const lines: string[] = [];
  const config = { ...defaultConfig, listeners };
  const server = await Server.start(config, { write: line => lines.push(line) });
  await server.log.open();
  const stream = await connectTcp({
    host: '127.0.0.1',
    port: Number(new URL(server.urls[0]).port),
  });
  stream.write(Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.1 56324 1883\r\n'));
  deepEqual(await connack(stream), [0x20, 0x87], 'it is not local, whatever the proxy is');
  match(lines.join(''), /anonymous clients must be local.*remoteAddress=192\.0\.2\.1/);
  await server.close();
});
