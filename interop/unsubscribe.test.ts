/** UNSUBSCRIBE from paho and MQTT.js to our broker, in all versions. */
import { deepEqual, equal } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { freshTopic } from './support/exchange.ts';
import { suiteMs } from './support/inbox.ts';
import { mqttJs } from './support/mqtt-js.ts';
import { Paho } from './support/paho.ts';
import { skipWhereMissing } from './support/program.ts';
import { type Server, startGodwit } from './support/server.ts';
import { allVersions, versionNames } from './support/software.ts';

for (const library of [new Paho(), mqttJs]) {
  suite(library.name, { skip: skipWhereMissing(library.missing), timeout: suiteMs }, () => {
    let server: Server;
    before(async () => {
      server = await startGodwit();
    });
    after(async () => {
      await library[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });

    for (const version of allVersions) {
      test(`version ${versionNames[version]}: no more messages`, async () => {
        const topic = freshTopic();
        const filters = [`${topic}/+`, `${topic}/a`, `${topic}/b`];
        await using client = await library.open(server.port, { version, filters });
        const first = await client.unsubscribe(filters[0]);
        const second = await client.unsubscribe(filters[1]);
        const again = await client.unsubscribe(filters[1]);
        if (version === 5) deepEqual([first, second, again], [[0], [0], [0x11]]);
        for (const name of ['a', 'b']) {
          await client.publish({ topic: `${topic}/${name}`, payload: name, qos: 1 });
        }
        const [message] = await client.take(1);
        equal(message.topic, `${topic}/b`);
      });
    }
  });
}
