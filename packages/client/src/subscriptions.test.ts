import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { ErrorCode, SubscribeError } from './errors.ts';
import { meet, publish, type Script } from './testing/scripted-server.ts';

/** Grants each filter what the table says. */
function granting(codes: Record<string, number>): Script {
  return packet => {
    if (packet.type !== PacketType.subscribe) return undefined;
    const reasonCodes = packet.subscriptions.map(({ filter }) => codes[filter]);
    return [{ type: PacketType.suback, packetId: packet.packetId, reasonCodes }];
  };
}

test('the options of SUBSCRIBE are sent', async t => {
  const meeting = await meet(t);
  const subscribing = meeting.client.subscribe(['a', 'b/#'], {
    qos: 1,
    noLocal: true,
    retainAsPublished: true,
    retainHandling: 2,
    userProperties: [['k', 'v']],
  });
  await meeting.clock.settle();
  await subscribing;
  const rest = { qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 };
  assert.deepEqual(meeting.server.got(PacketType.subscribe)[0], {
    type: PacketType.subscribe,
    packetId: 1,
    subscriptions: [
      { filter: 'a', ...rest },
      { filter: 'b/#', ...rest },
    ],
    properties: { userProperties: [['k', 'v']] },
  });
});

test('granted and refused filters are told apart', async t => {
  const refusal = ReasonCode.notAuthorized;
  const meeting = await meet(t, {}, granting({ a: 2, b: refusal, c: 0 }));
  const { client, server, clock } = meeting;
  const unhandled: string[] = [];
  client.on('unhandled', message => unhandled.push(message.topic));
  const subscribing = client.subscribe(['a', 'b', 'c'], { qos: 2 });
  await clock.settle();
  const subscription = await subscribing;
  assert.deepEqual(
    [...subscription.granted],
    [
      ['a', 2],
      ['c', 0],
    ],
  );
  assert.deepEqual([...subscription.refused], [['b', refusal]]);
  server.send(publish({ topic: 'b' }), publish({ topic: 'c' }));
  await clock.settle();
  assert.deepEqual(unhandled, ['b']);
});

test('when all filters are refused, the call fails', async t => {
  const meeting = await meet(t, {}, granting({ a: 0x87, b: 0x97 }));
  const failing = meeting.client.subscribe(['a', 'b']).catch(error => error);
  await meeting.clock.settle();
  const error = await failing;
  assert.ok(error instanceof SubscribeError);
  assert.equal(error.code, ErrorCode.subscribeRefused);
  assert.equal(error.reasonCode, 0x87);
  assert.deepEqual([...error.refused.values()], [0x87, 0x97]);
});

test('messages that come before SUBACK are not lost', async t => {
  const script: Script = packet =>
    packet.type === PacketType.subscribe
      ? [
          publish({ retain: true }),
          { type: PacketType.suback, packetId: packet.packetId, reasonCodes: [0] },
        ]
      : undefined;
  const meeting = await meet(t, {}, script);
  const subscribing = meeting.client.subscribe('a/b');
  await meeting.clock.settle();
  const { value } = await (await subscribing)[Symbol.asyncIterator]().next();
  assert.equal(value?.retain, true);
});

test('a shared subscription is routed by its filter', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  const subscribing = client.subscribe('a/+', { share: 'workers' });
  await clock.settle();
  const subscription = await subscribing;
  assert.equal(server.got(PacketType.subscribe)[0].subscriptions[0].filter, '$share/workers/a/+');
  assert.deepEqual([...subscription.granted.keys()], ['a/+']);
  server.send(publish());
  await clock.settle();
  assert.equal((await subscription[Symbol.asyncIterator]().next()).value?.topic, 'a/b');
});

test('overlapping subscriptions each get the message, which is acknowledged by both', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  const subscribing = [client.subscribe('a/b', { qos: 1 }), client.subscribe('#', { qos: 1 })];
  await clock.settle();
  const [one, two] = (await Promise.all(subscribing)).map(each => each[Symbol.asyncIterator]());
  server.send(publish({ qos: 1, packetId: 1 }));
  await clock.settle();
  const first = (await one.next()).value;
  const second = (await two.next()).value;
  first?.ack();
  await clock.settle();
  assert.equal(server.got(PacketType.puback).length, 0);
  second?.nack(ReasonCode.unspecifiedError);
  await clock.settle();
  assert.equal(server.got(PacketType.puback)[0].reasonCode, ReasonCode.unspecifiedError);
});

test('what nobody asked for is unhandled, and acknowledged', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  const topics: string[] = [];
  const stop = client.on('unhandled', message => topics.push(message.topic));
  client.on('unhandled', () => topics.push('once'), { once: true });
  server.send(publish({ qos: 1, packetId: 3 }));
  server.send(publish({ topic: 'x' }));
  await clock.settle();
  stop();
  server.send(publish({ qos: 2, packetId: 4 }));
  await clock.settle();
  assert.deepEqual(topics, ['a/b', 'once', 'x']);
  assert.equal(server.got(PacketType.puback).length, 1);
  assert.equal(server.got(PacketType.pubcomp).length, 1);
});

