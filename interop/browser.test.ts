/** Our client in a real browser, Debian's chromium, over WebSocket to our broker. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { scramCredential, scramMethod } from '@godwit/auth';
import { Broker, type ClientInfo } from '@godwit/broker';
import { type Client, connect } from '@godwit/client';
import type { ByteStream, Listener } from '@godwit/transport';
import { listenWebSocket } from '@godwit/transport/node';
import { certificatesMissing, testCertificates } from '@godwit/transport/test-certificates';
import { BrowserPage, chromiumMissing } from './support/browser-page.ts';
import { Inbox, suiteMs } from './support/inbox.ts';
import { skipWhereMissing } from './support/program.ts';

/** What the page has as globals; functions given to `evaluate` run there. */
declare const mqtt: typeof import('@godwit/client') &
  typeof import('@godwit/client/indexed-db') &
  typeof import('@godwit/client/scram');
declare const state: {
  client: Client;
  events: string[];
  received: string[];
};

const host = '127.0.0.1';
const timeout = 30_000;

suite('chromium', {
  skip: skipWhereMissing(chromiumMissing || (await certificatesMissing())),
  timeout: suiteMs,
}, () => {
  let broker: Broker;
  let listeners: Listener[] = [];
  let browser: BrowserPage;
  const streams = new Set<ByteStream>();
  /** Clients whose connections have ended. */
  const gone = new Inbox<string>();

  before(async () => {
    const ada = await scramCredential('engine', { hash: 'SHA-256', iterations: 4_096 });
    const authMethods = [scramMethod('SHA-256', name => (name === 'ada' ? ada : undefined))];
    const onDisconnect = ({ clientId }: ClientInfo): void => gone.push(clientId);
    broker = new Broker({ hooks: { authMethods, onDisconnect } });
    browser = await BrowserPage.open();
    const { server } = await testCertificates();
    const { origin } = browser;
    const options = { host, port: 0, allowsOrigin: (asked: string) => asked === origin };
    const accept = (stream: ByteStream): void => {
      streams.add(stream);
      broker.accept(stream);
    };
    listeners = await Promise.all([
      listenWebSocket(options, accept),
      listenWebSocket({ ...options, tls: { certificates: [server] } }, accept),
    ]);
  });
  after(async () => {
    await browser[Symbol.asyncDispose]();
    for (const listener of listeners) await listener.close();
    await broker.close();
  });

  const url = (): string => `ws://${listeners[0].address}/mqtt`;

  for (const [at, scheme] of ['ws', 'wss'].entries()) {
    test(`${scheme}: every QoS, and a large payload`, { timeout }, async () => {
      const received = await browser.page.evaluate(async address => {
        const client = await mqtt.connect(address, { timeoutMs: 10_000 });
        const subscription = await client.subscribe('page/#', { qos: 2 });
        const payloads = ['zero', 'one', 'two', 'ü'.repeat(200_000)];
        const sending = payloads.map((payload, number) =>
          client.publish(`page/${number}`, payload, { qos: Math.min(number, 2) as 0 | 1 | 2 }),
        );
        const taken: (string | number)[][] = [];
        for await (const message of subscription) {
          taken.push([message.topic, message.qos, message.text().length]);
          message.ack();
          if (taken.length === payloads.length) break;
        }
        await Promise.all(sending);
        await client.close();
        return taken;
      }, `${scheme}://${listeners[at].address}/mqtt`);
      deepEqual(received.toSorted(), [
        ['page/0', 0, 4],
        ['page/1', 1, 3],
        ['page/2', 2, 3],
        ['page/3', 2, 200_000],
      ]);
    });
  }

  test('proves itself by SCRAM', { timeout }, async () => {
    const outcome = await browser.page.evaluate(async address => {
      const auth = mqtt.scramSha256('ada', 'engine');
      const client = await mqtt.connect(address, { auth, timeoutMs: 10_000 });
      await client.reauthenticate({ timeoutMs: 10_000 });
      await client.close();
      const wrong = mqtt.scramSha256('ada', 'machine');
      const refused = mqtt.connect(address, { auth: wrong, timeoutMs: 10_000 });
      return refused.catch(error => error.reasonCode);
    }, url());
    equal(outcome, 0x86);
  });

  test('nobody complained', () => {
    deepEqual(browser.complaints, []);
  });

  /** A client of the page that receives from `away/#`, and keeps what happens to it. */
  async function stay(clientId: string, minMs: number): Promise<void> {
    await browser.page.evaluate(
      async ([address, id, reconnectMs]) => {
        const client = await mqtt.connect(address, {
          clientId: id,
          keepAliveMs: 1_000,
          session: { expiryMs: 60_000 },
          reconnect: { minMs: reconnectMs, jitter: 'none' },
          timeoutMs: 10_000,
        });
        const events: string[] = [];
        const received: string[] = [];
        Object.assign(globalThis, { state: { client, events, received } });
        client.on('up', () => events.push('up'));
        client.on('down', () => events.push('down'));
        const subscription = await client.subscribe('away/#', { qos: 1 });
        void subscription.each(async message => {
          received.push(message.text());
        });
      },
      [url(), clientId, minMs] as const,
    );
  }

  test('offline and back: what was published meanwhile arrives, both ways', {
    timeout,
  }, async () => {
    await stay('commuter', 20_000);
    await browser.context.setOffline(true);
    for (const stream of streams) stream.destroy();
    await browser.page.waitForFunction(() => state.events.includes('down'));
    broker.publish('away/from', 'from afar', { qos: 1 });
    // settles after the page is back, long before the pause of 20 s is over
    const publishing = browser.page.evaluate(async () => {
      await state.client.publish('away/to', 'from here', { qos: 1 });
    });
    await browser.context.setOffline(false);
    await publishing;
    await browser.page.waitForFunction(() => state.received.length === 2);
    const { events, received } = await browser.page.evaluate(() => ({ ...state, client: null }));
    equal(events.at(-1), 'up');
    deepEqual(received.toSorted(), ['from afar', 'from here']);
    await browser.page.evaluate(() => state.client.close());
  });

  test('what a closed page had stored arrives once, when it is opened again', {
    timeout,
  }, async () => {
    const received = new Inbox<string>();
    await using watcher = await connect(url(), { timeoutMs: 10_000 });
    const subscription = await watcher.subscribe('stored/#', { qos: 2 });
    void subscription.each(async message => received.push(message.text()));
    // nothing listens there
    await openStored(`ws://${host}:1/mqtt`);
    await browser.page.evaluate(async () => {
      for (const text of ['first', 'second']) {
        await state.client.publish('stored/a', text, { qos: 2, until: 'stored' });
      }
    });
    await browser.reopen();
    await openStored(url());
    deepEqual(await received.take(2), ['first', 'second']);
    await browser.page.waitForFunction(() => {
      const { queued, inFlight } = state.client.stats;
      return queued + inFlight === 0;
    });
    // nothing of it is left for a third page, which comes with a message of its own
    await browser.reopen();
    await openStored(url());
    await browser.page.evaluate(() => state.client.publish('stored/a', 'third', { qos: 2 }));
    deepEqual(await received.take(1), ['third']);
    await browser.page.evaluate(() => state.client.close());
  });

  /** A client of the page whose session is kept in IndexedDB. */
  async function openStored(address: string): Promise<void> {
    await browser.page.evaluate(to => {
      const store = mqtt.indexedDbStore('browser-test');
      const client = mqtt.createClient(to, {
        clientId: 'notebook',
        session: { expiryMs: 'never', store },
      });
      Object.assign(globalThis, { state: { client } });
    }, address);
  }

  test('a tab that is not run for a while goes on', { timeout }, async () => {
    await stay('sleeper', 1);
    const sleeping = browser.sleep();
    // the keep alive runs out meanwhile: 1.5 s without a word
    while ((await gone.take(1))[0] !== 'sleeper');
    broker.publish('away/asleep', 'while asleep', { qos: 1 });
    browser.wake();
    await sleeping;
    await browser.page.waitForFunction(() => state.received.includes('while asleep'));
    ok(await browser.page.evaluate(() => state.client.state === 'connected'));
    await browser.page.evaluate(() => state.client.close());
  });
});
