/**
 * HAProxy and nginx of Debian in front of our broker, as the documentation configures them, with
 * Debian's mosquitto_pub and mosquitto_sub and npm's MQTT.js through them.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Broker, type ClientInfo } from '@godwit/broker';
import { freePort } from '@godwit/testkit/free-port';
import type { ByteStream } from '@godwit/transport';
import { listenTcp, listenWebSocket } from '@godwit/transport/node';
import { type TestCertificates, testCertificates } from '@godwit/transport/test-certificates';
import { connectAsync } from 'mqtt';
import { Inbox, suiteMs } from './support/inbox.ts';
import { mosquittoClients } from './support/mosquitto-clients.ts';
import { isInstalled, Program, run, skipWhereMissing } from './support/program.ts';

const host = '127.0.0.1';
/** Where clients connect from, which is not where the proxy does. */
const clientHost = '127.0.0.9';
const page = new URL('../docs/operate/proxies.md', import.meta.url);

const missing =
  mosquittoClients.missing ||
  (isInstalled('sh', '-c', 'command -v haproxy /usr/sbin/nginx') ? false : 'HAProxy or nginx');

interface Backend {
  readonly port: number;
  readonly webPort: number;
  readonly clients: Inbox<ClientInfo>;
  readonly streams: ByteStream[];
  stop(): Promise<void>;
}

async function startBackend(): Promise<Backend> {
  const clients = new Inbox<ClientInfo>();
  const streams: ByteStream[] = [];
  const broker = new Broker({ hooks: { onConnect: client => clients.push(client) } });
  const accept = (stream: ByteStream): void => {
    streams.push(stream);
    broker.accept(stream);
  };
  const proxies = ['127.0.0.1'];
  const plain = await listenTcp({ host, port: 0, proxyProtocol: proxies }, accept);
  const web = await listenWebSocket({ host, port: 0, forwardedFor: proxies }, accept);
  return {
    port: plain.port,
    webPort: web.port,
    clients,
    streams,
    async stop() {
      await Promise.all([plain.close(), web.close()]);
      await broker.close();
    },
  };
}

/** The block of the documentation in `language`, with other addresses and files. */
async function configuration(
  language: string,
  replacements: Readonly<Record<string, string>>,
): Promise<string> {
  const text = await readFile(page, 'utf8');
  const [, block = ''] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(text) ?? [];
  return Object.entries(replacements).reduce((found, [from, to]) => {
    ok(found.includes(from), `the example has no ${from}`);
    return found.replaceAll(from, to);
  }, block);
}

