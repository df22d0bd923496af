import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, ReasonCode } from '@godwit/protocol';
import type { Hooks } from '../hooks.ts';
import { publishOf, type TestBroker, testBroker } from '../testing/test-broker.ts';

const { connack, disconnect, puback, pubrec, suback } = PacketType;

const limits = { hookTimeoutMs: 1000 };
const late = ReasonCode.implementationSpecificError;

function never<T>(): Promise<T> {
  return new Promise(() => {});
}

function bench(hooks: Hooks): TestBroker {
  return testBroker({ hooks, limits });
}

const filter = { qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

suite('a hook that does not answer', () => {
  test('authenticate: 0x88; what it says later is not heard', async () => {
    const { promise, resolve } = Promise.withResolvers<true>();
    const { broker, client, clock } = bench({ authenticate: () => promise });
    const connecting = client();
    const answer = connecting.connect({ clientId: 'a' }).catch(() => null);
    await clock.advance(1000);
    assert.equal(await answer, null);
    await connecting.expect({ type: connack, reasonCode: ReasonCode.serverUnavailable });
    await connecting.expectClosed();
    resolve(true);
    await clock.settle();
    assert.equal(broker.metrics.hookTimeouts, 1);
    assert.equal(broker.metrics.sessions, 0);
  });

  test('one that answers in time leaves no timer', async () => {
    const { connected, clock } = bench({ authenticate: async (): Promise<true> => true });
    const timers = clock.timerCount;
    await connected();
    assert.equal(clock.timerCount, timers);
  });

  test('authorizePublish: 0x83 at QoS 1 and 2, and the connection goes on', async () => {
    const { broker, connected, clock } = bench({ authorizePublish: () => never() });
    const client = await connected();
    client.send(publishOf('t', 'a', { qos: 1, packetId: 1 }));
    client.send(publishOf('t', 'b', { qos: 2, packetId: 2 }));
    client.send(publishOf('t', 'c'));
    await clock.advance(1000);
    await client.expect({ type: puback, packetId: 1, reasonCode: late });
    await clock.advance(1000);
    await client.expect({ type: pubrec, packetId: 2, reasonCode: late });
    await clock.advance(1000);
    await client.expectNothing();
    assert.equal(broker.metrics.hookTimeouts, 3);
    assert.equal(broker.metrics.connectionsOpen, 1);
  });

  test('authorizePublish before 5.0: nothing is acknowledged that went nowhere', async () => {
    const { client, clock } = bench({ authorizePublish: () => never() });
    const old = client(4);
    await old.connect();
    old.send(publishOf('t', 'a', { qos: 1, packetId: 1 }));
    await clock.advance(1000);
    await old.expectClosed();
  });

  test('authorizeSubscribe: 0x83 for its filter only', async () => {
    const { connected, clock } = bench({
      authorizeSubscribe: (_, { filter }) => (filter === 'slow' ? never() : true),
    });
    const client = await connected();
    const subscriptions = ['quick', 'slow'].map(name => ({ filter: name, ...filter }));
    client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    await client.expectNothing();
    await clock.advance(1000);
    await client.expect({ type: suback, packetId: 1, reasonCodes: [1, late] });
  });
});

suite('an answer that its client does not take', () => {
  test('SUBACK and UNSUBACK: 0x95, and nothing has changed', async () => {
    const { broker, connected } = testBroker();
    const client = await connected({ properties: { maximumPacketSize: 60 } });
    const subscriptions = Array.from({ length: 70 }, (_, at) => ({ filter: `${at}`, ...filter }));
    client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    await client.expect({ type: disconnect, reasonCode: ReasonCode.packetTooLarge });
    assert.equal(broker.metrics.subscriptions, 0);
    const other = await connected({ properties: { maximumPacketSize: 60 } });
    const filters = subscriptions.map(({ filter }) => filter);
    other.send({ type: PacketType.unsubscribe, packetId: 1, filters });
    await other.expect({ type: disconnect, reasonCode: ReasonCode.packetTooLarge });
  });
});
