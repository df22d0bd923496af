/** Our client on our broker, over real sockets that break and a listener that goes away. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Broker } from '@godwit/broker';
import type { Client, ClientOptions, Message, Subscription } from '@godwit/client';
import { connect, createClient } from '@godwit/client/node';
import { systemClock } from '@godwit/runtime';
import type { ByteStream, Listener } from '@godwit/transport';
import { listenTcp } from '@godwit/transport/node';
import { deadlineMs, suiteMs } from './support/inbox.ts';
import { freshClientId } from './support/software.ts';

const timeoutMs = deadlineMs;
const reconnect = { minMs: 5, maxMs: 50 } as const;

/** A broker whose listener comes and goes on one port. */
class Place implements AsyncDisposable {
  readonly broker: Broker = new Broker();
  readonly #streams: Set<ByteStream> = new Set();
  #listener: Listener | undefined;
  #port = 0;

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  async open(): Promise<void> {
    this.#listener = await listenTcp({ host: '127.0.0.1', port: this.#port }, stream => {
      this.#streams.add(stream);
      this.broker.accept(stream);
    });
    this.#port = this.#listener.port;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  async leave(): Promise<void> {
    await this.#listener?.close();
    this.cut();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.close();
    await this.broker.close();
  }
}

suite('our client comes back to our broker', { timeout: suiteMs }, () => {
  for (const expiryMs of [60_000, 0]) {
    const isKept = expiryMs > 0;
    test(`messages and subscriptions survive, ${isKept ? 'with' : 'without'} a session`, async () => {
      await using place = new Place();
      await place.open();
      const options: ClientOptions = { reconnect, session: { expiryMs } };
      await using reader = await connect(place.url, { ...options, clientId: freshClientId('r') });
      await using writer = await connect(place.url, { ...options, clientId: freshClientId('w') });
      const subscription = await reader.subscribe('t/#', { qos: 2, timeoutMs });
      const received = collect(subscription);
      const sent: string[] = [];
      const publishing: Promise<unknown>[] = [];
      for (let round = 0; round < 5; round += 1) {
        for (let count = 0; count < 50; count += 1) {
          sent.push(`${sent.length}`);
          const text = sent[sent.length - 1];
          publishing.push(writer.publish('t/x', text, { qos: 2, timeoutMs }));
        }
        if (round === 2) await place.leave();
        else if (isKept) place.cut();
        await pause(20);
        if (round === 2) await place.open();
        await Promise.all([reader.ready({ timeoutMs }), writer.ready({ timeoutMs })]);
      }
      await Promise.all(publishing);
      if (isKept) {
        await until(() => received.length >= sent.length);
        deepEqual(received, sent);
      }
      ok(reader.stats.reconnects > 0 && writer.stats.reconnects > 0);
      const last = received.length;
      await writer.publish('t/last', 'last', { qos: 2, timeoutMs });
      await until(() => received.length > last);
      equal(received.at(-1), 'last');
    });
  }

  test('a client that comes before its server', async () => {
    await using place = new Place();
    await place.open();
    await place.leave();
    await using client = createClient(place.url, { reconnect });
    const publishing = client.publish('t', 'x', { qos: 1, timeoutMs });
    await pause(30);
    await place.open();
    await publishing;
    equal(client.stats.reconnects, 0);
  });

  test('two clients of one id do not fight', async () => {
    await using place = new Place();
    await place.open();
    const clientId = freshClientId('same');
    await using first = await connect(place.url, { reconnect, clientId });
    await using second = await connect(place.url, { reconnect, clientId });
    equal((await first.closed)?.reasonCode, 0x8e);
    equal(second.state, 'connected');
  });

  test('a Server Reference leads to the other broker', async () => {
    await using there = new Place();
    await there.open();
    await using here = new Place();
    await here.open();
    const clientId = freshClientId('sent');
    await using client: Client = await connect(here.url, { reconnect, clientId });
    const serverReference = new URL(there.url).host;
    here.broker.disconnect(clientId, { reasonCode: 0x9c, serverReference });
    await new Promise<void>(resolve => client.on('up', () => resolve(), { once: true }));
    await here.leave();
    await client.publish('t', 'x', { qos: 1, timeoutMs });
  });
});

function collect(subscription: Subscription): string[] {
  const texts: string[] = [];
  void subscription.each((message: Message) => {
    texts.push(message.text());
  });
  return texts;
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => systemClock.after(ms, resolve));
}

async function until(isTrue: () => boolean): Promise<void> {
  const endsAt = systemClock.monotonicMs() + deadlineMs;
  while (!isTrue()) {
    ok(systemClock.monotonicMs() < endsAt, 'it took too long');
    await pause(5);
  }
}
