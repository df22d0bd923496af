import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ConnackPacket, type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { SeededRandom } from '@godwit/testkit';
import type { Client, Undelivered } from './client.ts';
import { json } from './codec/codec.ts';
import type { SessionStore } from './engine/journal.ts';
import { ErrorCode, MqttError, PublishError } from './errors.ts';
import type { Middleware } from './middleware/middleware.ts';
import type { ClientOptions, SessionOptions } from './options.ts';
import type { StoreTable } from './store/store-table.ts';
import { tableStore } from './store/table-store.ts';
import { CrashTable } from './testing/crash-table.ts';
import { answering, ScriptedNetwork, welcoming } from './testing/scripted-network.ts';
import { publish } from './testing/scripted-server.ts';
import { topic } from './topic/typed-topic.ts';

/** One program after the other, with the store of the one before. */
class Restarts {
  readonly network: ScriptedNetwork = new ScriptedNetwork();
  readonly #test: TestContext;
  table: CrashTable;
  client!: Client;

  constructor(t: TestContext) {
    this.#test = t;
    this.table = new CrashTable(this.network.clock, new SeededRandom(1));
  }

  /** Starts a client whose servers answer CONNECT so. */
  async start(
    script = welcoming(),
    options: ClientOptions = {},
    session: SessionOptions = {},
  ): Promise<Client> {
    this.network.script = script;
    this.client = this.network.client(this.#test, {
      clientId: 'meter',
      ...options,
      session: { expiryMs: 'never', store: tableStore(this.table), ...session },
    });
    await this.pass(20);
    return this.client;
  }

  pass(ms: number): Promise<void> {
    return this.network.clock.advance(ms);
  }

  /** Nothing that is not stored by now outlives this. */
  async kill(): Promise<void> {
    this.table = this.table.crash();
    const closed = this.client.close({ signal: AbortSignal.abort() });
    await this.pass(20);
    await closed;
  }

  /** Packets of a type that reached the newest server: what they say of themselves. */
  published(): unknown[] {
    return this.network.last
      .got(PacketType.publish)
      .map(({ payload, packetId, dup }) => [Buffer.from(payload).toString(), packetId, dup]);
  }
}

const present: Partial<ConnackPacket> = { sessionPresent: true };

/** Says the connection is accepted, and nothing else. */
const silent = answering;

function puback(packetId: number, reasonCode: number = 0): Packet {
  return { type: PacketType.puback, packetId, reasonCode };
}

async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    error => error,
  );
}

test('what was queued offline is sent in order after a restart', async t => {
  const restarts = new Restarts(t);
  restarts.network.missing.add('a');
  const client = await restarts.start();
  for (const [at, qos] of ([1, 2, 0, 1] as const).entries()) {
    void client.publish('t', `${at}`, { qos }).catch(() => {});
  }
  await restarts.pass(20);
  await restarts.kill();
  restarts.network.missing.clear();
  await restarts.start();
  assert.deepEqual(restarts.published(), [
    ['0', 1, false],
    ['1', 2, false],
    ['2', 0, false],
    ['3', 3, false],
  ]);
  await restarts.pass(50);
  assert.equal(restarts.client.stats.queued + restarts.client.stats.inFlight, 0);
  await pending(restarts, restarts.client.close());
  assert.equal(restarts.table.size, 1, 'the client id is all that is left');
});

test("'stored' resolves without a server, and once it is stored", async t => {
  const restarts = new Restarts(t);
  restarts.network.missing.add('a');
  const client = await restarts.start();
  let isStored = false;
  void client.publish('t', 'x', { qos: 1, until: 'stored' }).then(() => {
    isStored = true;
  });
  await restarts.network.clock.settle();
  assert.equal(isStored, false);
  await restarts.pass(10);
  assert.equal(isStored, true);
  assert.equal(restarts.table.size, 1);
});

