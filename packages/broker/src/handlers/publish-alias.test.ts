import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, type PublishPacket } from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import { publishOf, subscribe, testBroker, textOf } from '../testing/test-broker.ts';

const { publish, puback, connack, disconnect } = PacketType;

function aliased(topic: string, text: string, topicAlias: number): PublishPacket {
  return publishOf(topic, text, { properties: { topicAlias } });
}

async function expectMessage(client: RawClient, topic: string, text: string): Promise<void> {
  const packet = await client.expect({ type: publish, topic });
  assert.equal(textOf(packet), text);
  assert.equal(packet.properties?.topicAlias, undefined);
}

suite('topic aliases of a publisher', () => {
  test('set, used, set to another topic; every receiver gets the topic and no alias [MQTT-3.3.2-12]', async () => {
    const { connected } = testBroker({ limits: { topicAliasMaximum: 3 } });
    const publisher = await connected({ clientId: 'p' });
    const current = await connected({ clientId: 'r5' });
    const old = await connected({ clientId: 'r4', protocolVersion: 4 });
    for (const receiver of [current, old]) await subscribe(receiver, '#');
    publisher.send(aliased('one', '1', 1));
    publisher.send(aliased('three', '2', 3));
    publisher.send(aliased('', '3', 1));
    publisher.send(aliased('', '4', 3));
    publisher.send(aliased('other', '5', 1));
    publisher.send(aliased('', '6', 1));
    publisher.send(publishOf('one', '7'));
    publisher.send(aliased('', '8', 3));
    for (const receiver of [current, old]) {
      await expectMessage(receiver, 'one', '1');
      await expectMessage(receiver, 'three', '2');
      await expectMessage(receiver, 'one', '3');
      await expectMessage(receiver, 'three', '4');
      await expectMessage(receiver, 'other', '5');
      await expectMessage(receiver, 'other', '6');
      await expectMessage(receiver, 'one', '7');
      await expectMessage(receiver, 'three', '8');
    }
  });

  test('bytes: the alias is cut out wherever it stands, all else stays [MQTT-3.3.2-18]', async () => {
    const { connected, clock } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const receiver = await connected({ clientId: 'r' });
    // Through writing by parts as well, whose expiry is counted down.
    const waiting = await connected({
      clientId: 'w',
      properties: { sessionExpiryInterval: 100 },
    });
    await subscribe(receiver, 'a', { qos: 0 });
    await subscribe(waiting, 'a', { qos: 1 });
    waiting.stream.destroy();
    const [expiry, alias, user] = ['02 00 00 00 0a', '23 00 02', '26 00 01 6b 00 01 76'];
    const orders = [
      [alias, expiry, user],
      [expiry, alias, user],
      [expiry, user, alias],
      [user, alias, expiry],
    ];
    for (const order of orders) {
      publisher.send(bytes(`32 16 00 01 61 00 01 0f ${order.join(' ')} 78`));
      await publisher.expect(puback);
      const others = order.filter(property => property !== alias).join(' ');
      await receiver.expectBytes(bytes(`30 11 00 01 61 0c ${others} 78`));
    }
    await clock.advance(3_000);
    const back = await connected({ clientId: 'w', cleanStart: false });
    for (const [i, order] of orders.entries()) {
      const others = order.filter(property => property !== alias).join(' ');
      const left = others.replace('00 00 00 0a', '00 00 00 07');
      await back.expectBytes(bytes(`32 13 00 01 61 00 0${i + 1} 0c ${left} 78`));
    }
  });

  test('retained and queued copies carry the full topic [MQTT-3.3.2-7]', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    const away = await connected({ clientId: 'w', properties: { sessionExpiryInterval: 9 } });
    await subscribe(away, 'kept', { qos: 1 });
    away.stream.destroy();
    publisher.send(aliased('kept', '', 1));
    const fields = { qos: 1, retain: true, properties: { topicAlias: 1 } } as const;
    publisher.send(publishOf('', 'text', fields));
    await publisher.expect(puback);
    const back = await connected({ clientId: 'w', cleanStart: false });
    await expectMessage(back, 'kept', 'text');
    const fresh = await connected({ clientId: 'f' });
    await subscribe(fresh, '#');
    await expectMessage(fresh, 'kept', 'text');
  });

  test('0, above the maximum, and unknown ones end the connection [MQTT-3.3.2-8] [MQTT-3.3.2-9]', async () => {
    const { connected } = testBroker({ limits: { topicAliasMaximum: 2 } });
    const cases = [
      ['61', '00 00', 0x94],
      ['61', '00 03', 0x94],
      ['61', 'ff ff', 0x94],
      ['', '00 03', 0x94],
      ['', '00 02', 0x82],
    ] as const;
    for (const [topic, alias, reasonCode] of cases) {
      const client = await connected({ clientId: 'c' });
      const length = topic === '' ? '00' : '01';
      client.send(bytes(`30 0${topic === '' ? 6 : 7} 00 ${length} ${topic} 03 23 ${alias}`));
      await client.expect({ type: disconnect, reasonCode });
      await client.expectClosed();
    }
  });

  test('none are allowed with topicAliasMaximum 0, and CONNACK says so by leaving it out', async () => {
    const { client } = testBroker({ limits: { topicAliasMaximum: 0 } });
    const publisher = client();
    const { properties } = await publisher.connect();
    assert.equal(properties?.topicAliasMaximum, undefined);
    publisher.send(aliased('a', '', 1));
    await publisher.expect({ type: disconnect, reasonCode: 0x94 });
  });

  test('aliases end with their connection, though the session goes on [MQTT-3.3.2-7]', async () => {
    const { connected, client } = testBroker();
    const properties = { sessionExpiryInterval: 60 };
    const first = await connected({ clientId: 'c', properties });
    first.send(aliased('a', '', 1));
    first.stream.destroy();
    const second = client();
    second.send({
      type: PacketType.connect,
      protocolVersion: 5,
      cleanStart: false,
      keepAlive: 0,
      clientId: 'c',
      properties,
    });
    await second.expect({ type: connack, sessionPresent: true });
    second.send(aliased('', '', 1));
    await second.expect({ type: disconnect, reasonCode: 0x82 });
  });

  test('an alias follows subscription changes, like any topic', async () => {
    const { connected } = testBroker();
    const publisher = await connected({ clientId: 'p' });
    publisher.send(aliased('a', '', 1));
    const receiver = await connected({ clientId: 'r' });
    await subscribe(receiver, 'a', { qos: 0 });
    publisher.send(aliased('', 'x', 1));
    await expectMessage(receiver, 'a', 'x');
  });

  test('a bad topic sets no alias', async () => {
    const { connected } = testBroker({ limits: { topicLevelsMax: 2 } });
    const client = await connected();
    client.send(aliased('a/b/c', '', 1));
    await client.expect({ type: disconnect, reasonCode: 0x90 });
  });
});
