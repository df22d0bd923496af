/** Our broker with Debian's python3-paho-mqtt. */
import { after, before, suite } from 'node:test';
import { exchangeSuite } from './support/exchange.ts';
import { suiteMs } from './support/inbox.ts';
import { Paho } from './support/paho.ts';
import { skipWhereMissing } from './support/program.ts';
import { type Server, startGodwit } from './support/server.ts';
import { allVersions } from './support/software.ts';

const paho = new Paho();

suite('paho', { skip: skipWhereMissing(paho.missing), timeout: suiteMs }, () => {
  let server: Server;
  before(async () => {
    server = await startGodwit();
  });
  after(async () => {
    await paho[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  const pair = { publisher: paho, subscriber: paho, port: () => server.port };
  for (const version of allVersions) exchangeSuite(pair, version);
});