test('what was in flight goes out again, marked as sent before, and before what was not', async t => {
  const restarts = new Restarts(t);
  const client = await restarts.start(silent({ properties: { receiveMaximum: 2 } }));
  for (const text of ['a', 'b', 'c']) void client.publish('t', text, { qos: 1 }).catch(() => {});
  await restarts.pass(20);
  assert.deepEqual(restarts.published(), [
    ['a', 1, false],
    ['b', 2, false],
  ]);
  await restarts.kill();
  await restarts.start(welcoming(present));
  const [connect] = restarts.network.last.got(PacketType.connect);
  assert.equal(connect.cleanStart, false);
  assert.deepEqual(restarts.published(), [
    ['a', 1, true],
    ['b', 2, true],
    ['c', 3, false],
  ]);
});

test('QoS 2: PUBREL is all that is sent of what the server has taken over', async t => {
  const restarts = new Restarts(t);
  const client = await restarts.start(packet => {
    if (packet.type === PacketType.connect) return undefined;
    if (packet.type !== PacketType.publish) return [];
    return [{ type: PacketType.pubrec, packetId: packet.packetId, reasonCode: 0 }];
  });
  void client.publish('t', 'x', { qos: 2 }).catch(() => {});
  await restarts.pass(20);
  assert.equal(restarts.network.last.got(PacketType.pubrel).length, 1);
  await restarts.kill();
  await restarts.start(welcoming(present));
  assert.deepEqual(restarts.published(), []);
  assert.equal(restarts.network.last.got(PacketType.pubrel)[0].packetId, 1);
  await restarts.pass(20);
  assert.equal(restarts.client.stats.inFlight, 0);
});

test('nothing is sent before it is stored', async t => {
  const network = new ScriptedNetwork();
  const writes: (() => void)[] = [];
  const table: StoreTable = {
    open: async () => [],
    write: () => new Promise(resolve => writes.push(resolve)),
    close: async () => {},
  };
  const client = network.client(t, { session: { expiryMs: 'never', store: tableStore(table) } });
  const sent = (): string =>
    network.last.received.map(({ type }) => (type === 3 ? 'PUBLISH' : `${type}`)).join();
  const write = async (): Promise<void> => {
    writes.shift()!();
    await network.clock.settle();
  };
  await network.clock.settle();
  await write();
  void client.publish('t', 'x', { qos: 2 });
  void client.publish('t', 'y', { qos: 1 });
  await network.clock.settle();
  assert.equal(sent(), '1');
  await write();
  assert.equal(sent(), '1,PUBLISH,PUBLISH');
  await write();
  assert.equal(sent(), '1,PUBLISH,PUBLISH,6');
  await write();
  assert.equal(client.stats.inFlight, 0);
  assert.equal(writes.length, 0, 'one write for all of one turn');
});

test('a message of QoS 2 that was consumed is not passed on again after a restart', async t => {
  const restarts = new Restarts(t);
  const client = await restarts.start();
  const subscription = await pending(restarts, client.subscribe('t', { qos: 2 }));
  const message = publish({ topic: 't', qos: 2, packetId: 9, payload: Uint8Array.of(1) });
  restarts.network.last.script = packet => (packet.type === PacketType.pubrec ? [] : undefined);
  restarts.network.last.send(message);
  await restarts.pass(10);
  const iterator = subscription[Symbol.asyncIterator]();
  (await iterator.next()).value?.ack();
  await restarts.pass(10);
  assert.equal(restarts.network.last.got(PacketType.pubrec).length, 1);
  await restarts.kill();

  const next = await restarts.start(welcoming(present));
  const unhandled: unknown[] = [];
  next.on('unhandled', each => unhandled.push(each));
  restarts.network.last.send({ ...message, dup: true });
  await restarts.pass(20);
  assert.deepEqual(unhandled, []);
  assert.equal(restarts.network.last.got(PacketType.pubrec).length, 1);
  // released, the identifier stands for another message
  restarts.network.last.send({ ...message, dup: true });
  await restarts.pass(20);
  assert.equal(unhandled.length, 1);
});

