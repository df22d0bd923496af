/** What MQTT 5.0 adds, as our client uses it: the same on our broker and on Debian's mosquitto. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Client, ClientOptions, Message, Subscription } from '@godwit/client';
import { connect, createClient } from '@godwit/client/node';
import { freshTopic } from './support/exchange.ts';
import { deadlineMs, suiteMs } from './support/inbox.ts';
import { skipWhereMissing } from './support/program.ts';
import { mosquittoMissing, type Server, startGodwit, startMosquitto } from './support/server.ts';
import { freshClientId } from './support/software.ts';

const timeoutMs = deadlineMs;
const kept = { qos: 1, retain: true, timeoutMs } as const;
const live = { qos: 1, timeoutMs } as const;

const servers = [
  { name: 'our broker', missing: false, start: startGodwit },
  { name: 'mosquitto', missing: mosquittoMissing, start: startMosquitto },
] as const;

for (const { name, missing, start } of servers) {
  suite(`our client on ${name}`, { skip: skipWhereMissing(missing), timeout: suiteMs }, () => {
    let server: Server;
    before(async () => {
      server = await start();
    });
    after(() => server[Symbol.asyncDispose]());
    const url = (): string => `mqtt://127.0.0.1:${server.port}`;
    const open = (options: ClientOptions = {}): Promise<Client> =>
      connect(url(), { ...options, timeoutMs });

    test('No Local', async () => {
      const topic = freshTopic();
      await using client = await open();
      await using other = await open();
      const subscription = await client.subscribe(topic, { qos: 1, noLocal: true });
      await client.publish(topic, 'own', live);
      await other.publish(topic, 'of another', live);
      deepEqual(await texts(subscription, 1), ['of another']);
    });

    test('Retain As Published and Retain Handling', async () => {
      const topic = freshTopic();
      await using client = await open();
      await client.publish(topic, 'kept', kept);
      const never = await client.subscribe(topic, {
        qos: 1,
        retainHandling: 2,
        retainAsPublished: true,
      });
      await client.publish(topic, 'as published', kept);
      const [message] = await take(never, 1);
      deepEqual([message.text(), message.retain], ['as published', true]);
      await never.unsubscribe({ timeoutMs });
      const fresh = await client.subscribe(topic, { qos: 1, retainHandling: 1 });
      await client.publish(topic, 'not as published', kept);
      deepEqual(
        (await take(fresh, 2)).map(one => [one.text(), one.retain]),
        [
          ['as published', true],
          ['not as published', false],
        ],
      );
    });

    test('two subscriptions that overlap each get the message', async () => {
      const topic = freshTopic();
      await using client = await open();
      const one = await client.subscribe(`${topic}/+`, { qos: 1 });
      const two = await client.subscribe(`${topic}/#`, { qos: 2 });
      await client.publish(`${topic}/x`, 'x', { qos: 2, timeoutMs });
      deepEqual([await texts(one, 1), await texts(two, 1)], [['x'], ['x']]);
    });

    test('a shared subscription', async () => {
      const topic = freshTopic();
      const share = { qos: 1, share: 'workers' } as const;
      await using one = await open();
      await using two = await open();
      const first = await one.subscribe(`${topic}/#`, share);
      const second = await two.subscribe(`${topic}/#`, share);
      const sent = ['1', '2', '3', '4', '5', '6'];
      for (const text of sent) await one.publish(`${topic}/x`, text, live);
      const got = [...(await texts(first, 3)), ...(await texts(second, 3))];
      deepEqual(got.sort(), sent);
    });

    test('Receive Maximum holds back what is not acknowledged', async () => {
      const topic = freshTopic();
      await using client = await open({ receiveMaximum: 2 });
      const subscription = await client.subscribe(topic, { qos: 2, ack: 'manual' });
      const unread = await client.subscribe(`${topic}/fence`);
      const sent = ['1', '2', '3', '4'];
      for (const text of sent) await client.publish(topic, text, { qos: 2, timeoutMs });
      await client.publish(`${topic}/fence`, 'QoS 0 goes past', { timeoutMs });
      await take(unread, 1);
      equal(client.stats.unackedInbound, 2);
      const received: string[] = [];
      for await (const message of subscription) {
        received.push(message.text());
        message.ack();
        if (received.length === sent.length) break;
      }
      deepEqual(received, sent);
    });

    test('Maximum Packet Size: what is too large is left out', async () => {
      const topic = freshTopic();
      await using sender = await open();
      await using client = await open({ maximumPacketSize: 1000 });
      const subscription = await client.subscribe(topic, { qos: 1 });
      await sender.publish(topic, 'x'.repeat(1000), live);
      await sender.publish(topic, 'small', live);
      deepEqual(await texts(subscription, 1), ['small']);
    });

    // In PUBREC mosquitto never says so.
    for (const qos of name === 'mosquitto' ? ([1] as const) : ([1, 2] as const)) {
      test(`the server says that nobody is subscribed, QoS ${qos}`, async () => {
        await using client = await open();
        const { reasonCode } = await client.publish(freshTopic(), 'x', { qos, timeoutMs });
        equal(reasonCode, 0x10);
      });
    }

    test('close with 0x04 has the will published', async () => {
      const topic = freshTopic();
      await using watcher = await open();
      const wills = await watcher.subscribe(topic, { qos: 1 });
      const client = await open({ will: { topic, payload: 'will', qos: 1, contentType: 'a/b' } });
      await client.close({ reasonCode: 0x04, timeoutMs });
      const [will] = await take(wills, 1);
      deepEqual([will.text(), will.contentType], ['will', 'a/b']);
    });

    test('close ends a session, or leaves it', async () => {
      const options = {
        clientId: freshClientId('closing'),
        session: { cleanStart: false, expiryMs: 60_000 },
      };
      const seen: (boolean | undefined)[] = [];
      for (const sessionExpiryMs of [undefined, 0, undefined]) {
        const client = await open(options);
        seen.push(client.server?.sessionPresent);
        await client.close({ timeoutMs, ...(sessionExpiryMs === 0 && { sessionExpiryMs }) });
      }
      deepEqual(seen, [false, true, false]);
    });

    test('a session goes on after its connection broke', async () => {
      const topic = freshTopic();
      const options: ClientOptions = {
        clientId: freshClientId('broken'),
        session: { cleanStart: false, expiryMs: 60_000 },
      };
      const first = createClient(url(), options);
      const before = await first.subscribe(topic, { qos: 2, ack: 'manual', timeoutMs });
      await using sender = await open();
      const sent = ['1', '2', '3'];
      for (const text of sent) await sender.publish(topic, text, { qos: 2, timeoutMs });
      await take(before, 3);
      await first.close({ signal: AbortSignal.abort() });
      await sender.publish(topic, '4', { qos: 2, timeoutMs });
      await using second = createClient(url(), options);
      const after = await second.subscribe(topic, { qos: 2, timeoutMs });
      const messages = await take(after, 4);
      deepEqual(
        messages.map(message => message.text()),
        [...sent, '4'],
      );
      ok(messages.slice(0, 3).every(({ dup }) => dup));
    });
  });
}

async function texts(subscription: Subscription, count: number): Promise<string[]> {
  return (await take(subscription, count)).map(message => message.text());
}

/** The next `count` messages, the last of which stays unacknowledged. */
async function take(subscription: Subscription, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  for await (const message of subscription) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}
