import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from './index.ts';
import { clientOptions, type MqttJsOptions, serverUrls } from './options.ts';

test('options have the same meaning under other names', () => {
  const mapped = clientOptions(
    {
      keepalive: 10,
      clean: false,
      protocolVersion: 5,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
      queueQoSZero: false,
      protocolId: 'MQTT',
      ca: new TextEncoder().encode('PEM'),
      rejectUnauthorized: false,
      will: {
        topic: 'gone',
        payload: 'x',
        qos: 1,
        properties: { willDelayInterval: 5, userProperties: { a: ['1', '2'] } },
      },
      properties: { sessionExpiryInterval: 60, topicAliasMaximum: 3 },
    } as MqttJsOptions,
    'me',
  );
  assert.equal(mapped.clientId, 'me');
  assert.equal(mapped.keepAliveMs, 10_000);
  assert.deepEqual(mapped.session, { cleanStart: false, expiryMs: 60_000 });
  assert.equal(mapped.reconnect, false);
  assert.equal(mapped.connectTimeoutMs, 5_000);
  assert.equal(mapped.queue?.qos0Offline, 'reject');
  assert.equal(mapped.topicAliases?.inboundMaximum, 3);
  assert.equal(mapped.will?.delayMs, 5_000);
  assert.deepEqual(mapped.will?.userProperties, [
    ['a', '1'],
    ['a', '2'],
  ]);
  assert.equal(mapped.tls?.ca, 'PEM');
  assert.equal(mapped.tls?.rejectUnauthorized, false);
  const { protocolVersion, reconnect, session, tls } = clientOptions({}, 'me');
  assert.equal(protocolVersion, 4);
  assert.deepEqual(reconnect, { minMs: 1_000, maxMs: 1_000, jitter: 'none' });
  assert.equal(session?.cleanStart, true);
  assert.equal(tls, undefined);
});

test('what has no counterpart is refused by name', () => {
  for (const [name, value] of [
    ['wsOptions', {}],
    ['outgoingStore', {}],
    ['customHandleAcks', () => {}],
    ['keepAlive', 10],
    ['resubscribe', false],
  ] as const) {
    assert.throws(() => connect('mqtt://127.0.0.1', { [name]: value }), {
      name: 'TypeError',
      message: new RegExp(name),
    });
  }
  const properties = { authenticationMethod: 'x' } as MqttJsOptions['properties'];
  assert.throws(() => connect({ properties }), /authenticationMethod/);
  assert.throws(() => connect('http://127.0.0.1'), TypeError);
});

test('servers, by URL or by parts', () => {
  const hrefs = (options: MqttJsOptions, url?: string): string[] =>
    serverUrls(options, url).map(({ href }) => href);
  assert.deepEqual(hrefs({}, 'tcp://a:1'), ['mqtt://a:1']);
  assert.deepEqual(hrefs({}, 'tls://a'), ['mqtts://a']);
  assert.deepEqual(hrefs({}), ['mqtt://localhost']);
  assert.deepEqual(hrefs({ host: '::1', port: 7, cert: 'c', key: 'k' }), ['mqtts://[::1]:7']);
  assert.deepEqual(hrefs({ protocol: 'ws', hostname: 'a', port: 80, path: '/mqtt' }), [
    'ws://a/mqtt',
  ]);
  const servers = [
    { host: 'a', port: 1 },
    { host: 'b', port: 2, protocol: 'ssl' as const },
  ];
  assert.deepEqual(hrefs({ servers }), ['mqtt://a:1', 'mqtts://b:2']);
});