test('a server that has lost the session gets new messages', async t => {
  const restarts = new Restarts(t);
  const client = await restarts.start(silent());
  for (const text of ['a', 'b']) void client.publish('t', text, { qos: 2 }).catch(() => {});
  await restarts.pass(20);
  restarts.network.last.send(publish({ topic: 't', qos: 2, packetId: 9 }));
  await restarts.pass(20);
  assert.equal(restarts.network.last.got(PacketType.pubrec).length, 1);
  await restarts.kill();
  const next = await restarts.start(welcoming());
  assert.deepEqual(restarts.published(), [
    ['a', 3, false],
    ['b', 4, false],
  ]);
  const unhandled: unknown[] = [];
  next.on('unhandled', each => unhandled.push(each));
  restarts.network.last.send(publish({ topic: 't', qos: 2, packetId: 9, dup: true }));
  await restarts.pass(20);
  assert.equal(unhandled.length, 1);
});

test('a message that expires while it is stored is dropped, and told', async t => {
  const restarts = new Restarts(t);
  restarts.network.missing.add('a');
  const client = await restarts.start();
  for (const expiryMs of [60_000, 600_000]) {
    void client.publish('t', `${expiryMs}`, { qos: 1, expiryMs, until: 'stored' });
  }
  await restarts.pass(20);
  await restarts.kill();
  restarts.network.missing.clear();
  await restarts.pass(100_000);
  restarts.network.script = welcoming();
  const starting = restarts.start();
  const undelivered: Undelivered[] = [];
  restarts.client.on('undelivered', each => undelivered.push(each));
  await starting;
  const [packet] = restarts.network.last.got(PacketType.publish);
  assert.equal(Buffer.from(packet.payload).toString(), '600000');
  assert.equal(packet.properties?.messageExpiryInterval, 500);
  const [{ topic, payload, qos, error }] = undelivered;
  assert.deepEqual([topic, Buffer.from(payload).toString(), qos], ['t', '60000', 1]);
  assert.equal(error.code, ErrorCode.expired);
  assert.equal(restarts.client.stats.undelivered, 1);
});

test('a refusal after the promise has resolved raises an event', async t => {
  const restarts = new Restarts(t);
  const client = await restarts.start(packet =>
    packet.type === PacketType.publish ? [puback(1, ReasonCode.notAuthorized)] : undefined,
  );
  const undelivered: Undelivered[] = [];
  client.on('undelivered', each => undelivered.push(each));
  const payload = Uint8Array.of(1, 2);
  const stored = client.publish('t', payload, { qos: 1, until: 'stored' });
  payload.fill(0);
  await pending(restarts, stored);
  await restarts.pass(20);
  assert.deepEqual(
    undelivered.map(({ error, payload: sent }) => [error.reasonCode, [...sent]]),
    [[ReasonCode.notAuthorized, [1, 2]]],
  );
});

test('an id that the server assigned is used after a restart', async t => {
  const restarts = new Restarts(t);
  const script = welcoming({ properties: { assignedClientIdentifier: 'made-up' } });
  await restarts.start(script, { clientId: '' });
  await restarts.kill();
  await restarts.start(welcoming(present), { clientId: '' });
  const [connect] = restarts.network.last.got(PacketType.connect);
  assert.deepEqual([connect.clientId, connect.cleanStart], ['made-up', false]);
});

test('the store of another client is refused', async t => {
  const restarts = new Restarts(t);
  await restarts.start();
  await restarts.kill();
  const client = await restarts.start(welcoming(), { clientId: 'other' });
  const error = await client.closed;
  assert.equal(error?.code, ErrorCode.storeFailed);
  assert.match(error?.message ?? '', /session of another client, "meter"/);
  assert.equal(restarts.network.servers.length, 1);
});

