import { deepEqual, equal, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
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
    for (const bad of ['host/topic', 'mqtts://h/t', 'mqtt:///t', 'mqtt://%zz@h/t']) {
      throws(() => readUrl(bad), /Expected mqtt:/, bad);
    }
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
