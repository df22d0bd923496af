import { deepEqual, equal, rejects } from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { certificatesMissing, testCertificates } from '@godwit/transport/test-certificates';
import { type Config, defaultConfig } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type ConfigSources, loadConfig } from './load-config.ts';
import { configSchema } from './schema.ts';

const skip = await certificatesMissing();

suite('loadConfig', () => {
  let folder = '';
  let file = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-config-'));
    file = join(folder, 'godwit.toml');
  });
  after(() => rm(folder, { recursive: true }));

  async function load(text: string, others: ConfigSources = {}): Promise<Config> {
    await writeFile(file, text);
    return loadConfig({ file, ...others });
  }

  /** The lines of the error, with the file's folder left out. */
  async function faults(loading: Promise<Config>): Promise<string[]> {
    const error = await loading.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof ConfigError)) throw error ?? new Error('the configuration was taken');
    return error.message.replaceAll(`${folder}/`, '').split('\n');
  }

  test('is the defaults when nothing is given, with and without the schema', async () => {
    deepEqual(await loadConfig({}), defaultConfig);
    deepEqual(await load(''), defaultConfig);
    deepEqual(configSchema.parse({}), defaultConfig);
  });

  test('takes each source before the one that it overrides', async () => {
    const text = '[limits]\nreceiveMaximum = 1\ninflightMax = 1\ntopicLevelsMax = 1\n';
    const { limits, listeners, log, features, delivery } = await load(
      `${text}[[listeners]]\nport = 1\n`,
      {
        environment: {
          GODWIT__LIMITS__INFLIGHT_MAX: '2',
          GODWIT__LIMITS__MAXIMUM_QOS: '1',
          GODWIT__LIMITS__TOPIC_LEVELS_MAX: '2',
          GODWIT__FEATURES__RETAIN: 'false',
          GODWIT__LISTENERS__0__HOST: '::1',
          GODWIT__LISTENERS__1__PORT: '7',
          GODWIT_SERVICE_PORT: 'not ours',
        },
        set: [
          'limits.topicLevelsMax=1_000',
          'log.format=json',
          'listeners.0.port=2',
          'delivery.sharedStrategy=sticky-topic',
          'delivery.checkPayloadFormat=true',
        ],
        firstListener: { port: 3 },
      },
    );
    equal(limits.receiveMaximum, 1);
    equal(limits.inflightMax, 2);
    equal(limits.maximumQoS, 1);
    equal(limits.topicLevelsMax, 1000);
    equal(log.format, 'json');
    equal(features.retain, false);
    equal(features.sharedSubscriptions, true);
    deepEqual(delivery, {
      sharedStrategy: 'sticky-topic',
      queueFullPolicy: 'drop-newest',
      publishRatePolicy: 'delay',
      checkPayloadFormat: true,
    });
    deepEqual(
      listeners.map(({ host, port }) => [host, port]),
      [
        ['::1', 3],
        ['127.0.0.1', 7],
      ],
    );
  });

  test('takes bans and a rate policy, and says which ban is none', async () => {
    const bans = '[[bans]]\nkind = "address"\nvalue = "10.0.0.0/8"\nseconds = 60\n';
    const config = await load(`${bans}[delivery]\npublishRatePolicy = "refuse"\n`);
    deepEqual(config.bans, [{ kind: 'address', value: '10.0.0.0/8', seconds: 60 }]);
    equal(config.delivery.publishRatePolicy, 'refuse');
    const wrong = bans.replace('/8', '/99');
    deepEqual(await faults(load(wrong)), [
      'godwit.toml:3: bans.0.value is "10.0.0.0/99"; expected an address or a network as 10.0.0.0/8',
    ]);
    deepEqual(await faults(load(`${bans}[limits]\nbansMax = 0\n`)), [
      'godwit.toml:1: bans is a list of 1; limits.bansMax allows 0',
    ]);
  });

  test('lists every fault with its place, what was found and what was expected', async () => {
    const text = [
      'colour = "red"',
      '[limits]',
      'receiveMaximum = 0',
      'queueMesagesMax = 5',
      '[[listeners]]',
      'port = "x"',
      '[[listeners]]',
      'type = "mqtt/tls"',
      '[log]',
      'level = 3',
    ].join('\n');
    const found = await faults(
      load(text, {
        environment: { GODWIT__LOG__LEVL: 'debug', GODWIT__LIMITS__INFLIGHT_MAX: 'many' },
        set: [
          'limits.inflight=3',
          'log',
          'log.format=xml',
          'listeners.5.port=1',
          'limits=1',
          'features.retain=no',
        ],
      }),
    );
    deepEqual(
      found.toSorted(),
      [
        '--set limits.inflight=3: there is no limits.inflight; did you mean inflightMax?',
        '--set features.retain=no: features.retain is "no"; expected true or false',
        '--set limits=1: limits is a table or a list; set its keys one by one',
        '--set listeners.5.port=1: listeners has no item 5; expected at most 2',
        '--set log.format=xml: log.format is "xml"; expected "pretty" or "json"',
        '--set log: expected path.to.key=value',
        'GODWIT__LIMITS__INFLIGHT_MAX: limits.inflightMax is "many"; expected an integer from 1 to 65,535',
        'GODWIT__LOG__LEVL: stands for no key of the configuration; did you mean GODWIT__LOG__LEVEL?',
        'godwit.toml:10: log.level is 3; expected "debug" or "info" or "warn" or "error" or "silent"',
        'godwit.toml:1: there is no colour; expected listeners, bans, auth, authenticators, acl, log, delivery, storage, admin, sys, shutdown, features, limits',
        'godwit.toml:3: limits.receiveMaximum is 0; expected an integer from 1 to 65,535',
        'godwit.toml:4: there is no limits.queueMesagesMax; did you mean queueMessagesMax?',
        'godwit.toml:6: listeners.0.port is "x"; expected an integer from 0 to 65,535',
        'godwit.toml:8: listeners.1.type is "mqtt/tls"; expected "mqtt" or "mqtts" or "ws" or "wss" or "unix"',
      ].toSorted(),
    );
  });

  test('gives a listener the port of its type', async () => {
    const text = '[[listeners]]\n[[listeners]]\ntype = "ws"\norigins = ["*"]\n';
    const { listeners } = await load(`${text}[[listeners]]\ntype = "unix"\npath = "a"\n`);
    deepEqual(
      listeners.map(({ type, port }) => [type, port]),
      [
        ['mqtt', 1883],
        ['ws', 8080],
        ['unix', 0],
      ],
    );
  });

  test('says which keys of a listener do not go together', async () => {
    const text = [
      '[[listeners]]',
      'cert = "a.crt"',
      '[[listeners]]',
      'type = "wss"',
      'path = "mqtt"',
      'requireClientCert = true',
      '[[listeners]]',
      'type = "unix"',
      'port = 1',
      'proxyProtocol = ["10.0.0.0/8", "everybody"]',
    ].join('\n');
    deepEqual(await faults(load(text)), [
      'godwit.toml:2: listeners.0.cert is not for type "mqtt"; expected "mqtts" or "wss"',
      'godwit.toml:3: listeners.1 of type "wss" lacks cert; expected a PEM file',
      'godwit.toml:3: listeners.1 of type "wss" lacks key; expected a PEM file',
      'godwit.toml:5: listeners.1.path is "mqtt"; expected /…',
      'godwit.toml:6: listeners.1.requireClientCert needs ca, a PEM file',
      'godwit.toml:9: listeners.2.port is not for type "unix"; expected "mqtt" or "mqtts" or "ws" or "wss"',
      'godwit.toml:7: listeners.2 of type "unix" lacks path; expected the file of a socket',
      'godwit.toml:10: listeners.2.proxyProtocol.1 is "everybody"; expected a network as 10.0.0.0/8',
    ]);
  });

  test('says which files of a listener cannot be used', { skip }, async () => {
    const { ca, server, sign } = await testCertificates();
    const other = await sign('other');
    const files = { ca, cert: server.cert, key: server.key, other: other.key };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const at = (name: string): string => JSON.stringify(join(folder, name));
    const listener = (cert: string, key: string, more = ''): string =>
      `[[listeners]]\ntype = "mqtts"\ncert = ${at(cert)}\nkey = ${at(key)}\n${more}`;
    const good = await load(listener('cert', 'key', `ca = ${at('ca')}\nrequireClientCert = true`));
    equal(good.listeners[0].port, 8883);
    const more = `moreCertificates = [{ cert = ${at('cert')}, key = ${at('none')} }]\n`;
    deepEqual(
      await faults(
        load(
          listener('none', 'key') +
            listener('key', 'key') +
            listener('cert', 'other') +
            listener('cert', 'ca') +
            listener('cert', 'key', more) +
            listener('cert', 'key', `crl = [${at('ca')}]\nca = ${at('ca')}\n`) +
            listener('cert', 'key', `ocspResponse = ${at('ca')}\n`) +
            listener('cert', 'key', 'curves = "flat"\n'),
        ),
      ),
      [
        'godwit.toml:3: listeners.0.cert is "none", which does not exist',
        'godwit.toml:7: listeners.1.cert is "key", which is no certificate in PEM',
        `godwit.toml:12: listeners.2.key is "other", which is not the key of cert`,
        'godwit.toml:16: listeners.3.key is "ca", which is no key in PEM without password',
        'godwit.toml:21: listeners.4.moreCertificates.0.key is "none", which does not exist',
        'godwit.toml:26: listeners.5.crl.0 is "ca", which is no CRL in PEM',
        'godwit.toml:32: listeners.6.ocspResponse is "ca", which is no successful OCSP response in DER',
        'godwit.toml:37: listeners.7.curves is "flat", of which OpenSSL knows nothing',
      ],
    );
  });

  test('says of tables and lists what was found instead', async () => {
    deepEqual(await faults(load('listeners = []\nlimits = 3\nlog = []')), [
      'godwit.toml:1: listeners is a list of 0; expected a list of 1 to 64 tables',
      'godwit.toml:3: log is a list of 0; expected a table',
      'godwit.toml:2: limits is 3; expected a table',
    ]);
  });

  test('points at what is not TOML', async () => {
    const [fault] = await faults(load('[log]\nlevel = \n'));
    equal(fault.replace(/ TOML: .*/, ' TOML'), 'godwit.toml:2:9: not TOML');
  });

  test('says when there is no such file', async () => {
    await rejects(loadConfig({ file: join(folder, 'none.toml') }), /none\.toml: there is no such/);
  });
});
