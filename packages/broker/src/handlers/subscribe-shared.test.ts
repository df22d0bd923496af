import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import type { RawClient } from '@godwit/testkit';
import {
  publishOf,
  subscribe,
  type TestBroker,
  testBroker,
  textOf,
} from '../testing/test-broker.ts';

const { publish, puback, unsuback } = PacketType;

async function members(test: TestBroker, ids: string, filter: string): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (const clientId of ids) {
    const client = await test.connected({ clientId, properties: { sessionExpiryInterval: 60 } });
    await subscribe(client, filter, { qos: 1 });
    clients.push(client);
  }
  return clients;
}

suite('shared subscriptions', () => {
  test('each message goes to one member, in turn', async () => {
    const broker = testBroker();
    const [a, b, c] = await members(broker, 'abc', '$share/g/t/+');
    for (let i = 0; i < 6; i += 1) broker.broker.publish(`t/${i}`, `${i}`);
    for (const texts of [
      ['0', '3'],
      ['1', '4'],
      ['2', '5'],
    ]) {
      const client = [b, c, a][Number(texts[0])];
      for (const text of texts) assert.equal(textOf(await client.expect(publish)), text);
      await client.expectNothing();
    }
  });

  test('groups with other names or filters, and plain subscriptions, get copies of their own', async () => {
    const broker = testBroker();
    const [a] = await members(broker, 'a', '$share/g/t');
    const [b] = await members(broker, 'b', '$share/h/t');
    const [c] = await members(broker, 'c', '$share/g/+');
    const [d] = await members(broker, 'd', 't');
    broker.broker.publish('t', '');
    for (const client of [a, b, c, d]) {
      await client.expect(publish);
      await client.expectNothing();
    }
  });

  test('shared and plain on one client: two copies, each with its own QoS [MQTT-4.8.2-3]', async () => {
    const { connected, broker } = testBroker();
    const client = await connected();
    await subscribe(client, '$share/g/t', { qos: 1 });
    await subscribe(client, 't', { qos: 2 });
    broker.publish('t', '', { qos: 2 });
    const copies = [await client.expect(publish), await client.expect(publish)];
    assert.deepEqual(copies.map(({ qos }) => qos).sort(), [1, 2]);
    await client.expectNothing();
  });

  test('connected members are preferred; while none is, messages wait for one', async () => {
    const test = testBroker();
    const { broker, connected, settle } = test;
    const [a, b, c] = await members(test, 'abc', '$share/g/t');
    b.stream.destroy();
    await settle();
    for (let i = 0; i < 4; i += 1) broker.publish('t', `${i}`, { qos: 1 });
    for (const client of [a, c]) {
      await client.expect(publish);
      await client.expect(publish);
      await client.expectNothing();
    }
    for (const client of [a, c]) client.stream.destroy();
    await settle();
    for (let i = 0; i < 3; i += 1) assert.equal(broker.publish('t', 'waits', { qos: 1 }), true);
    for (const [clientId, dup] of [
      ['a', 2],
      ['b', 0],
      ['c', 2],
    ] as const) {
      const back = await connected({ clientId, cleanStart: false });
      for (let i = 0; i < dup; i += 1) await back.expect({ type: publish, dup: true });
      assert.equal(textOf(await back.expect({ type: publish, dup: false })), 'waits');
      await back.expectNothing();
    }
  });

  test('a member that leaves gets nothing more; the last one takes the group with it', async () => {
    const test = testBroker();
    const { broker } = test;
    const [a, b] = await members(test, 'ab', '$share/g/t');
    a.send({ type: PacketType.unsubscribe, packetId: 1, filters: ['$share/g/t'] });
    await a.expect(unsuback);
    for (let i = 0; i < 2; i += 1) {
      broker.publish('t', '');
      await b.expect(publish);
    }
    b.send({ type: PacketType.unsubscribe, packetId: 1, filters: ['$share/g/t'] });
    await b.expect(unsuback);
    assert.equal(broker.publish('t', ''), false);
    await a.expectNothing();
  });

  test('one’s own messages come back, also beside a plain subscription with No Local', async () => {
    const { connected } = testBroker();
    const client = await connected();
    await subscribe(client, '$share/g/t', { qos: 0 });
    await subscribe(client, 't', { qos: 0, noLocal: true });
    client.send(publishOf('t', '', { qos: 1 }));
    await client.expect(publish);
    await client.expect({ type: puback, reasonCode: 0 });
    await client.expectNothing();
  });

  test('Retain As Published and the identifier hold as for any subscription', async () => {
    const { connected, broker } = testBroker();
    const client = await connected();
    client.send({
      type: PacketType.subscribe,
      packetId: 1,
      subscriptions: [
        {
          filter: '$share/g/t',
          qos: 0,
          noLocal: false,
          retainAsPublished: true,
          retainHandling: 0,
        },
      ],
      properties: { subscriptionIdentifiers: [4] },
    });
    await client.expect(PacketType.suback);
    broker.publish('t', 'x', { retain: true });
    const properties = { subscriptionIdentifiers: [4] };
    await client.expect({ type: publish, retain: true, properties });
  });

  test('QoS 0 of a saturating publisher is shared message by message', async () => {
    const test = testBroker();
    const [a, b] = await members(test, 'ab', '$share/g/t');
    const publisher = await test.connected({ clientId: 'p' });
    publisher.stream.cork();
    for (let i = 0; i < 10; i += 1) publisher.send(publishOf('t', `${i}`));
    publisher.stream.uncork();
    for (const [client, first] of [
      [b, 0],
      [a, 1],
    ] as const) {
      for (let i = first; i < 10; i += 2)
        assert.equal(textOf(await client.expect(publish)), `${i}`);
      await client.expectNothing();
    }
  });
});
