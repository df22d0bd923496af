/** Our client with npm's aedes, which speaks 3.1 and 3.1.1. */
import { after, before, suite } from 'node:test';
import { exchangeSuite } from './support/exchange.ts';
import { godwitClient } from './support/godwit-client.ts';
import { suiteMs } from './support/inbox.ts';
import { type Server, startAedes } from './support/server.ts';

suite('our client with aedes', { timeout: suiteMs }, () => {
  let server: Server;
  before(async () => {
    server = await startAedes();
  });
  after(() => server[Symbol.asyncDispose]());

  const pair = {
    publisher: godwitClient,
    subscriber: godwitClient,
    // It empties a session's queue step by step and meanwhile sends what is published.
    newMessagesOvertake: true,
    port: () => server.port,
  };
  for (const version of [3, 4] as const) exchangeSuite(pair, version);
});
