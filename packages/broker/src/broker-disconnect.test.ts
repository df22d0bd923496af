import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import type { DisconnectInfo, RefusalCode } from './hooks.ts';
import { publishOf, subscribe, testBroker } from './testing/test-broker.ts';

const { disconnect, publish } = PacketType;

const lasting = { sessionExpiryInterval: 60 };
const will = { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false } as const;

suite('disconnect', () => {
  test('ends the connection of a client with 0x98; the session goes on as agreed', async () => {
    const gone: DisconnectInfo[] = [];
    const {
      broker,
      connected,
      client: fresh,
    } = testBroker({
      hooks: { onDisconnect: (_, info) => void gone.push(info) },
    });
    const witness = await connected();
    await subscribe(witness, 'w');
    const client = await connected({ clientId: 'a', properties: lasting, will });
    assert.equal(broker.disconnect('a'), true);
    assert.equal(
      (await client.expect({ type: disconnect, reasonCode: 0x98 })).properties,
      undefined,
    );
    await client.expectClosed();
    await witness.expect({ type: publish, topic: 'w' });
    assert.deepEqual(gone, [{ reasonCode: 0x98, byClient: false }]);
    assert.equal(broker.metrics.sessions, 2);
    assert.equal(broker.disconnect('a'), false, 'it is away');
    const { sessionPresent } = await fresh().connect({ clientId: 'a', cleanStart: false });
    assert.equal(sessionPresent, true);
  });

  test('says why, and where to go', async () => {
    const { broker, connected } = testBroker();
    const client = await connected({ clientId: 'a' });
    broker.disconnect('a', {
      reasonCode: 0x9c,
      serverReference: 'other.example',
      reasonString: 'maintenance',
      userProperties: [['k', 'v']],
    });
    const { properties } = await client.expect({ type: disconnect, reasonCode: 0x9c });
    assert.deepEqual(properties, {
      serverReference: 'other.example',
      reasonString: 'maintenance',
      userProperties: [['k', 'v']],
    });
    await client.expectClosed();
  });

  test('[MQTT-3.14.2-3] [MQTT-3.14.2-4] leaves out what does not fit, or is not wanted', async () => {
    const { broker, connected } = testBroker();
    const reasonString = 'x'.repeat(100);
    for (const properties of [{ maximumPacketSize: 60 }, { requestProblemInformation: false }]) {
      const client = await connected({ clientId: 'a', properties });
      broker.disconnect('a', { reasonString });
      await client.expect({ type: disconnect, reasonCode: 0x98, properties: undefined });
      await client.expectClosed();
    }
    const client = await connected({ clientId: 'a', properties: { maximumPacketSize: 60 } });
    broker.disconnect('a', { reasonCode: 0x9d, serverReference: reasonString });
    await client.expect({ type: disconnect, reasonCode: 0x9d, properties: undefined });
    await client.expectClosed();
  });

  test('before 5.0 closes without a word', async () => {
    const { broker, connected } = testBroker();
    const client = await connected({ clientId: 'a', protocolVersion: 4 });
    assert.equal(broker.disconnect('a', { reasonString: 'why' }), true);
    await client.expectClosed();
  });

  test('nobody there: false; what DISCONNECT cannot say: TypeError, and nothing happens', async () => {
    const { broker, connected } = testBroker();
    assert.equal(broker.disconnect('a'), false);
    const client = await connected({ clientId: 'a' });
    for (const reasonCode of [0, 0x04, 0x86, 0x42] as RefusalCode[]) {
      assert.throws(() => broker.disconnect('a', { reasonCode }), TypeError);
    }
    assert.throws(() => broker.disconnect('a', { serverReference: 'x' }), TypeError);
    await client.expectNothing();
  });

  test('may be called by a hook, on the very client it is about', async () => {
    const bench = testBroker({
      hooks: {
        onConnect: ({ clientId }) => void (clientId === 'c' && bench.broker.disconnect(clientId)),
        onSubscribe: ({ clientId }, filter) =>
          void (filter === 'x' && bench.broker.disconnect(clientId)),
        onPublish(client, { topic }) {
          if (client !== null && topic === 'x') bench.broker.disconnect(client.clientId);
        },
      },
    });
    const connecting = bench.client();
    await connecting.connect({ clientId: 'c' });
    await connecting.expect({ type: disconnect, reasonCode: 0x98 });
    await connecting.expectClosed();
    const subscriber = await bench.connected({ clientId: 's' });
    const options = {
      qos: 0,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    const subscriptions = ['w', 'x', 'y'].map(filter => ({ filter, ...options }));
    subscriber.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
    await subscriber.expect({ type: disconnect, reasonCode: 0x98 });
    await subscriber.expectClosed();
    const witness = await bench.connected();
    await subscribe(witness, '#');
    for (const qos of [0, 1, 2] as const) {
      const publisher = await bench.connected({ clientId: 'p' });
      publisher.send(publishOf('x', '', { qos }));
      await publisher.expect({ type: disconnect, reasonCode: 0x98 });
      await publisher.expectClosed();
      await witness.expect({ type: publish, topic: 'x' });
    }
    assert.deepEqual([bench.broker.metrics.sessions, bench.broker.metrics.subscriptions], [1, 1]);
  });
});

suite('endSession', () => {
  test('ends the connection first, then the session, and publishes the will once', async () => {
    const { broker, connected } = testBroker();
    const witness = await connected();
    await subscribe(witness, 'w');
    for (const properties of [lasting, { sessionExpiryInterval: 0 }]) {
      const delayed = { ...will, properties: { willDelayInterval: 30 } };
      const client = await connected({ clientId: 'a', properties, will: delayed });
      await subscribe(client, 't');
      assert.equal(broker.endSession('a'), true);
      await client.expect({ type: disconnect, reasonCode: 0x98 });
      await client.expectClosed();
      await witness.expect({ type: publish, topic: 'w' });
      assert.deepEqual([broker.metrics.sessions, broker.metrics.subscriptions], [1, 1]);
      assert.equal(broker.endSession('a'), false);
    }
    assert.equal(broker.metrics.willsPublished, 2);
  });

  test('ends that of a client that is away', async () => {
    const { broker, connected, client: fresh, settle } = testBroker();
    const client = await connected({ clientId: 'a', properties: lasting });
    await subscribe(client, 't');
    client.stream.destroy();
    await settle();
    broker.publish('t', 'x', { qos: 1 });
    assert.equal(broker.endSession('a'), true);
    assert.deepEqual([broker.metrics.sessions, broker.metrics.subscriptions], [0, 0]);
    const { sessionPresent } = await fresh().connect({ clientId: 'a', cleanStart: false });
    assert.equal(sessionPresent, false);
  });
});
