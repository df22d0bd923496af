import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { ErrorCode, type MqttError } from './errors.ts';
import { connack, ScriptedNetwork, welcoming } from './testing/scripted-network.ts';
import { outcome, publish, type Script, type ScriptedServer } from './testing/scripted-server.ts';

const session = { expiryMs: 60_000 };

function subscribed(server: ScriptedServer): string[] {
  return server
    .got(PacketType.subscribe)
    .flatMap(({ subscriptions }) => subscriptions.map(({ filter, qos }) => `${filter} ${qos}`));
}

/** Refuses the filters named. */
function refusing(...filters: readonly string[]): Script {
  return packet => {
    if (packet.type !== PacketType.subscribe) return undefined;
    const { packetId, subscriptions } = packet;
    const reasonCodes = subscriptions.map(({ filter, qos }) =>
      filters.includes(filter) ? ReasonCode.notAuthorized : qos,
    );
    return [{ type: PacketType.suback, packetId, reasonCodes }];
  };
}

test('without the session every subscription is renewed, before what is published', async t => {
  const network = new ScriptedNetwork();
  network.script = refusing('b');
  const client = network.client(t);
  const subscribing = [
    client.subscribe(['a', 'b'], { qos: 1, userProperties: [['k', 'v']] }),
    client.subscribe('c/#', { share: 'x', qos: 2 }),
    client.subscribe('d'),
  ];
  await network.clock.settle();
  const [, , ended] = await Promise.all(subscribing);
  const ending = ended.unsubscribe();
  await network.clock.settle();
  await ending;
  await network.drop();
  const publishing = client.publish('a', 'x', { qos: 1 });
  await network.clock.advance(1_000);
  await publishing;
  // what was refused before, or ended, is not asked for again
  assert.deepEqual(subscribed(network.last), ['a 1', '$share/x/c/# 2']);
  const [, first, , third] = network.last.received;
  assert.deepEqual(first.type === PacketType.subscribe && first.properties, {
    userProperties: [['k', 'v']],
  });
  assert.equal(third.type, PacketType.publish);
});

test('with the session only what was asked for meanwhile is subscribed', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t, { session });
  const first = client.subscribe('a');
  await network.clock.settle();
  const messages = (await first)[Symbol.asyncIterator]();
  await network.drop();
  const second = client.subscribe('b', { qos: 1 });
  const third = client.unsubscribe('c');
  network.script = welcoming({ sessionPresent: true });
  await network.clock.advance(1_000);
  await Promise.all([second, third]);
  assert.deepEqual(subscribed(network.last), ['b 1']);
  network.last.send(publish({ topic: 'a' }));
  await network.clock.settle();
  assert.equal((await messages.next()).value?.topic, 'a');
});

test('what the server refuses then is lost, the rest stays', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t);
  const subscribing = [client.subscribe(['a', 'b']), client.subscribe('c')];
  await network.clock.settle();
  const [both, one] = await Promise.all(subscribing);
  const lost: unknown[] = [];
  client.on('subscriptionlost', ({ subscription, filter, error }) => {
    lost.push([subscription === both ? 'both' : 'one', filter, error.reasonCode]);
  });
  const reading = outcome(one.each(() => {}));
  network.script = refusing('b', 'c');
  await network.drop();
  await network.clock.advance(1_000);
  assert.deepEqual(lost, [
    ['both', 'b', ReasonCode.notAuthorized],
    ['one', 'c', ReasonCode.notAuthorized],
  ]);
  assert.deepEqual([...both.granted.keys()], ['a']);
  assert.deepEqual([...both.refused.keys()], ['b']);
  const error = (await reading) as MqttError;
  assert.equal(error.code, ErrorCode.subscribeRefused);
  network.last.send(publish({ topic: 'a' }));
  await network.clock.settle();
  assert.equal((await both[Symbol.asyncIterator]().next()).value?.topic, 'a');
  // it is not tried again
  network.script = () => undefined;
  await network.drop();
  await network.clock.advance(2_000);
  assert.deepEqual(subscribed(network.last), ['a 0']);
});

test('what the next server does not offer is lost without asking', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t);
  const subscribing = [client.subscribe(['a', 'b/#']), client.subscribe('x'.repeat(100))];
  await network.clock.settle();
  await Promise.all(subscribing);
  const lost: string[] = [];
  client.on('subscriptionlost', ({ filter, error }) => lost.push(`${filter} ${error.code}`));
  const properties = { wildcardSubscriptionAvailable: false, maximumPacketSize: 60 };
  network.script = welcoming({ properties });
  await network.drop();
  await network.clock.advance(1_000);
  assert.deepEqual(lost, ['b/# not-supported', `${'x'.repeat(100)} packet-too-large`]);
  assert.deepEqual(subscribed(network.last), ['a 0']);
});

