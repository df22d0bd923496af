/**
 * Our client over TLS, WebSocket, both, and a Unix socket, to our server and to Debian's mosquitto;
 * and to both through the proxies of others.
 */

import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { connect as connectByWebSocket, ErrorCode, type MqttError } from '@godwit/client';
import { connect, type NodeClientOptions, type TlsClientOptions } from '@godwit/client/node';
import { type Config, defaultConfig, type ListenerConfig, Server } from '@godwit/server';
import { freePort } from '@godwit/testkit/free-port';
import {
  certificatesMissing,
  type TestCertificates,
  testCertificates,
} from '@godwit/transport/test-certificates';
import { suiteMs } from './support/inbox.ts';
import { skipWhereMissing } from './support/program.ts';
import { proxiesMissing, startMicrosocks, startTinyproxy } from './support/proxies.ts';
import {
  mosquittoMissing,
  type Server as RunningServer,
  startMosquitto,
} from './support/server.ts';

const host = '127.0.0.1';
const timeoutMs = 10_000;
const reconnect = false;

/** Where one server listens. */
interface Urls {
  readonly tcp: string;
  readonly tls: string;
  readonly mutual: string;
  readonly ws: string;
  readonly wss: string;
  readonly unix: string;
}

suite('the client’s transports', { skip: await certificatesMissing(), timeout: suiteMs }, () => {
  let folder = '';
  let certificates: TestCertificates;
  /** The certificate of a client; its key is encrypted. */
  let device: TlsClientOptions;
  let godwit: Server;
  let mosquitto: RunningServer | undefined;
  const urls: { godwit?: Urls; mosquitto?: Urls } = {};

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-client-transports-'));
    certificates = await testCertificates();
    const { cert, key } = await certificates.sign('device');
    const passphrase = 'open it';
    const encrypted = execFileSync(
      'openssl',
      ['pkcs8', '-topk8', '-passout', `pass:${passphrase}`],
      { input: key },
    );
    device = { cert: Buffer.from(cert), key: encrypted, passphrase };
    await writeFile(file('ca.crt'), certificates.ca);
    await writeFile(file('server.crt'), certificates.server.cert);
    await writeFile(file('server.key'), certificates.server.key);
    await startGodwit();
    if (mosquittoMissing === false) await startOther();
  });
  after(async () => {
    await godwit.close();
    await mosquitto?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function file(name: string): string {
    return join(folder, name);
  }

  async function startGodwit(): Promise<void> {
    const common = { host, port: 0, backlog: 16 };
    const tls = { cert: file('server.crt'), key: file('server.key') };
    const listeners: ListenerConfig[] = [
      { ...common, type: 'mqtt' },
      { ...common, type: 'mqtts', ...tls },
      { ...common, type: 'mqtts', ...tls, ca: file('ca.crt'), requireClientCert: true },
      { ...common, type: 'ws' },
      { ...common, type: 'wss', ...tls },
      { ...common, type: 'unix', path: file('godwit.sock') },
    ];
    const config: Config = { ...defaultConfig, listeners };
    godwit = await Server.start(config, { write: () => {} });
    const [tcp, secure, mutual, ws, wss] = godwit.urls;
    const unix = `unix:${file('godwit.sock')}`;
    urls.godwit = { tcp, tls: secure, mutual, ws, wss, unix };
  }

  async function startOther(): Promise<void> {
    const [tls, mutual, ws, wss] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const own = [`certfile ${file('server.crt')}`, `keyfile ${file('server.key')}`];
    mosquitto = await startMosquitto([
      // any other could not read our files
      'user root',
      `listener ${tls} ${host}`,
      ...own,
      `listener ${mutual} ${host}`,
      ...own,
      `cafile ${file('ca.crt')}`,
      'require_certificate true',
      `listener ${ws} ${host}`,
      'protocol websockets',
      `listener ${wss} ${host}`,
      'protocol websockets',
      ...own,
      `listener 0 ${file('mosquitto.sock')}`,
    ]);
    urls.mosquitto = {
      tcp: `mqtt://${host}:${mosquitto.port}`,
      tls: `mqtts://${host}:${tls}`,
      mutual: `mqtts://${host}:${mutual}`,
      ws: `ws://${host}:${ws}/mqtt`,
      wss: `wss://${host}:${wss}/mqtt`,
      unix: `unix:${file('mosquitto.sock')}`,
    };
  }

  const trusting = (): { tls: TlsClientOptions } => ({ tls: { ca: certificates.ca } });

  /** Messages of each QoS go there and back, a large one among them. */
  async function exchange(
    url: string,
    options: NodeClientOptions = {},
    open: typeof connect = connect,
  ): Promise<void> {
    await using client = await open(url, { ...options, timeoutMs, reconnect });
    await using subscription = await client.subscribe('transports', { qos: 2, timeoutMs });
    // mosquitto takes 4 KB every 100 ms over WebSocket
    const isSlow = url === urls.mosquitto?.ws || url === urls.mosquitto?.wss;
    const payloads = ['a', 'b', 'x'.repeat(isSlow ? 10_000 : 300_000), 'c'];
    for (const [at, payload] of payloads.entries()) {
      const qos = (at % 3) as 0 | 1 | 2;
      await client.publish('transports', payload, { qos, timeoutMs });
    }
    const received: string[] = [];
    for await (const message of subscription) {
      received.push(message.text());
      message.ack();
      if (received.length === payloads.length) break;
    }
    deepEqual(received, payloads);
  }

  /** What the system said. */
  async function causeOf(url: string, options: NodeClientOptions): Promise<string> {
    let code = '';
    await rejects(connect(url, { ...options, timeoutMs, reconnect }), (error: MqttError) => {
      const cause = error.cause as NodeJS.ErrnoException | undefined;
      code = cause?.code ?? error.code;
      return true;
    });
    return code;
  }

  for (const name of ['godwit', 'mosquitto'] as const) {
    suite(name, { skip: name === 'mosquitto' ? skipWhereMissing(mosquittoMissing) : false }, () => {
      test('TCP', () => exchange(urls[name]!.tcp));
      test('a Unix socket', () => exchange(urls[name]!.unix));
      test('TLS', () => exchange(urls[name]!.tls, trusting()));
      test('TLS by name', () => {
        const url = urls[name]!.tls.replace(host, 'localhost');
        return exchange(url, { tls: { ...trusting().tls, minVersion: 'TLSv1.3' } });
      });
      test('TLS with the client’s certificate', () =>
        exchange(urls[name]!.mutual, { tls: { ...trusting().tls, ...device } }));
      test('TLS without it is refused', async () => {
        match(
          await causeOf(urls[name]!.mutual, trusting()),
          /CERTIFICATE_REQUIRED|ECONNRESET|connection-lost/,
        );
      });
      test('a certificate that is not trusted, or for another name', async () => {
        match(await causeOf(urls[name]!.tls, {}), /SELF_SIGNED|UNABLE_TO/);
        const tls = { ...trusting().tls, serverName: 'other.example' };
        equal(await causeOf(urls[name]!.tls, { tls }), 'ERR_TLS_CERT_ALTNAME_INVALID');
      });
      test('any certificate, when told so', () =>
        exchange(urls[name]!.tls, { tls: { rejectUnauthorized: false } }));
      test('WebSocket', () => exchange(urls[name]!.ws));
      test('the platform’s WebSocket', () => exchange(urls[name]!.ws, {}, connectByWebSocket));
      test('WebSocket over TLS', () => exchange(urls[name]!.wss, trusting()));
    });
  }

  test('headers of the WebSocket’s request', async () => {
    const headers = { origin: 'http://other.example' };
    equal(await causeOf(urls.godwit!.ws, { headers }), 'EPROTO');
    const own = { origin: urls.godwit!.ws.replace(/^ws(.*)\/mqtt$/, 'http$1') };
    await exchange(urls.godwit!.ws, { headers: own });
  });

  suite('through a proxy', { skip: skipWhereMissing(proxiesMissing) }, () => {
    const user = { name: 'me', password: 'p.ss' };
    for (const [scheme, start] of [
      ['socks5', startMicrosocks],
      ['http', startTinyproxy],
    ] as const) {
      test(scheme, async () => {
        await using running = await start();
        const proxy = `${scheme}://${running.address}`;
        const { tcp, tls, ws, wss } = urls.godwit!;
        await exchange(tcp, { proxy });
        await exchange(tcp.replace(host, 'localhost'), { proxy });
        await exchange(tls, { proxy, ...trusting() });
        await exchange(ws, { proxy });
        await exchange(wss, { proxy, ...trusting() });
        equal(await causeOf(`mqtt://${host}:1`, { proxy }), 'EPROXY');
        const tls2 = { ...trusting().tls, serverName: 'other.example' };
        equal(await causeOf(tls, { proxy, tls: tls2 }), 'ERR_TLS_CERT_ALTNAME_INVALID');
        match(await causeOf(wss, { proxy }), /SELF_SIGNED|UNABLE_TO/);
      });

      test(`${scheme} with user name and password`, async () => {
        await using running = await start(user);
        const { wss, tcp } = urls.godwit!;
        const proxy = `${scheme}://me:p%2Ess@${running.address}`;
        await exchange(tcp, { proxy });
        await exchange(wss, { proxy, ...trusting() });
        for (const login of ['', 'me:wrong@']) {
          const wrong = `${scheme}://${login}${running.address}`;
          equal(await causeOf(tcp, { proxy: wrong }), 'EPROXY');
          equal(await causeOf(wss, { proxy: wrong, ...trusting() }), 'EPROXY');
        }
      });
    }
  });

  test('nobody listens', async () => {
    const url = `mqtts://${host}:${await freePort()}`;
    equal(await causeOf(url, {}), 'ECONNREFUSED');
    await rejects(connect(url, { timeoutMs, reconnect }), { code: ErrorCode.connectFailed });
  });
});
