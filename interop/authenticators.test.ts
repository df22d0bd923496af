/** Clients known by certificate, by token and by a service, over real sockets. */
import { equal, match, rejects } from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { systemClock } from '@godwit/runtime';
import { type Config, defaultConfig, Server } from '@godwit/server';
import { RawClient } from '@godwit/testkit';
import { connectTcp } from '@godwit/transport/node';
import {
  certificatesMissing,
  type TestCertificates,
  testCertificates,
} from '@godwit/transport/test-certificates';
import { connectAsync, type MqttClient } from 'mqtt';
import { suiteMs } from './support/inbox.ts';
import { mosquittoClients } from './support/mosquitto-clients.ts';
import { run, skipWhereMissing } from './support/program.ts';

const [listener] = defaultConfig.listeners;
const { publicKey, privateKey } = generateKeyPairSync('ed25519');

/** A token that is over so many seconds from now. */
function token(seconds: number, claims: object = {}): string {
  const exp = Math.floor(systemClock.wallMs() / 1000) + seconds;
  const parts = [{ alg: 'EdDSA' }, { sub: 'ada', exp, ...claims }];
  const signed = parts
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
}

const noCertificates = await certificatesMissing();

suite('authenticators', { timeout: suiteMs }, () => {
  let folder = '';
  const lines: string[] = [];
  const file = (name: string): string => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-authenticators-'));
    await writeFile(file('key'), publicKey.export({ type: 'spki', format: 'pem' }));
  });
  after(() => rm(folder, { recursive: true }));

  async function served(changes: Partial<Config>): Promise<Server> {
    const config: Config = {
      ...defaultConfig,
      listeners: [{ ...listener, port: 0 }],
      log: { level: 'debug', format: 'json' },
      ...changes,
    };
    const server = await Server.start(config, { write: line => lines.push(line) });
    await server.log.open();
    return server;
  }

  function client(server: Server, username: string, password: string): Promise<MqttClient> {
    const options = { protocolVersion: 5, reconnectPeriod: 0, username, password } as const;
    return connectAsync(server.urls[0], options);
  }

  const jwt = (): Config['authenticators'] => [
    { type: 'jwt', onError: 'refuse', keyFile: file('key'), leewaySeconds: 0 },
  ];

  test('a token lets in until it is over, and says what its client may do', async () => {
    const server = await served({ authenticators: jwt() });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of a rule
    const acl = [{ allow: ['publish', 'subscribe'], topics: ['at/${site}/#'] }];
    const one = await client(server, 'x', token(60, { acl, site: 'berlin' }));
    await one.publishAsync('at/berlin/x', 'x', { qos: 1 });
    await rejects(one.publishAsync('at/rome/x', 'x', { qos: 1 }), { code: 0x87 });
    await one.endAsync();
    await rejects(client(server, 'x', token(-1)), { code: 0x86 });
    const short = await client(server, 'x', token(2));
    const code = await new Promise(resolve => {
      short.once('disconnect', ({ reasonCode }) => resolve(reasonCode));
    });
    equal(code, 0xa0);
    await server.close();
  });

  test('a token that is renewed in time keeps its client connected', async () => {
    const server = await served({ authenticators: jwt() });
    const { hostname, port } = new URL(server.urls[0]);
    const stream = await connectTcp({ host: hostname, port: Number(port) });
    const raw = new RawClient(stream, { clock: systemClock });
    const properties = (seconds: number): object => {
      return { authenticationMethod: 'JWT', authenticationData: Buffer.from(token(seconds)) };
    };
    equal((await raw.connect({ properties: properties(2) })).reasonCode, 0);
    raw.send({ type: PacketType.auth, reasonCode: 0x19, properties: properties(4) });
    await raw.expect({ type: PacketType.auth, reasonCode: 0 });
    const begin = systemClock.monotonicMs();
    await raw.expect({ type: PacketType.disconnect, reasonCode: 0xa0 }, { timeoutMs: 10_000 });
    equal(systemClock.monotonicMs() - begin > 2_500, true);
    raw.stream.destroy();
    await server.close();
  });

  test('a service is asked, and no secret is logged', async () => {
    const service = createServer((request, response) => {
      void text(request).then(body => {
        const { username, password } = JSON.parse(body);
        const isKnown = username === 'ada' && password === 'told-to-the-service';
        response.writeHead(200).end(JSON.stringify({ result: isKnown ? 'allow' : 'deny' }));
      });
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    await writeFile(file('bearer'), 'the-bearer-token\n');
    const { port } = service.address() as AddressInfo;
    const server = await served({
      authenticators: [
        { type: 'jwt', onError: 'refuse', keyFile: file('key'), tokenIn: 'username' },
        {
          type: 'http',
          onError: 'refuse',
          url: `http://127.0.0.1:${port}/?key=in-the-url`,
          bearerFile: file('bearer'),
        },
      ],
    });
    await (await client(server, 'ada', 'told-to-the-service')).endAsync();
    await rejects(client(server, 'ada', 'a-wrong-guess'), { code: 0x86 });
    const expired = token(-100);
    await rejects(client(server, expired, ''), { code: 0x86 });
    const good = token(60);
    await (await client(server, good, '')).endAsync();
    service.close();
    service.closeAllConnections();
    await rejects(client(server, 'ada', 'told-to-the-service'), { code: 0x88 });
    await server.close();
    const log = lines.join('');
    match(log, /"refused"/);
    match(log, /authenticator failed/);
    for (const secret of ['told-to', 'a-wrong', 'bearer-token', 'in-the-url', expired, good]) {
      equal(log.includes(secret), false, secret);
    }
  });

  test('a certificate names its user', {
    skip: skipWhereMissing(mosquittoClients.missing) || noCertificates,
  }, async () => {
    const certificates: TestCertificates = await testCertificates();
    const device = await certificates.sign('meter-7');
    const files = {
      'ca.crt': certificates.ca,
      'server.crt': certificates.server.cert,
      'server.key': certificates.server.key,
      'device.crt': device.cert,
      'device.key': device.key,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of a rule
      'acl.toml': '[[rules]]\nallow = "publish"\ntopics = ["of/%u", "cn/${commonName}"]\n',
    };
    for (const [name, content] of Object.entries(files)) await writeFile(file(name), content);
    const server = await served({
      listeners: [
        {
          ...listener,
          port: 0,
          type: 'mqtts',
          cert: file('server.crt'),
          key: file('server.key'),
          ca: file('ca.crt'),
          requireClientCert: true,
        },
      ],
      authenticators: [{ type: 'certificate', onError: 'refuse' }],
      acl: { file: file('acl.toml') },
    });
    const { port } = new URL(server.urls[0]);
    const publish = (topic: string): Promise<void> => {
      const tls = ['--cafile', file('ca.crt'), '--cert', file('device.crt')];
      const args = ['-h', 'localhost', '-p', port, ...tls, '--key', file('device.key')];
      return run(
        'mosquitto_pub',
        [...args, '-V', '5', '-q', '1', '-t', topic, '-m', 'x'],
        Buffer.alloc(0),
      );
    };
    await publish('of/meter-7');
    await publish('cn/meter-7');
    await server.close();
    equal(server.broker.metrics.publishesUnauthorized, 0);
  });
});
