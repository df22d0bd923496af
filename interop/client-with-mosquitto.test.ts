/** Our client on Debian's mosquitto, each way with a client that others wrote. */
import { after, before, suite } from 'node:test';
import { exchangeSuite } from './support/exchange.ts';
import { godwitClient } from './support/godwit-client.ts';
import { suiteMs } from './support/inbox.ts';
import { mosquittoClients } from './support/mosquitto-clients.ts';
import { mqttJs } from './support/mqtt-js.ts';
import { skipWhereMissing } from './support/program.ts';
import { mosquittoMissing, type Server, startMosquitto } from './support/server.ts';
import { allVersions } from './support/software.ts';

const skip = skipWhereMissing(mosquittoMissing || mosquittoClients.missing);

suite('our client on mosquitto', { skip, timeout: suiteMs }, () => {
  let server: Server;
  before(async () => {
    server = await startMosquitto();
  });
  after(() => server[Symbol.asyncDispose]());

  for (const [publisher, subscriber] of [
    [mosquittoClients, godwitClient],
    [godwitClient, mqttJs],
  ] as const) {
    suite(`${publisher.name} to ${subscriber.name}`, () => {
      const pair = { publisher, subscriber, port: () => server.port };
      for (const version of allVersions) exchangeSuite(pair, version);
    });
  }
});