test('the last subscription of a filter unsubscribes, and what is left is refused', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  const subscribing = [client.subscribe('a/b', { qos: 1 }), client.subscribe('a/b', { qos: 1 })];
  await clock.settle();
  const [one, two] = await Promise.all(subscribing);
  const first = one.unsubscribe();
  await clock.settle();
  await first;
  assert.equal(server.got(PacketType.unsubscribe).length, 0);
  const unhandled: string[] = [];
  client.on('unhandled', message => unhandled.push(message.topic));
  server.send(publish({ qos: 1, packetId: 1 }));
  await clock.settle();
  server.script = packet =>
    packet.type === PacketType.unsubscribe
      ? [
          publish({ qos: 1, packetId: 2 }),
          { type: PacketType.unsuback, packetId: packet.packetId, reasonCodes: [0] },
        ]
      : undefined;
  const second = two[Symbol.asyncDispose]();
  await clock.settle();
  await second;
  await two.unsubscribe();
  assert.deepEqual(server.got(PacketType.unsubscribe)[0].filters, ['a/b']);
  assert.equal(server.got(PacketType.unsubscribe).length, 1);
  assert.deepEqual(
    server.got(PacketType.puback).map(packet => packet.reasonCode),
    [ReasonCode.implementationSpecificError, ReasonCode.implementationSpecificError],
  );
  assert.deepEqual(unhandled, []);
  assert.equal((await two[Symbol.asyncIterator]().next()).done, true);
});

test('an abandoned subscribe is undone when its answer comes', async t => {
  const held: Packet[] = [];
  const meeting = await meet(t, {}, packet => {
    if (packet.type !== PacketType.subscribe) return undefined;
    held.push({ type: PacketType.suback, packetId: packet.packetId, reasonCodes: [1] });
    return [];
  });
  const { client, server, clock } = meeting;
  const failing = client.subscribe('a', { timeoutMs: 100 }).catch(error => error);
  await clock.advance(100);
  assert.equal((await failing).code, ErrorCode.timeout);
  server.send(...held);
  await clock.settle();
  assert.deepEqual(server.got(PacketType.unsubscribe)[0].filters, ['a']);
});

test('what the server does not offer is not asked for', async t => {
  const script: Script = packet =>
    packet.type === PacketType.connect
      ? [
          {
            type: PacketType.connack,
            sessionPresent: false,
            reasonCode: 0,
            properties: {
              wildcardSubscriptionAvailable: false,
              sharedSubscriptionAvailable: false,
            },
          },
        ]
      : undefined;
  const meeting = await meet(t, {}, script);
  const { client, server } = meeting;
  const notSupported = { code: ErrorCode.notSupported };
  await assert.rejects(client.subscribe('a/#'), notSupported);
  await assert.rejects(client.subscribe('a', { share: 'g' }), notSupported);
  assert.equal(server.got(PacketType.subscribe).length, 0);
});

test('what is no filter, or not for this version, is refused', async t => {
  const meeting = await meet(t, { protocolVersion: 4 });
  const { client } = meeting;
  await assert.rejects(client.subscribe('a/#/b'), RangeError);
  await assert.rejects(client.subscribe([]), RangeError);
  await assert.rejects(client.subscribe('a', { qos: 4 as 2 }), RangeError);
  await assert.rejects(client.subscribe('a', { noLocal: true }), { code: ErrorCode.notSupported });
});

test('3.1.1: a refusal is 0x80, UNSUBACK has no codes', async t => {
  const meeting = await meet(t, { protocolVersion: 4 }, granting({ a: 0x80, b: 1 }));
  const { client, clock } = meeting;
  const subscribing = client.subscribe(['a', 'b'], { qos: 1 });
  await clock.settle();
  assert.deepEqual([...(await subscribing).refused], [['a', 0x80]]);
  const unsubscribing = client.unsubscribe(['b', 'c']);
  await clock.settle();
  assert.deepEqual(
    [...(await unsubscribing)],
    [
      ['b', 0],
      ['c', 0],
    ],
  );
});

test('a request fails when the connection breaks', async t => {
  const meeting = await meet(t, {}, packet =>
    packet.type === PacketType.connect ? undefined : [],
  );
  const { client, server, clock } = meeting;
  const failing = [client.subscribe('a'), client.unsubscribe('b')].map(promise =>
    promise.catch(error => error.code),
  );
  await clock.settle();
  server.destroy();
  await clock.settle();
  assert.deepEqual(await Promise.all(failing), [
    ErrorCode.connectionLost,
    ErrorCode.connectionLost,
  ]);
  await assert.rejects(client.subscribe('a'), { code: ErrorCode.connectionLost });
});
