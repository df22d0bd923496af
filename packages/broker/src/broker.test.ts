import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { SeededRandom } from '@godwit/testkit';
import { Broker } from './broker.ts';
import { publishOf, subscribe, testBroker, textOf } from './testing/test-broker.ts';

const { connack, connect, disconnect, pingreq, puback, publish } = PacketType;

suite('close', () => {
  test('0x8B to clients of 5.0, a silent end to others; resolves when all have gone', async () => {
    const { broker, connected, client, clock, settle } = testBroker();
    const five = await connected({ clientId: 'five' });
    const four = await connected({ clientId: 'four', protocolVersion: 4 });
    const connecting = client();
    await settle();
    const closed = broker.close();
    await five.expect({ type: disconnect, reasonCode: 0x8b });
    await five.expectClosed();
    await four.expectClosed();
    await connecting.expectClosed();
    await closed;
    assert.equal(broker.metrics.connectionsOpen, 0);
    assert.equal(clock.timerCount, 0);
  });

  test('0x9C to clients of 5.0 where there is another server; the code alone if need be', async () => {
    const { broker, connected } = testBroker();
    const five = await connected({ clientId: 'five' });
    const small = await connected({ clientId: 'small', properties: { maximumPacketSize: 20 } });
    const four = await connected({ clientId: 'four', protocolVersion: 4 });
    const serverReference = 'other.example:1883';
    const closed = broker.close({ serverReference });
    const properties = { serverReference };
    await five.expect({ type: disconnect, reasonCode: 0x9c, properties });
    await five.expectClosed();
    await small.expect({ type: disconnect, reasonCode: 0x9c });
    await small.expectClosed();
    await four.expectClosed();
    await closed;
  });

  test('refuses streams that come later', async () => {
    const { broker, client } = testBroker();
    await broker.close();
    await client().expectClosed();
    assert.equal(broker.metrics.connectionsRefused, 1);
  });

  test('without connections is done at once; twice is as good as once', async () => {
    const { broker, clock } = testBroker();
    const closed = broker.close();
    assert.equal(broker.close(), closed);
    await closed;
    await broker.close();
    assert.equal(clock.timerCount, 0);
  });

  test('waits closeGraceMs for those who read slowly, then cuts them', async () => {
    const { broker, connected, clock, settle } = testBroker({ limits: { closeGraceMs: 3_500 } });
    const slow = await connected();
    slow.stream.pause();
    await settle();
    let isClosed = false;
    const closed = broker.close().then(() => {
      isClosed = true;
    });
    await clock.advance(3_499);
    assert.equal(isClosed, false);
    assert.equal(broker.metrics.connectionsOpen, 1);
    await clock.advance(1);
    await closed;
    await settle();
    assert.equal(broker.metrics.connectionsOpen, 0);
    assert.equal(clock.timerCount, 0);
  });

  test('lets those finish who are on their way out already', async () => {
    const { broker, client, clock } = testBroker({
      hooks: { authenticate: () => ({ reasonCode: 0x87 }) },
    });
    const refused = client();
    refused.stream.pause();
    refused.send({
      type: connect,
      protocolVersion: 5,
      cleanStart: true,
      keepAlive: 0,
      clientId: 'a',
    });
    await clock.settle();
    const closed = broker.close();
    refused.stream.resume();
    await refused.expect({ type: connack, reasonCode: 0x87 });
    await refused.expectClosed();
    await closed;
  });

  test('may be called by onDisconnect, which then hears of each client once', async () => {
    const gone: string[] = [];
    const { broker, connected } = testBroker({
      hooks: {
        onDisconnect({ clientId }) {
          gone.push(clientId);
          void broker.close();
        },
      },
    });
    const faulty = await connected({ clientId: 'faulty' });
    const others = [await connected({ clientId: 'a' }), await connected({ clientId: 'b' })];
    faulty.send({ type: connack, reasonCode: 0, sessionPresent: false });
    await faulty.expect({ type: disconnect, reasonCode: 0x82 });
    await faulty.expectClosed();
    for (const other of others) {
      await other.expect({ type: disconnect, reasonCode: 0x8b });
      await other.expectClosed();
    }
    await broker.close();
    assert.deepEqual(gone, ['faulty', 'a', 'b']);
  });

  test('publishes the wills that are due at once', async () => {
    const { broker, connected } = testBroker();
    const watcher = await connected();
    await subscribe(watcher, 'w');
    const will = { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false } as const;
    const leaver = await connected({ will });
    const closed = broker.close();
    await leaver.expect({ type: disconnect, reasonCode: 0x8b });
    await leaver.expectClosed();
    await watcher.expect({ type: disconnect, reasonCode: 0x8b });
    await watcher.expectClosed();
    await closed;
    assert.equal(broker.metrics.willsPublished, 1);
  });
});

