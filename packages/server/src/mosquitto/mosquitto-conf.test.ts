import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parse } from 'smol-toml';
import { configSchema } from '../config/schema.ts';
import { mapMosquittoConf } from './mosquitto-conf.ts';

function mapped(...lines: readonly string[]): { [key: string]: unknown } {
  const { toml } = mapMosquittoConf(lines.join('\n'), '/data', {});
  const value = parse(toml);
  configSchema.parse(value);
  return structuredClone(value);
}

suite('mapMosquittoConf', () => {
  test('an empty file says only where the data is', () => {
    assert.deepEqual(mapped('', '# nothing'), { storage: { dataDir: '/data' } });
  });

  test('listeners with what belongs to them', () => {
    const { listeners } = mapped(
      'port 1884',
      'bind_address 127.0.0.1',
      'listener 8883',
      'certfile /etc/"broker".crt',
      'keyfile /etc/broker.key',
      'cafile /etc/ca.crt',
      'require_certificate true',
      'tls_version tlsv1.3',
      'ciphers ALL',
      'listener 9001 ::1',
      'protocol websockets',
      'listener 0 /run/mosquitto.sock',
    );
    assert.deepEqual(listeners, [
      { type: 'mqtt', host: '127.0.0.1', port: 1884 },
      {
        type: 'mqtts',
        host: '0.0.0.0',
        port: 8883,
        cert: '/etc/"broker".crt',
        key: '/etc/broker.key',
        ca: '/etc/ca.crt',
        requireClientCert: true,
        minVersion: 'TLSv1.3',
        ciphers: 'ALL',
      },
      { type: 'ws', host: '::1', port: 9001, path: '/mqtt' },
      { type: 'unix', path: '/run/mosquitto.sock' },
    ]);
  });

  test('bounds, within ours; 0 is no bound there', () => {
    const { limits, features } = mapped(
      'max_inflight_messages 0',
      'max_queued_messages 5',
      'max_packet_size 10',
      'persistent_client_expiration 2m',
      'max_keepalive 100',
      'retain_available false',
      'listener 1883',
      'max_topic_alias 5',
      'listener 1884',
      'max_topic_alias 7',
    );
    assert.deepEqual(features, { retain: false });
    assert.deepEqual(limits, {
      inflightMax: 65_535,
      queueMessagesMax: 5,
      packetBytesMax: 64,
      sessionExpiryMaxSeconds: 5_184_000,
      keepAliveMaxSeconds: 100,
      topicAliasMaximum: 7,
    });
  });

  test('everybody may connect only where every listener says so', () => {
    const both = ['listener 1', 'allow_anonymous true', 'listener 2'];
    assert.deepEqual(mapped(...both, 'allow_anonymous true').auth, { allowAnonymous: 'always' });
    assert.deepEqual(mapped(...both, 'allow_anonymous false').auth, { allowAnonymous: 'never' });
    assert.deepEqual(mapped('allow_anonymous false', ...both).auth, { allowAnonymous: 'never' });
    assert.equal(mapped('listener 1').auth, undefined);
  });

  test('files of users and rules stay what they are', () => {
    const lines = ['password_file /etc/passwd', 'acl_file /etc/acl', 'listener 1', 'acl_file /b'];
    const { authenticators, acl } = mapped(...lines);
    assert.deepEqual(authenticators, [{ type: 'password', file: '/etc/passwd' }]);
    assert.deepEqual(acl, { mosquittoFile: '/etc/acl' });
    const given = { passwordFile: '/p"', aclFile: '/a' };
    const { toml, unmapped } = mapMosquittoConf(lines.join('\n'), '/data', given);
    assert.match(toml, /file = "\/p\\""\n/);
    assert.match(toml, /mosquittoFile = "\/a"\n/);
    assert.deepEqual(unmapped, [{ line: 4, text: 'acl_file /b' }]);
  });

  test('what has no equivalent is a comment, whatever it says, bridges as a whole', () => {
    const conf = [
      'persistence true',
      'sys_interval 10',
      'max_packet_size big',
      'tls_version tlsv1.1',
      'connection cloud',
      'cafile /etc/cloud.crt',
      'user_\u0007 x',
      'listener 70000',
    ].join('\n');
    const { toml, unmapped } = mapMosquittoConf(conf, '/data', {});
    assert.deepEqual(
      unmapped.map(({ line }) => line),
      [2, 3, 4, 5, 6, 7, 8],
    );
    assert.deepEqual(structuredClone(parse(toml)), { storage: { dataDir: '/data' } });
    assert.match(toml, /# line 6: cafile \/etc\/cloud.crt\n/);
  });
});
