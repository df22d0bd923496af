import { deepEqual, equal, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import {
  addConnectionOptions,
  type Connecting,
  type ConnectionValues,
  connecting,
} from './connection-options.ts';
import { joinProperties } from './join-properties.ts';
import { integer, secondsToMs, sessionExpiryMs } from './numbers.ts';
import { readUrl } from './server-url.ts';

function values(...args: readonly string[]): ConnectionValues {
  const parser = addConnectionOptions(new Command())
    .option('-m <text>')
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return parser.parse(joinProperties(args, parser.options), { from: 'user' }).opts();
}

const parse = (...args: readonly string[]): Connecting => connecting(values(...args));

suite('options of the connection', () => {
  test('have defaults', () => {
    const { url, options, closing } = parse();
    equal(url, 'mqtt://localhost:1883');
    equal(options.protocolVersion, 5);
    equal(options.keepAliveMs, 60_000);
    equal(options.will, undefined);
    deepEqual(options.session, { cleanStart: true });
    deepEqual(closing, {});
  });

  test('know the names of versions', () => {
    for (const [name, version] of Object.entries({ mqttv5: 5, 311: 4, 4: 4, mqttv31: 3, 3: 3 })) {
      equal(parse('-V', name).options.protocolVersion, version);
    }
    throws(() => parse('-V', '6'), /Expected 5, 311 or 31/);
  });

  test('-h is the host, and IPv6 addresses get their brackets', () => {
    equal(parse('-h', '::1', '-p', '1').url, 'mqtt://[::1]:1');
    throws(() => parse('-p', '0'), /Expected an integer from 1 to 65,535/);
  });

  test('-L has server, credentials and topic; other options go first', () => {
    const { url, options } = parse('-L', 'mqtt://me:p%40ss@host:7/a/+/#', '-u', 'you');
    equal(url, 'mqtt://host:7');
    deepEqual(options.credentials, { username: 'you', password: 'p@ss' });
    equal(readUrl('mqtt://h/a%41?b/#').topic, 'a%41?b/#');
    equal(readUrl('mqtts://h/a').server, 'mqtts://h');
    const webSocket = readUrl('wss://me@h:7/a/b?c');
    deepEqual([webSocket.server, webSocket.topic], ['wss://h:7/a/b?c', undefined]);
    for (const bad of ['host/topic', 'http://h/t', 'mqtt:///t', 'mqtt://%zz@h/t', 'ws:///a']) {
      throws(() => readUrl(bad), /Expected mqtt:/, bad);
    }
    throws(() => parse('-L', 'mqtt://h/t', '-p', '1'), /leave out -p and --unix/);
  });

  test('--cafile, --cert, --key and --insecure mean TLS', () => {
    equal(parse('--insecure').url, 'mqtts://localhost:8883');
    equal(parse('--insecure', '-p', '7').url, 'mqtts://localhost:7');
    deepEqual(parse('-L', 'wss://h/p', '--insecure').options.tls, {
      ca: undefined,
      cert: undefined,
      key: undefined,
      rejectUnauthorized: false,
    });
    const file = fileURLToPath(import.meta.url);
    const { tls } = parse('--cafile', file, '--cert', file, '--key', file).options;
    equal(tls?.rejectUnauthorized, true);
    for (const text of [tls?.ca, tls?.cert, tls?.key]) equal(text, readFileSync(file, 'utf8'));
    throws(() => parse('--cafile', '/nowhere/ca.crt'), /cannot read .*: ENOENT/);
    throws(() => parse('--cert', file), /go together/);
    throws(() => parse('-L', 'ws://h', '--insecure'), /need mqtts:.* or wss:/);
  });

  test('--unix and --proxy', () => {
    equal(parse('--unix', '/run/a b.sock').url, 'unix:/run/a%20b.sock');
    throws(() => parse('--unix', '/run/a', '-p', '1'), /has no port/);
    throws(() => parse('--unix', '/run/a', '--insecure'), /need mqtts:/);
    throws(() => parse('--unix', '/run/a', '--proxy', 'http://a'), /not reached through a proxy/);
    equal(parse('--proxy', 'socks5://a').options.proxy, 'socks5://a');
    throws(() => parse('--proxy', 'ftp://a'), /the proxy is not of the form/);
  });

  test('-c keeps the session for ever, unless -x says how long', () => {
    deepEqual(parse('-c', '-i', 'me').options.session, { cleanStart: false, expiryMs: 'never' });
    deepEqual(parse('-c', '-i', 'me', '-x', '5').options.session, {
      cleanStart: false,
      expiryMs: 5000,
    });
    deepEqual(parse('-c', '-i', 'me', '-V', '311').options.session, { cleanStart: false });
    throws(() => parse('-c'), /give one with -i/);
    throws(() => parse('-i', 'a', '-I', 'b'), /exclude each other/);
    equal(parse('-I', 'b').options.clientId, `b${process.pid}`);
  });

  test('-D takes as many words as it needs, whatever they look like', () => {
    const { options, closing } = parse(
      ...['-D', 'connect', 'session-expiry-interval', '60'],
      ...['-D', 'CONNECT', 'user-property', '-m', '-D'],
      ...['--property', 'connect', 'user-property', 'c', 'd'],
      ...['-D', 'will', 'will-delay-interval', '3', '--will-topic', 'w'],
      ...['-D', 'disconnect', 'session-expiry-interval', '0'],
      ...['-m', '-D'],
    );
    deepEqual(options.session, { cleanStart: true, expiryMs: 60_000 });
    deepEqual(options.userProperties, [
      ['-m', '-D'],
      ['c', 'd'],
    ]);
    deepEqual(options.will, {
      topic: 'w',
      payload: '',
      qos: undefined,
      retain: undefined,
      delayMs: 3000,
    });
    deepEqual(closing, { sessionExpiryMs: 0 });
  });

  test('-D says what is wrong, and what there is', () => {
    throws(() => values('-D', 'x', 'y', 'z'), /"x" has no properties here; expected connect, pub/);
    throws(() => values('-D', 'will', 'y', 'z'), /will has no property "y" here; expected con/);
    throws(() => values('-D', 'publish', 'user-property', 'a'), /has no value; expected a name/);
    throws(() => values('-D', 'publish', 'content-type'), /content-type has no value/);
    throws(() => values('-D', 'publish', 'message-expiry-interval', 'x'), /an integer from 0 to/);
  });

  test('a will needs a topic', () => {
    throws(() => parse('--will-retain'), /--will-topic/);
    throws(() => parse('-D', 'will', 'content-type', 'x'), /--will-topic/);
  });
});

test('numbers are whole words in a range', () => {
  equal(integer(0, 10)('10'), 10);
  for (const bad of ['11', '-1', '1.5', '', 'x', '1x', '1e1', ' 1']) {
    throws(() => integer(0, 10)(bad), /Expected an integer from 0 to 10/, bad);
  }
  equal(secondsToMs('0.25'), 250);
  throws(() => secondsToMs('2147484'), /0 to 2,147,483/);
  throws(() => secondsToMs('-1'), /0 to 2,147,483/);
  equal(sessionExpiryMs('-1'), 'never');
  equal(sessionExpiryMs('∞'), 'never');
  equal(sessionExpiryMs('4294967295'), 'never');
  equal(sessionExpiryMs('2'), 2000);
});