test('a store in use is refused', async t => {
  const restarts = new Restarts(t);
  await restarts.start();
  const client = await restarts.start();
  assert.match((await client.closed)?.message ?? '', /store failed: the table is in use/);
});

test('a closed client leaves its messages for the next one, and lets the store go', async t => {
  const restarts = new Restarts(t);
  restarts.network.missing.add('a');
  const client = await restarts.start();
  const acked = outcome(client.publish('t', 'x', { qos: 1 }));
  const closed = client.close();
  await restarts.pass(20);
  await closed;
  const error = await acked;
  assert.ok(error instanceof PublishError);
  assert.deepEqual([error.code, error.delivered], [ErrorCode.closed, 'maybe']);
  restarts.network.missing.clear();
  await restarts.start();
  assert.deepEqual(restarts.published(), [['x', 1, false]]);
});

test('draining waits for what an earlier process left', async t => {
  const restarts = new Restarts(t);
  restarts.network.missing.add('a');
  const client = await restarts.start();
  await pending(restarts, client.publish('t', 'x', { qos: 1, until: 'stored' }));
  await restarts.kill();
  restarts.network.missing.clear();
  const starting = restarts.start();
  const closed = restarts.client.close({ drain: true });
  await starting;
  await restarts.pass(100);
  await closed;
  assert.deepEqual(restarts.published(), [['x', 1, false]]);
  assert.equal(restarts.table.size, 1);
});

test('what is published before the store is open comes after what it holds', async t => {
  const restarts = new Restarts(t);
  restarts.network.missing.add('a');
  const client = await restarts.start();
  await pending(restarts, client.publish('t', 'old', { qos: 1, until: 'stored' }));
  await restarts.kill();
  restarts.network.missing.clear();
  const starting = restarts.start(silent());
  const published = restarts.client.publish('t', 'new', { qos: 1, until: 'stored' });
  await starting;
  await published;
  assert.deepEqual(restarts.published(), [
    ['old', 1, false],
    ['new', 2, false],
  ]);
});

test('a client that is closed before its store is open lets it go', async t => {
  const restarts = new Restarts(t);
  const starting = restarts.start();
  const closed = restarts.client.close();
  await starting;
  await closed;
  await restarts.start();
  assert.equal(restarts.client.state, 'connected');
});

test('what is withdrawn while the disk is busy never gets there', async t => {
  const network = new ScriptedNetwork();
  network.missing.add('a');
  const batches: number[] = [];
  let finish = (): void => {};
  const table: StoreTable = {
    open: async () => [],
    write: changes => {
      batches.push(changes.size);
      return new Promise(resolve => {
        finish = resolve;
      });
    },
    close: async () => {},
  };
  const queue = { messagesMax: 2, whenFull: 'drop-oldest' } as const;
  const session = { store: tableStore(table) };
  const client = network.client(t, { session, queue });
  await network.clock.settle();
  const dropped = Array.from({ length: 50 }, () => outcome(client.publish('t', 'x', { qos: 1 })));
  await network.clock.settle();
  dropped.push(...Array.from({ length: 50 }, () => outcome(client.publish('t', 'x', { qos: 1 }))));
  finish();
  await network.clock.settle();
  // two messages at a time, and those of the first batch removed by the second
  assert.deepEqual(batches, [2, 6]);
  finish();
  await network.clock.settle();
  const error = await dropped[0];
  assert.equal((error as PublishError).code, ErrorCode.dropped);
});

test('a store that fails ends the client, with its error', async t => {
  const network = new ScriptedNetwork();
  let isFailing = false;
  const table: StoreTable = {
    open: async () => [],
    write: async () => {
      if (isFailing) throw new Error('the disk is on fire');
    },
    close: async () => {},
  };
  const client = network.client(t, { session: { expiryMs: 'never', store: tableStore(table) } });
  await network.clock.settle();
  assert.equal(client.state, 'connected');
  isFailing = true;
  const failed = outcome(client.publish('t', 'x', { qos: 1 }));
  await network.clock.settle();
  const error = await client.closed;
  assert.deepEqual([error?.code, error?.retryable], [ErrorCode.storeFailed, false]);
  assert.equal(error?.message, "the session's store failed: the disk is on fire");
  assert.equal(((await failed) as MqttError).code, ErrorCode.storeFailed);
  assert.deepEqual(network.last.got(PacketType.publish), []);
});

