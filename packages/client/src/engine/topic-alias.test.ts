import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { ErrorCode } from '../errors.ts';
import { answering, ScriptedNetwork, welcoming } from '../testing/scripted-network.ts';
import { outcome, publish, type ScriptedServer } from '../testing/scripted-server.ts';

function aliases(server: ScriptedServer): (string | number | undefined)[][] {
  return server
    .got(PacketType.publish)
    .map(({ topic, properties }) => [topic, properties?.topicAlias]);
}

test('a topic used again gets an alias, for as long as the connection lasts', async t => {
  const network = new ScriptedNetwork();
  network.script = answering({ properties: { topicAliasMaximum: 1 } });
  const client = network.client(t, { session: { expiryMs: 60_000 } });
  await network.clock.settle();
  const results = ['a', 'a', 'a', 'b', 'b'].map(topic => client.publish(topic, 'x', { qos: 1 }));
  await network.clock.settle();
  assert.deepEqual(aliases(network.last), [
    ['a', undefined],
    ['a', 1],
    ['', 1],
    ['b', undefined],
    ['b', undefined],
  ]);
  await network.drop();
  network.script = welcoming({ sessionPresent: true });
  await network.clock.advance(1_000);
  await Promise.all(results);
  // the next server takes none
  assert.deepEqual(
    aliases(network.last).map(([topic]) => topic),
    ['a', 'a', 'a', 'b', 'b'],
  );
  assert.ok(aliases(network.last).every(([, alias]) => alias === undefined));
});

test("outbound 'off' sends none", async t => {
  const network = new ScriptedNetwork();
  network.script = answering({ properties: { topicAliasMaximum: 10 } });
  const client = network.client(t, { topicAliases: { outbound: 'off' } });
  await network.clock.settle();
  for (const topic of ['a', 'a', 'a']) void outcome(client.publish(topic, 'x'));
  await network.clock.settle();
  assert.deepEqual(aliases(network.last), Array(3).fill(['a', undefined]));
});

test('an alias that makes a message too large is not set', async t => {
  const network = new ScriptedNetwork();
  network.script = answering({ properties: { topicAliasMaximum: 10, maximumPacketSize: 12 } });
  const client = network.client(t);
  await network.clock.settle();
  const results = ['123456', '123456', '1', '1'].map(text => client.publish('a', text));
  await network.clock.settle();
  await Promise.all(results);
  assert.deepEqual(aliases(network.last), [
    ['a', undefined],
    ['a', undefined],
    ['a', undefined],
    ['a', 2],
  ]);
});

test('aliases of the server are understood up to the maximum that was announced', async t => {
  const network = new ScriptedNetwork();
  const topicAliases = { inboundMaximum: 2 };
  const client = network.client(t, { topicAliases });
  const subscribing = client.subscribe('#');
  await network.clock.settle();
  const { properties } = network.last.got(PacketType.connect)[0];
  assert.equal(properties?.topicAliasMaximum, 2);
  const messages = (await subscribing)[Symbol.asyncIterator]();
  network.last.send(
    publish({ topic: 'x', properties: { topicAlias: 2 } }),
    publish({ topic: '', properties: { topicAlias: 2 } }),
  );
  await network.clock.settle();
  assert.equal((await messages.next()).value?.topic, 'x');
  assert.equal((await messages.next()).value?.topic, 'x');
  await network.drop();
  await network.clock.advance(1_000);
  // it ended with its connection
  network.last.send(publish({ topic: '', properties: { topicAlias: 2 } }));
  await network.clock.settle();
  const error = await client.closed;
  assert.deepEqual([error?.code, error?.reasonCode], [ErrorCode.protocolError, 0x82]);
});

test('an alias above the maximum is an error', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t, { topicAliases: { inboundMaximum: 2 } });
  await network.clock.settle();
  network.last.send(publish({ properties: { topicAlias: 3 } }));
  await network.clock.settle();
  assert.equal((await client.closed)?.reasonCode, ReasonCode.topicAliasInvalid);
});

test('options that make no sense are refused', t => {
  const network = new ScriptedNetwork();
  for (const options of [
    { topicAliases: { inboundMaximum: 65_536 } },
    { topicAliases: { outbound: 'on' as 'auto' } },
    { queue: { whenFull: 'explode' as 'wait' } },
    { queue: { qos0Offline: 'explode' as 'drop' } },
    { queue: { messagesMax: -1 } },
    { queue: { bytesMax: 0.5 } },
  ]) {
    assert.throws(() => network.client(t, options), RangeError);
  }
  const old = { protocolVersion: 4, topicAliases: { inboundMaximum: 1 } } as const;
  assert.throws(() => network.client(t, old), { code: ErrorCode.notSupported });
});
