/** Our pub and sub with Mosquitto's clients, through our server. */
import { deepEqual, equal } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Server } from '@godwit/server';
import { godwit, lacks, Running, startServer } from './harness.ts';

const timeout = 30_000;

suite('with Mosquitto', { skip: lacks('mosquitto_sub'), timeout }, () => {
  let server: Server;
  let port = '';
  before(async () => {
    [server, port] = await startServer();
  });
  after(() => server.close());

  const publisher = (...args: readonly string[]): Running =>
    new Running('mosquitto_pub', ['-p', port, '-V', '5', ...args]);
  const subscriber = (...args: readonly string[]): Running =>
    new Running('mosquitto_sub', ['-p', port, '-V', '5', '-W', '20', ...args]);
  const pub = (...args: readonly string[]): Running => godwit('pub', '-p', port, ...args);
  const sub = (...args: readonly string[]): Running =>
    godwit('sub', '-p', port, '-d', '-W', '20', ...args);

  for (const version of ['5', '311', '31']) {
    test(`godwit pub to mosquitto_sub, version ${version}`, async () => {
      const topic = `to-mosquitto/${version}`;
      const sent = await pub('-V', version, '-t', topic, '-m', 'hé', '-q', '2', '-r').outcome;
      deepEqual(sent, { code: 0, stdout: '', stderr: '' });
      const args = ['-t', topic, '-V', version, '-C', '1', '-q', '2', '-F', '%t %p %q %r'];
      const { code, stdout } = await subscriber(...args).outcome;
      deepEqual([code, stdout], [0, `${topic} hé 2 1\n`]);
    });

    test(`mosquitto_pub to godwit sub, version ${version}`, async () => {
      const topic = `from-mosquitto/${version}`;
      const args = ['-t', `${topic}/#`, '-V', version, '-C', '3', '-q', '2', '-F', '%t %p %q'];
      const receiving = sub(...args);
      await receiving.says(/subscribed/);
      for (const qos of ['0', '1', '2']) {
        await publisher('-V', version, '-t', `${topic}/${qos}`, '-m', 'x', '-q', qos).outcome;
      }
      const { code, stdout } = await receiving.outcome;
      deepEqual([code, stdout], [0, `${topic}/0 x 0\n${topic}/1 x 1\n${topic}/2 x 2\n`]);
    });
  }

  test('properties arrive as they were given, and -F prints both the same', async () => {
    const properties = [
      ...['-D', 'publish', 'content-type', 'text/plain'],
      ...['-D', 'publish', 'correlation-data', 'c d'],
      ...['-D', 'publish', 'message-expiry-interval', '600'],
      ...['-D', 'publish', 'payload-format-indicator', '1'],
      ...['-D', 'publish', 'response-topic', 'r/t'],
      ...['-D', 'publish', 'user-property', 'k', 'v 1'],
      ...['-D', 'publish', 'user-property', 'k2', 'v2'],
    ];
    for (const [index, publish] of [pub, publisher].entries()) {
      const topic = `properties/${index}`;
      await publish('-t', topic, '-m', 'héllo', '-q', '1', '-r', ...properties).outcome;
      const format = [
        ...['%t|%6t|%-14t|%.4t|%20.3t|%p|%9p|%-9p|%x|%X|%q|%r|%l|%05l|%-5l|%5l'],
        ...['|%A|%C|%12C|%-12.4C|%D|%6F|%F|%P|%R|%5R|%S|%%|@@|\\t\\e\\\\|@Y-@m-@d @j @a @B @Z'],
      ].join('');
      const common = ['-t', topic, '-q', '1', '-C', '1', '-F', format.replace(' @Z', '')];
      const [theirs, ours] = await Promise.all([
        subscriber(...common).outcome,
        sub(...common).outcome,
      ]);
      equal(ours.stdout, theirs.stdout);
      equal(ours.code, 0);
    }
  });

  test('%j is the same JSON, but for what our client does not tell', async () => {
    const properties = ['-D', 'publish', 'user-property', 'a', 'b'];
    await pub('-t', 'json', '-m', '{"x":1}', '-r', ...properties).outcome;
    for (const format of ['%j', '%J']) {
      const common = ['-t', 'json', '-C', '1', '-F', format];
      const [theirs, ours] = await Promise.all([
        subscriber(...common).outcome,
        sub(...common).outcome,
      ]);
      const { tst: _theirTime, mid: _, ...expected } = JSON.parse(theirs.stdout);
      const { tst: _ourTime, ...found } = JSON.parse(ours.stdout);
      deepEqual(found, expected);
    }
  });

  test('-W ends both with 27, -E both with 0', async () => {
    for (const run of [subscriber, sub]) {
      equal((await run('-t', 'silence', '-W', '1').outcome).code, 27);
      equal((await run('-t', 'silence', '-E').outcome).code, 0);
    }
  });
});