suite('publish', () => {
  test('delivers to those who subscribed, and says whether there was anyone', async () => {
    const { broker, connected } = testBroker();
    const client = await connected();
    await subscribe(client, 't/+');
    assert.equal(broker.publish('t/1', 'text', { qos: 1 }), true);
    assert.equal(broker.publish('other', 'text'), false);
    const message = await client.expect({ type: publish, topic: 't/1', qos: 1, retain: false });
    assert.equal(textOf(message), 'text');
    assert.equal(broker.metrics.messagesUnrouted, 1);
  });

  test('takes topic names only', () => {
    const { broker } = testBroker();
    for (const topic of ['', 'a/#', '+', 'a\0b', 'x'.repeat(65_536)]) {
      assert.throws(() => broker.publish(topic, ''), RangeError);
    }
    assert.throws(() => broker.publish('t', '', { qos: 3 as 2 }), RangeError);
  });
});

suite('options', () => {
  test('a limit that is wrong is refused', () => {
    assert.throws(() => new Broker({ limits: { inflightMax: 0 } }), RangeError);
  });
});

suite('gauges', () => {
  test('are back at zero when everything has gone, whichever way it went', async () => {
    const bench = testBroker();
    const { broker, clock, settle } = bench;
    const random = new SeededRandom(11);
    for (let index = 0; index < 60; index += 1) {
      const clientId = `c${random.int(1, 20)}`;
      const client = await bench.connected({
        clientId,
        protocolVersion: random.pick([4, 5]),
        cleanStart: true,
        keepAlive: random.pick([0, 5]),
        properties: { sessionExpiryInterval: random.pick([0, 1, 50]) },
      });
      await subscribe(client, `a/${random.int(1, 3)}`);
      await subscribe(client, '$share/g/a/#');
      client.send(publishOf('a/1', 'x', { qos: 1 }));
      broker.publish('a/2', 'y', { qos: 2 });
      await settle();
      const end = random.pick([
        () => client.stream.destroy(),
        () => client.stream.end(),
        () => client.stream.pause(),
        () => client.send({ type: disconnect, reasonCode: 0 }),
        () => client.send({ type: connack, reasonCode: 0, sessionPresent: false }),
        () => client.send({ type: pingreq }),
      ]);
      end();
      if (random.chance(0.2)) await clock.advance(7_000);
    }
    const closed = broker.close();
    await clock.advance(5_000);
    await closed;
    await settle();
    assert.equal(broker.metrics.connectionsOpen, 0);
    assert.equal(clock.timerCount, 0);
  });

  test('sessions and subscriptions are, too, once they have expired', async () => {
    const { connected, broker, clock } = testBroker();
    for (const [index, sessionExpiryInterval] of [0, 1, 50, 100].entries()) {
      const client = await connected({
        clientId: `${index}`,
        properties: { sessionExpiryInterval },
      });
      await subscribe(client, 'a/#');
      await subscribe(client, '$share/g/a');
      client.send(publishOf('b', 'x', { qos: 1 }));
      await client.expect(puback);
    }
    assert.equal(broker.metrics.sessions, 4);
    assert.equal(broker.metrics.subscriptions, 8);
    await clock.settle();
    const closing = await connected({ clientId: '0' });
    closing.stream.destroy();
    for (const index of [1, 2, 3]) {
      const client = await connected({
        clientId: `${index}`,
        cleanStart: false,
        properties: { sessionExpiryInterval: 10 * index },
      });
      client.stream.destroy();
    }
    await clock.advance(40_000);
    const { sessions, subscriptions, connectionsOpen } = broker.metrics;
    assert.deepEqual([sessions, subscriptions, connectionsOpen], [0, 0, 0]);
    assert.equal(broker.publish('a', ''), false);
  });
});

test("a message that cannot be retained is refused whole, the owner's as a client's", async () => {
  const { broker, connected } = testBroker({ limits: { retainedMessagesMax: 1 } });
  const client = await connected();
  await subscribe(client, '#', { qos: 0 });
  assert.equal(broker.publish('a', 'kept', { retain: true }), true);
  await client.expect({ type: publish, topic: 'a' });
  assert.equal(broker.publish('b', 'one too many', { retain: true }), false);
  client.send(publishOf('c', 'another', { qos: 1, retain: true }));
  await client.expect({ type: puback, reasonCode: 0x97 });
  await client.expectNothing();
  assert.equal(broker.metrics.retainedRefused, 2);
});
