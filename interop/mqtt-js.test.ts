/** Our broker with npm's MQTT.js. */
import { ok } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { connectAsync } from 'mqtt';
import { exchangeSuite } from './support/exchange.ts';
import { Inbox, suiteMs } from './support/inbox.ts';
import { mqttJs } from './support/mqtt-js.ts';
import { skipWhereMissing } from './support/program.ts';
import { type Server, startGodwit } from './support/server.ts';
import { allVersions } from './support/software.ts';

suite('MQTT.js', { skip: skipWhereMissing(mqttJs.missing), timeout: suiteMs }, () => {
  let server: Server;
  before(async () => {
    server = await startGodwit();
  });
  after(async () => {
    await mqttJs[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const pair = { publisher: mqttJs, subscriber: mqttJs, port: () => server.port };
  for (const version of allVersions) exchangeSuite(pair, version);

  test('keep alive', async () => {
    const url = `mqtt://127.0.0.1:${server.port}`;
    const client = await connectAsync(url, { keepalive: 1, reconnectPeriod: 0 });
    const answers = new Inbox<string>();
    client.on('packetreceive', ({ cmd }) => answers.push(cmd));
    client.on('close', () => answers.end(new Error('the connection is closed')));
    // Longer than one and a half times the interval.
    ok((await answers.take(3)).every(cmd => cmd === 'pingresp'));
    await client.endAsync();
  });
});
