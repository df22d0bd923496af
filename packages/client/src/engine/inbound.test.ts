import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { ErrorCode } from '../errors.ts';
import type { Message } from '../message.ts';
import { meet, publish } from '../testing/scripted-server.ts';

/** Answers nothing but CONNECT and SUBSCRIBE, so that the test sees every step. */
function onlySessions(packet: Packet): readonly Packet[] | undefined {
  return packet.type === PacketType.connect || packet.type === PacketType.subscribe
    ? undefined
    : [];
}

async function take(messages: AsyncIterator<Message>, count: number): Promise<Message[]> {
  const taken: Message[] = [];
  while (taken.length < count) taken.push((await messages.next()).value);
  return taken;
}

for (const protocolVersion of [3, 4, 5] as const) {
  test(`version ${protocolVersion}: each QoS is taken over once`, async t => {
    const meeting = await meet(t, { protocolVersion });
    const { client, server, clock } = meeting;
    const subscribing = client.subscribe('a/b', { qos: 2 });
    await clock.settle();
    const messages = (await subscribing)[Symbol.asyncIterator]();
    server.send(
      publish(),
      publish({ qos: 1, packetId: 1, dup: true }),
      publish({ qos: 2, packetId: 2, retain: true }),
    );
    await clock.settle();
    const taken = await take(messages, 3);
    assert.deepEqual(
      taken.map(({ qos, dup, retain }) => [qos, dup, retain]),
      [
        [0, false, false],
        [1, true, false],
        [2, false, true],
      ],
    );
    for (const message of taken) assert.equal(message.text(), 'hello');
    void messages.next();
    await clock.settle();
    assert.deepEqual(server.got(PacketType.puback), [
      { type: PacketType.puback, packetId: 1, reasonCode: 0 },
    ]);
    assert.equal(server.got(PacketType.pubrec).length, 1);
    assert.equal(server.got(PacketType.pubcomp).length, 1);
    assert.equal(client.stats.unackedInbound, 0);
  });
}

test('all properties of a message arrive', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  const subscribing = client.subscribe('a/b');
  await clock.settle();
  const messages = (await subscribing)[Symbol.asyncIterator]();
  server.send(
    publish({
      payload: new TextEncoder().encode('{"a":1}'),
      properties: {
        payloadFormatIndicator: 1,
        messageExpiryInterval: 3,
        contentType: 'application/json',
        responseTopic: 'r',
        correlationData: Uint8Array.of(7),
        userProperties: [['k', 'v']],
        subscriptionIdentifiers: [1, 2],
      },
    }),
    publish(),
  );
  await clock.settle();
  const [message, plain] = await take(messages, 2);
  assert.deepEqual(message.json(), { a: 1 });
  assert.equal(message.payloadFormatIndicator, 1);
  assert.equal(message.expiryMs, 3_000);
  assert.equal(message.contentType, 'application/json');
  assert.equal(message.responseTopic, 'r');
  assert.deepEqual(message.correlationData, Uint8Array.of(7));
  assert.deepEqual(message.userProperties, [['k', 'v']]);
  assert.deepEqual(message.subscriptionIds, [1, 2]);
  assert.equal(plain.expiryMs, undefined);
  assert.deepEqual(plain.userProperties, []);
});

