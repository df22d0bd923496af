/** Our broker with Debian's mosquitto_pub and mosquitto_sub. */
import { equal } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { exchangeSuite } from './support/exchange.ts';
import { suiteMs } from './support/inbox.ts';
import { mosquittoClients } from './support/mosquitto-clients.ts';
import { Program, run, skipWhereMissing } from './support/program.ts';
import { type Server, startGodwit } from './support/server.ts';
import { allVersions } from './support/software.ts';

suite('mosquitto_pub and mosquitto_sub', {
  skip: skipWhereMissing(mosquittoClients.missing),
  timeout: suiteMs,
}, () => {
  let server: Server;
  before(async () => {
    server = await startGodwit();
  });
  after(async () => {
    await mosquittoClients[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const pair = {
    publisher: mosquittoClients,
    subscriber: mosquittoClients,
    port: () => server.port,
  };
  for (const version of allVersions) exchangeSuite(pair, version);

  test('version 5.0: properties', async () => {
    const base = ['-h', '127.0.0.1', '-p', `${server.port}`, '-V', '5', '-t', 'properties'];
    const format = '> %C %R %D %F %S %P';
    const wish = ['-D', 'subscribe', 'subscription-identifier', '7'];
    const args = [...base, ...wish, '-d', '-C', '1', '-F', format];
    const subscriber = Program.writingLines('mosquitto_sub', args);
    await subscriber.line(/^Subscribed /);
    const properties = [
      ['content-type', 'a/b'],
      ['response-topic', 'answers'],
      ['correlation-data', 'c1'],
      ['payload-format-indicator', '1'],
      ['user-property', 'z', '1'],
      ['user-property', 'a', '2'],
      ['user-property', 'z', '3'],
    ].flatMap(property => ['-D', 'publish', ...property]);
    await run('mosquitto_pub', [...base, ...properties, '-s'], Buffer.from('x'));
    equal(await subscriber.line(/^> /), '> a/b answers c1 1 7 z:1 a:2 z:3');
    await subscriber.finish();
  });
});