test('a request is made again until it is answered', async t => {
  const network = new ScriptedNetwork();
  const mute = (packet: Packet): readonly Packet[] =>
    packet.type === PacketType.connect ? [connack()] : [];
  network.script = mute;
  const client = network.client(t, { session });
  const subscribing = client.subscribe('a', { qos: 1 });
  const unsubscribing = client.unsubscribe('b');
  const impatient = outcome(client.subscribe('c', { timeoutMs: 500 }));
  await network.clock.advance(500);
  assert.equal(((await impatient) as MqttError).code, ErrorCode.timeout);
  await network.drop();
  network.script = welcoming({ sessionPresent: true });
  await network.clock.advance(1_000);
  await Promise.all([subscribing, unsubscribing]);
  assert.deepEqual(subscribed(network.last), ['a 1']);
  // the server may have taken the one that was given up
  assert.deepEqual(
    network.last.got(PacketType.unsubscribe).flatMap(({ filters }) => filters),
    ['b', 'c'],
  );
});

test('a renewal that is not answered is owed to the next connection', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t, { session });
  const subscribing = client.subscribe('a');
  await network.clock.settle();
  await subscribing;
  network.script = packet => (packet.type === PacketType.subscribe ? [] : undefined);
  await network.drop();
  await network.clock.advance(1_000);
  assert.deepEqual(subscribed(network.last), ['a 0']);
  for (const expected of [['a 0'], []]) {
    network.script = welcoming({ sessionPresent: true });
    await network.clock.advance(10_000);
    await network.drop();
    await network.clock.advance(1_000);
    assert.deepEqual(subscribed(network.last), expected);
  }
});

test('thousands of subscriptions are renewed, a hundred at a time', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t);
  await network.clock.settle();
  for (let round = 0; round < 3; round += 1) {
    const subscribing = Array.from({ length: 1_000 }, (_, at) => {
      return client.subscribe(`${round}/${at}`);
    });
    await network.clock.settle();
    await Promise.all(subscribing);
  }
  let held = 0;
  network.script = packet => {
    if (packet.type !== PacketType.subscribe) return undefined;
    held += 1;
    return [];
  };
  await network.drop();
  await network.clock.advance(1_000);
  assert.equal(held, 100);
  network.script = () => undefined;
  await network.drop();
  await network.clock.advance(2_000);
  const renewed = subscribed(network.last);
  assert.equal(new Set(renewed).size, 3_000);
  assert.deepEqual([renewed[0], renewed[2_999]], ['0/0 0', '2/999 0']);
});

test('leaving a block does not wait for a connection; the server is told later', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t, { session });
  const subscribing = client.subscribe('a');
  await network.clock.settle();
  const subscription = await subscribing;
  await network.drop();
  await subscription[Symbol.asyncDispose]();
  network.script = welcoming({ sessionPresent: true });
  await network.clock.advance(1_000);
  assert.deepEqual(network.last.got(PacketType.unsubscribe)[0].filters, ['a']);
  const again = client.subscribe('b');
  await network.clock.settle();
  const second = await again;
  network.last.script = () => [];
  const leaving = second[Symbol.asyncDispose]();
  await network.drop();
  await leaving;
});

test('when CONNACK was lost, the session may be a new one: subscriptions are renewed', async t => {
  for (const isRefused of [false, true]) {
    const network = new ScriptedNetwork();
    const client = network.client(t, { session });
    const subscribing = client.subscribe('a/b', { qos: 2 });
    await network.clock.settle();
    const messages = (await subscribing)[Symbol.asyncIterator]();
    network.last.send(publish({ qos: 2, packetId: 1 }));
    await network.clock.settle();
    assert.equal((await messages.next()).value?.text(), 'hello');
    const reasonCode = ReasonCode.serverBusy;
    network.script = () => (isRefused ? [connack({ reasonCode })] : []);
    await network.drop();
    await network.clock.advance(1_000);
    if (!isRefused) await network.drop();
    network.script = welcoming({ sessionPresent: true });
    await network.clock.advance(2_000);
    assert.deepEqual(subscribed(network.last), isRefused ? [] : ['a/b 2']);
    // without DUP it is another message, unless the session is certainly the old one
    const other = new TextEncoder().encode('other');
    network.last.send(publish({ qos: 2, packetId: 1, payload: other }));
    network.last.send(publish({ qos: 2, packetId: 2 }));
    await network.clock.settle();
    const next = (await messages.next()).value;
    assert.equal(next?.text(), isRefused ? 'hello' : 'other');
  }
});
