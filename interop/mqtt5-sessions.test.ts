/** What MQTT 5.0 adds to sessions, wills and answers: our broker with paho and MQTT.js. */
import { deepEqual, equal, match, notEqual, rejects } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Clock, systemClock } from '@godwit/runtime';
import { VirtualClock } from '@godwit/testkit';
import { freshTopic } from './support/exchange.ts';
import { suiteMs } from './support/inbox.ts';
import { type LibraryClient, type LibraryOptions, Refused } from './support/library.ts';
import { mqttJs } from './support/mqtt-js.ts';
import { Paho } from './support/paho.ts';
import { skipWhereMissing } from './support/program.ts';
import { type GodwitServer, startGodwit } from './support/server.ts';
import { allVersions, freshClientId } from './support/software.ts';

for (const library of [new Paho(), mqttJs]) {
  suite(`${library.name}, MQTT 5.0 sessions`, {
    skip: skipWhereMissing(library.missing),
    timeout: suiteMs,
  }, () => {
    /** Time passes by hand, but what is ready is written at once. */
    const time = new VirtualClock();
    const clock: Clock = { ...time, defer: systemClock.defer };
    let server: GodwitServer;
    before(async () => {
      const hooks = {
        authorizePublish: (_: unknown, { topic }: { topic: string }) => topic !== 'forbidden',
        authorizeSubscribe: (_: unknown, { filter }: { filter: string }) => filter !== 'forbidden',
      };
      server = await startGodwit({ clock, hooks });
    });
    after(async () => {
      await library[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    const open = (options: Partial<LibraryOptions> = {}): Promise<LibraryClient> =>
      library.open(server.port, { version: 5, ...options });
    const publish = async (topic: string, payload: string): Promise<void> => {
      await using sender = await open();
      await sender.publish({ topic, payload, qos: 1 });
    };

    test('Session Expiry Interval', async () => {
      const clientId = freshClientId('expiry');
      const options = { clientId, clean: false, sessionExpiryInterval: 100 };
      const come = async (): Promise<boolean | undefined> => {
        const client = await open(options);
        await client.close();
        return client.sessionPresent;
      };
      equal(await come(), false);
      await time.advance(98_000);
      equal(await come(), true, 'the interval begins again');
      await time.advance(98_000);
      equal(await come(), true);
      await time.advance(102_000);
      equal(await come(), false);
    });

    test('no Session Expiry Interval: the session ends with its connection', async () => {
      const clientId = freshClientId('none');
      const options = { clientId, clean: false, sessionExpiryInterval: 0 };
      for (let times = 0; times < 2; times += 1) {
        const client = await open(options);
        await client.close();
        equal(client.sessionPresent, false);
      }
    });

    test('Message Expiry Interval', async () => {
      const topic = freshTopic();
      const options = { clientId: freshClientId('late'), clean: false, filters: [topic], qos: 1 };
      const away = await open({ ...options, qos: 1 });
      await away.close();
      await using sender = await open();
      for (const messageExpiryInterval of [50, 90]) {
        const properties = { messageExpiryInterval };
        const payload = `${messageExpiryInterval}`;
        await sender.send({ topic, payload, qos: 1, properties });
        await sender.send({
          topic: `${topic}/${payload}`,
          payload,
          qos: 1,
          retain: true,
          properties,
        });
      }
      await time.advance(60_000);
      await using back = await open({ ...options, qos: 1 });
      await using late = await open({ filters: [`${topic}/+`] });
      for (const client of [back, late]) {
        const [message] = await client.take(1);
        equal(message.payload.toString(), '90');
        equal(message.properties.messageExpiryInterval, 30);
      }
    });

    test('Will Delay Interval', async () => {
      const base = freshTopic();
      await using watcher = await open({ filters: [`${base}/#`], qos: 1 });
      const options = (name: string): Partial<LibraryOptions> => ({
        clientId: freshClientId(name),
        clean: false,
        sessionExpiryInterval: 300,
        will: {
          topic: `${base}/${name}`,
          payload: 'will',
          qos: 1,
          properties: { willDelayInterval: 50, contentType: 'a/b', userProperties: [['k', 'v']] },
        },
      });
      const returning = options('returning');
      await (await open(returning)).cut();
      await (await open(options('gone'))).cut();
      await time.advance(45_000);
      await using _back = await open(returning);
      await publish(`${base}/none`, 'before');
      await time.advance(10_000);
      await publish(`${base}/none`, 'after');
      const messages = await watcher.take(3);
      deepEqual(
        messages.map(({ topic, payload }) => [topic, payload.toString()]),
        [
          [`${base}/none`, 'before'],
          [`${base}/gone`, 'will'],
          [`${base}/none`, 'after'],
        ],
      );
      deepEqual(messages[1].properties, { contentType: 'a/b', userProperties: [['k', 'v']] });
    });

    test('DISCONNECT with 0x04 has the will published', async () => {
      const topic = freshTopic();
      await using watcher = await open({ filters: [topic], qos: 1 });
      const client = await open({ will: { topic, payload: 'will', qos: 1 } });
      await client.close(0x04);
      equal((await watcher.take(1))[0].payload.toString(), 'will');
    });

    test('a client id from the server', async () => {
      await using one = await open({ clientId: '' });
      await using two = await open({ clientId: '' });
      match(one.clientId, /^godwit-/);
      notEqual(one.clientId, two.clientId);
    });

    test('a second connection with the same client id takes over', async () => {
      const clientId = freshClientId('twin');
      const topic = freshTopic();
      await using first = await open({ clientId, clean: false, filters: [topic], qos: 1 });
      await using second = await open({ clientId, clean: false });
      equal((await first.disconnected) ?? 0x8e, 0x8e);
      equal(second.sessionPresent, true);
      await publish(topic, 'to the second');
      equal((await second.take(1))[0].payload.toString(), 'to the second');
    });

    test('reason codes of SUBACK', async () => {
      await using client = await open();
      for (const qos of [0, 1, 2] as const) {
        deepEqual(await client.subscribe(`${freshTopic()}/#`, { qos }), [qos]);
      }
      deepEqual(await client.subscribe('$share//x', { qos: 0 }), [0x8f]);
      deepEqual(await client.subscribe('forbidden', { qos: 0 }), [0x87]);
    });

    test('a Topic Alias above the maximum', {
      skip: library === mqttJs && 'refuses to',
    }, async () => {
      await using client = await open();
      const properties = { topicAlias: server.broker.limits.topicAliasMaximum + 1 };
      const message = { topic: freshTopic(), payload: 'x', qos: 0, properties } as const;
      const sending = client.send(message).catch(() => {});
      equal((await client.disconnected) ?? 0x94, 0x94);
      await sending;
    });

    test('a refused connection, in all versions', async () => {
      const answer = { reasonCode: 0x86 } as const;
      await using strict = await startGodwit({ hooks: { authenticate: () => answer } });
      for (const version of allVersions) {
        const reasonCode = version === 5 ? 0x86 : 4;
        await rejects(
          library.open(strict.port, { version }),
          error => error instanceof Refused && error.reasonCode === reasonCode,
        );
      }
    });
  });
}

test('reason codes of PUBACK and PUBREC', async () => {
  await using server = await startGodwit({
    hooks: { authorizePublish: (_, { topic }) => topic !== 'forbidden' },
  });
  await using client = await mqttJs.open(server.port, { version: 5 });
  await using _receiver = await mqttJs.open(server.port, { version: 5, filters: ['wanted'] });
  for (const qos of [1, 2] as const) {
    const answers: (number | undefined)[] = [];
    for (const topic of ['wanted', 'unwanted', 'forbidden']) {
      answers.push(await client.send({ topic, payload: 'x', qos }));
    }
    deepEqual(answers, [0, 0x10, 0x87]);
  }
});