/** @throws Error when the program has ended instead */
async function listening(program: Program, port: number): Promise<void> {
  let failure: Error | undefined;
  void program.ended.then(error => {
    failure = error;
  });
  for (let isOpen = false; !isOpen; ) {
    if (failure !== undefined) throw failure;
    isOpen = await new Promise<boolean>(resolve => {
      const socket = connect(port, host);
      socket.once('error', () => resolve(false));
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
  }
}

suite('behind a proxy', { skip: skipWhereMissing(missing), timeout: 2 * suiteMs }, () => {
  let folder = '';
  let certificates: TestCertificates;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-proxies-'));
    certificates = await testCertificates();
    const device = await certificates.sign('device-7');
    const { cert, key } = certificates.server;
    await writeFile(file('ca.crt'), certificates.ca);
    await writeFile(file('broker.crt'), cert);
    await writeFile(file('broker.key'), key);
    await writeFile(file('broker.pem'), cert + key);
    await writeFile(file('device.crt'), device.cert);
    await writeFile(file('device.key'), device.key);
  });
  after(() => rm(folder, { recursive: true }));

  function file(name: string): string {
    return join(folder, name);
  }

  function plain(port: number): string[] {
    return ['-h', host, '-p', `${port}`, '-A', clientHost];
  }

  function secure(port: number): string[] {
    const own = ['--cert', file('device.crt'), '--key', file('device.key')];
    return [...plain(port), '--cafile', file('ca.crt'), ...own];
  }

  async function exchange(args: readonly string[]): Promise<void> {
    const base = [...args, '-V', '5', '-t', 'proxies'];
    const subscriber = Program.writingLines('mosquitto_sub', [...base, '-d', '-C', '1']);
    await subscriber.line(/^Subscribed /);
    await run('mosquitto_pub', [...base, '-q', '1', '-s'], Buffer.from('hello'));
    await subscriber.line(/^hello$/);
    await subscriber.finish();
  }

  /** Publishes until `backend` gets one: the proxy notices a broker's end when it does. */
  async function reaches(backend: Backend, args: readonly string[]): Promise<void> {
    let isThere = false;
    const come = backend.clients.take(1).then(() => {
      isThere = true;
    });
    const all = [...args, '-t', 'a', '-n'];
    while (!isThere) await run('mosquitto_pub', all, Buffer.alloc(0)).catch(() => {});
    await come;
  }

  test('HAProxy: PROXY version 2, checks, weights, and the spare one at the end', async () => {
    const backends = await Promise.all([startBackend(), startBackend(), startBackend()]);
    const [one, two, spare] = backends;
    const [port, securePort] = [await freePort(), await freePort()];
    const config = await configuration('haproxy', {
      '0.0.0.0:1883': `${host}:${port}`,
      '0.0.0.0:8883': `${host}:${securePort}`,
      '10.0.0.1:1883': `${host}:${one.port}`,
      '10.0.0.2:1883': `${host}:${two.port}`,
      '10.0.0.3:1883': `${host}:${spare.port}`,
      '/etc/haproxy/broker.pem': file('broker.pem'),
      '/etc/haproxy/devices.crt': file('ca.crt'),
    });
    await writeFile(file('haproxy.cfg'), config);
    const proxy = new Program('haproxy', ['-db', '-f', file('haproxy.cfg')]);
    try {
      await listening(proxy, port);
      await two.stop();
      // Until its checks have failed, a client may find nobody there.
      await reaches(one, plain(port));
      await exchange(plain(port));
      const [subscriber, publisher] = await one.clients.take(2);
      deepEqual([subscriber.remoteAddress, publisher.remoteAddress], [clientHost, clientHost]);
      await exchange(secure(securePort));
      const named = one.streams.filter(({ peerCertificate }) => peerCertificate !== undefined);
      deepEqual(
        named.map(({ remoteAddress, peerCertificate }) => [
          remoteAddress,
          peerCertificate?.commonName,
        ]),
        Array(2).fill([clientHost, 'device-7']),
      );
      // Its health checks speak for the proxy itself.
      ok(one.streams.some(({ remoteAddress }) => remoteAddress === host));
      await one.stop();
      await reaches(spare, plain(port));
      await exchange(plain(port));
    } finally {
      await proxy.stop('SIGTERM');
      await Promise.all(backends.map(backend => backend.stop()));
    }
  });

  test('nginx: TLS ended by its stream module, WebSockets passed on, and the spare one', async () => {
    const [one, spare] = await Promise.all([startBackend(), startBackend()]);
    const [port, webPort] = [await freePort(), await freePort()];
    const config = await configuration('nginx', {
      '0.0.0.0:8883': `${host}:${port}`,
      '0.0.0.0:8443': `${host}:${webPort}`,
      '10.0.0.1:1883': `${host}:${one.port}`,
      '10.0.0.3:1883': `${host}:${spare.port}`,
      '10.0.0.1:8080': `${host}:${one.webPort}`,
      '10.0.0.3:8080': `${host}:${spare.webPort}`,
      '/etc/nginx/broker.crt': file('broker.crt'),
      '/etc/nginx/broker.key': file('broker.key'),
    });
    await writeFile(file('nginx.conf'), config);
    const own = `daemon off; pid ${file('nginx.pid')}; error_log stderr;`;
    const args = ['-c', file('nginx.conf'), '-e', 'stderr', '-g', own];
    const proxy = new Program('/usr/sbin/nginx', args);
    const overWeb = async (): Promise<void> => {
      const wsOptions = { localAddress: clientHost, ca: certificates.ca };
      const url = `wss://${host}:${webPort}/mqtt`;
      const settings = { protocolVersion: 5, reconnectPeriod: 0, wsOptions } as const;
      const client = await connectAsync(url, settings);
      await client.subscribeAsync('web', { qos: 1 });
      const received = new Promise(resolve => {
        client.once('message', (_topic, payload) => resolve(payload.toString()));
      });
      await client.publishAsync('web', 'hello', { qos: 1 });
      equal(await received, 'hello');
      await client.endAsync();
    };
    try {
      await listening(proxy, port);
      await exchange(secure(port));
      await overWeb();
      const clients = await one.clients.take(3);
      deepEqual(
        clients.map(({ remoteAddress, remotePort }) => [remoteAddress, remotePort > 0]),
        [
          [clientHost, true],
          [clientHost, true],
          [clientHost, false],
        ],
      );
      await one.stop();
      await exchange(secure(port));
      await overWeb();
      equal((await spare.clients.take(3))[2].remoteAddress, clientHost);
    } finally {
      await proxy.stop('SIGTERM');
      await Promise.all([one.stop(), spare.stop()]);
    }
  });
});
