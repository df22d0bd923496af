/** Through our broker from every client to every other, and between versions. */
import { after, before, suite, test } from 'node:test';
import { exchangeSuite, messagesInOrder } from './support/exchange.ts';
import { godwitClient } from './support/godwit-client.ts';
import { suiteMs } from './support/inbox.ts';
import { mosquittoClients } from './support/mosquitto-clients.ts';
import { mqttJs } from './support/mqtt-js.ts';
import { Paho } from './support/paho.ts';
import { skipWhereMissing } from './support/program.ts';
import { type Server, startGodwit } from './support/server.ts';
import { allQoS, allVersions, type Software, versionNames } from './support/software.ts';

const all: readonly Software[] = [godwitClient, mosquittoClients, new Paho(), mqttJs];

suite('through our broker', { timeout: suiteMs }, () => {
  let server: Server;
  before(async () => {
    server = await startGodwit();
  });
  after(async () => {
    for (const software of all) await software[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const port = (): number => server.port;

  suite('our own client', () => {
    const pair = { publisher: godwitClient, subscriber: godwitClient, port };
    for (const version of allVersions) exchangeSuite(pair, version);
  });

  for (const publisher of all) {
    for (const subscriber of all) {
      if (publisher === subscriber) continue;
      const skip = skipWhereMissing(publisher.missing || subscriber.missing);
      suite(`${publisher.name} to ${subscriber.name}`, { skip, concurrency: 4 }, () => {
        for (const [from, to] of [
          [5, 5],
          [4, 4],
          [5, 4],
          [4, 5],
          [5, 3],
          [3, 5],
        ] as const) {
          const versions = `${versionNames[from]} to ${versionNames[to]}`;
          for (const qos of allQoS) {
            test(`${versions}, QoS ${qos}`, () =>
              messagesInOrder({ publisher, subscriber, port }, [from, to], qos));
          }
        }
      });
    }
  }
});