test('a withdrawn message is gone from the store, too', async t => {
  const restarts = new Restarts(t);
  restarts.network.missing.add('a');
  const client = await restarts.start();
  const failed = outcome(client.publish('t', 'x', { qos: 1, timeoutMs: 50 }));
  await restarts.pass(20);
  assert.equal(restarts.table.size, 1);
  await restarts.pass(60);
  assert.deepEqual(((await failed) as PublishError).delivered, 'no');
  assert.equal(restarts.table.size, 0);
});

test("what 'until' cannot mean is refused", async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t);
  const stored = { qos: 1, until: 'stored' } as const;
  await assert.rejects(client.publish('t', 'x', stored), /the session has no store/);
  await assert.rejects(
    client.publish('t', 'x', { until: 'later' as 'sent' }),
    /until is later; expected/,
  );
  const restarts = new Restarts(t);
  const other = await restarts.start();
  await assert.rejects(other.publish('t', 'x', { until: 'stored' }), /expected QoS 1 or 2/);
});

test("'sent' resolves when the transport has the message", async t => {
  const network = new ScriptedNetwork();
  network.script = silent();
  const client = network.client(t);
  const sent = client.publish('t', 'x', { qos: 2, until: 'sent' });
  await network.clock.settle();
  assert.equal((await sent).reasonCode, 0);
  assert.equal(client.stats.inFlight, 1);
});

test('what is stored and makes no sense is an error', async t => {
  const network = new ScriptedNetwork();
  for (const [key, value] of [
    [0, Uint8Array.of(2, 65)],
    [2 ** 16, Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0x30, 9)],
    [2 ** 16 + 1, Uint8Array.of(2, 0, 1)],
  ] as const) {
    const table: StoreTable = {
      open: async () => [[key, value]],
      write: async () => {},
      close: async () => {},
    };
    const client = network.client(t, { session: { store: tableStore(table) } });
    await network.clock.settle();
    const error = await client.closed;
    assert.ok(error instanceof MqttError);
    assert.equal(error.code, ErrorCode.storeFailed);
  }
});

/** The promise's value, once time has passed. */
async function pending<T>(restarts: Restarts, promise: Promise<T>): Promise<T> {
  await restarts.pass(50);
  return promise;
}

test("'stored' and 'sent' hold through middleware and typed topics", async t => {
  const restarts = new Restarts(t);
  restarts.network.missing.add('a');
  const seen: unknown[] = [];
  const watching: Middleware = {
    publish(message, next) {
      seen.push(message.options.until);
      return next(message);
    },
  };
  const client = await restarts.start(silent(), { use: [watching] });
  const reading = topic('site/{site}', { codec: json<number>(), qos: 1 });
  await pending(restarts, reading.publish(client, { site: 'n' }, 21, { until: 'stored' }));
  assert.deepEqual(seen, ['stored']);
  assert.equal(client.stats.queued, 1);
  const sent = reading.publish(client, { site: 's' }, 22, { until: 'sent' });
  restarts.network.missing.clear();
  await restarts.pass(10_000);
  await sent;
  assert.equal(client.stats.inFlight, 2);
});

test('the store is left alone by options that make no sense', t => {
  let opened = 0;
  const store: SessionStore = {
    open: () => {
      opened += 1;
      return Promise.reject(new Error('nobody holds it'));
    },
  };
  const { network } = new Restarts(t);
  const nonsense = { requests: { outstandingMax: 0 }, session: { store } };
  assert.throws(() => network.client(t, nonsense), RangeError);
  assert.equal(opened, 0);
});