test('acknowledgements keep the order of arrival [MQTT-4.6.0-2] [MQTT-4.6.0-3]', async t => {
  const meeting = await meet(t, {}, onlySessions);
  const { client, server, clock } = meeting;
  const subscribing = client.subscribe('a/b', { qos: 2, ack: 'manual' });
  await clock.settle();
  const messages = (await subscribing)[Symbol.asyncIterator]();
  for (const [qos, packetId] of [
    [1, 10],
    [1, 11],
    [1, 12],
    [2, 20],
    [2, 21],
  ] as const) {
    server.send(publish({ qos, packetId }));
  }
  await clock.settle();
  const [a, b, c, d, e] = await take(messages, 5);
  c.ack();
  b.nack(ReasonCode.notAuthorized);
  e.ack();
  await clock.settle();
  assert.equal(client.stats.unackedInbound, 5);
  assert.deepEqual(server.got(PacketType.puback), []);
  a.ack();
  a.nack(ReasonCode.notAuthorized);
  d.nack(ReasonCode.quotaExceeded);
  await clock.settle();
  assert.deepEqual(
    server.got(PacketType.puback).map(({ packetId, reasonCode }) => [packetId, reasonCode]),
    [
      [10, 0],
      [11, ReasonCode.notAuthorized],
      [12, 0],
    ],
  );
  assert.deepEqual(
    server.got(PacketType.pubrec).map(({ packetId, reasonCode }) => [packetId, reasonCode]),
    [
      [20, ReasonCode.quotaExceeded],
      [21, 0],
    ],
  );
  assert.throws(() => a.nack(0), RangeError);
});

test('QoS 2: a repeat is answered, not passed on; after PUBREL it is a new message', async t => {
  const meeting = await meet(t, {}, onlySessions);
  const { client, server, clock } = meeting;
  const topics: string[] = [];
  client.on('unhandled', message => topics.push(message.topic));
  const message = publish({ qos: 2, packetId: 5 });
  server.send(message, { ...message, dup: true }, { ...message, dup: true });
  await clock.settle();
  assert.equal(topics.length, 1);
  assert.equal(server.got(PacketType.pubrec).length, 3);
  server.send({ type: PacketType.pubrel, packetId: 5, reasonCode: 0 });
  server.send(message);
  await clock.settle();
  assert.equal(topics.length, 2);
  assert.equal(server.got(PacketType.pubcomp)[0].reasonCode, 0);
});

test('PUBREL for an unknown identifier is answered with 0x92', async t => {
  const meeting = await meet(t);
  meeting.server.send({ type: PacketType.pubrel, packetId: 5, reasonCode: 0 });
  await meeting.clock.settle();
  assert.equal(
    meeting.server.got(PacketType.pubcomp)[0].reasonCode,
    ReasonCode.packetIdentifierNotFound,
  );
  assert.equal(meeting.client.state, 'connected');
});

test('a server over our Receive Maximum is sent away with 0x93', async t => {
  const meeting = await meet(t, { receiveMaximum: 2 }, onlySessions);
  const { client, server, clock } = meeting;
  const subscribing = client.subscribe('a/b', { qos: 2 });
  await clock.settle();
  await subscribing;
  const repeated = publish({ qos: 2, packetId: 1 });
  server.send(repeated, repeated, publish({ qos: 1, packetId: 2 }));
  await clock.settle();
  assert.equal(client.state, 'connected');
  server.send(publish({ qos: 1, packetId: 3 }));
  await clock.settle();
  const error = await client.closed;
  assert.equal(error?.code, ErrorCode.protocolError);
  assert.equal(error?.reasonCode, ReasonCode.receiveMaximumExceeded);
  assert.equal(server.got(PacketType.disconnect)[0].reasonCode, ReasonCode.receiveMaximumExceeded);
});

test('while nothing is consumed, all else goes on', async t => {
  const meeting = await meet(t, { receiveMaximum: 1, keepAliveMs: 1_000 });
  const { client, server, clock } = meeting;
  const subscribing = client.subscribe('a/b', { qos: 1 });
  await clock.settle();
  const subscription = await subscribing;
  server.send(publish({ qos: 1, packetId: 1 }));
  await clock.advance(5_000);
  assert.equal(client.state, 'connected');
  const published = client.publish('t', 'x', { qos: 2 });
  await clock.settle();
  assert.equal((await published).reasonCode, 0);
  assert.deepEqual(server.got(PacketType.puback), []);
  assert.equal(subscription.dropped, 0);
});
