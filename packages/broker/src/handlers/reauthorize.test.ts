import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import type { Awaitable, ClientInfo, Hooks, Welcome } from '../hooks.ts';
import { HandEngine } from '../testing/hand-engine.ts';
import { ScriptedMethod, success } from '../testing/scripted-method.ts';
import { publishOf, subscribe, testBroker, textOf } from '../testing/test-broker.ts';

const { auth, disconnect, publish } = PacketType;
const lasting = { sessionExpiryInterval: 60 };
const will = { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false } as const;

suite('what was allowed', () => {
  const ways: [string, <T>(answer: T) => Awaitable<T>][] = [
    ['at once', answer => answer],
    ['later', async answer => answer],
  ];
  for (const [way, given] of ways) {
    test(`ends when it is refused ${way}, and the client is told`, async () => {
      const forbidden = new Set<string>();
      const { broker, connected } = testBroker({
        hooks: {
          authorizeSubscribe: (_, { filter }) => given(!forbidden.has(filter)),
          authorizePublish: (_, { topic }) => given(!forbidden.has(topic)),
        },
      });
      const kept = await connected({ clientId: 'kept', will });
      const lost = await connected({ clientId: 'lost' });
      await subscribe(kept, 'a');
      await subscribe(lost, 'b');
      assert.equal(await broker.reauthorize(), 0);
      forbidden.add('b');
      assert.equal(await broker.reauthorize(), 1);
      await lost.expect({ type: disconnect, reasonCode: 0x87 });
      await lost.expectClosed();
      assert.equal(broker.metrics.subscriptionsRevoked, 1);
      const witness = await connected();
      await subscribe(witness, 'w');
      forbidden.add('w');
      assert.equal(await broker.reauthorize(), 2, 'by its will, and by its subscription');
      await kept.expect({ type: disconnect, reasonCode: 0x87 });
      await kept.expectClosed();
      assert.equal(broker.metrics.willsPublished, 0);
    });
  }

  test('is asked about when a client comes back, and ends then', async () => {
    let isAllowed = true;
    const { broker, connected, client } = testBroker({
      hooks: { authorizeSubscribe: () => isAllowed },
    });
    const first = await connected({ clientId: 'a', properties: lasting });
    await subscribe(first, 't');
    first.stream.destroy();
    isAllowed = false;
    const again = client();
    const { sessionPresent } = await again.connect({ clientId: 'a', cleanStart: false });
    assert.equal(sessionPresent, true);
    assert.equal(broker.publish('t', 'x'), false);
    await again.expectNothing();
    assert.equal(broker.metrics.subscriptions, 0);
  });

  test('publishing is asked about anew', async () => {
    let isAllowed = true;
    const { broker, connected } = testBroker({ hooks: { authorizePublish: () => isAllowed } });
    const client = await connected();
    const message = publishOf('t', 'x', { qos: 1 });
    client.send(message);
    await client.expect({ type: PacketType.puback, reasonCode: 0x10 });
    isAllowed = false;
    await broker.reauthorize();
    client.send(message);
    await client.expect({ type: PacketType.puback, reasonCode: 0x87 });
  });

  test('a client that is not welcome any more has to go; a hook that fails refuses', async () => {
    const heard: string[] = [];
    let isAsked = false;
    const { broker, client, connected } = testBroker({
      hooks: {
        isStillWelcome({ clientId }) {
          if (!isAsked) return true;
          if (clientId === 'fault') throw new Error('oops');
          return clientId !== 'gone';
        },
        onProtocolError: (_, __, message) => void heard.push(message),
      },
    });
    const clients = await Promise.all(
      ['here', 'gone', 'fault'].map(clientId => connected({ clientId })),
    );
    isAsked = true;
    assert.equal(await broker.reauthorize(), 2);
    await clients[0].expectNothing();
    await clients[1].expect({ type: disconnect, reasonCode: 0x87 });
    await clients[2].expect({ type: disconnect, reasonCode: 0x87 });
    assert.deepEqual(heard, ['Error: oops']);
    assert.equal((await client().connect({ clientId: 'gone' })).reasonCode, 0x87);
  });
});

suite('authorizeReceive', () => {
  test('keeps messages back by topic, on every way to the client', async () => {
    const asked: ClientInfo[] = [];
    const { broker, connected, client, settle } = testBroker({
      hooks: {
        authorizeReceive(info) {
          asked.push(info);
          return info.clientId === 'picky' ? topic => !topic.startsWith('secret/') : null;
        },
      },
    });
    broker.publish('secret/kept', 'x', { retain: true });
    broker.publish('open/kept', 'retained', { retain: true });
    const publisher = await connected({ clientId: 'p' });
    const picky = await connected({ clientId: 'picky', properties: lasting });
    const other = await connected({ clientId: 'other' });
    await subscribe(other, 'secret/live');
    await subscribe(picky, '#');
    assert.equal(textOf(await picky.expect(publish)), 'retained');
    publisher.send(publishOf('secret/live', 'fast'));
    publisher.send(publishOf('secret/live', 'slow', { qos: 1 }));
    publisher.send(publishOf('open/live', 'plain'));
    assert.equal(textOf(await picky.expect(publish)), 'plain');
    assert.equal(textOf(await other.expect(publish)), 'fast');
    picky.stream.destroy();
    await settle();
    broker.publish('secret/queued', 'x', { qos: 1 });
    broker.publish('open/queued', 'queued', { qos: 1 });
    const back = client();
    await back.connect({ clientId: 'picky', cleanStart: false });
    assert.equal(textOf(await back.expect(publish)), 'queued');
    assert.equal(asked.length, 4);
    assert.equal(broker.metrics.messagesDroppedUnauthorized, 4);
  });

  test('another member of a shared subscription gets what one may not have', async () => {
    const { broker, connected } = testBroker({
      hooks: { authorizeReceive: ({ clientId }) => (clientId === 'no' ? () => false : null) },
    });
    const no = await connected({ clientId: 'no' });
    const yes = await connected({ clientId: 'yes' });
    await subscribe(no, '$share/g/t');
    await subscribe(yes, '$share/g/t');
    broker.publish('t', '1');
    broker.publish('t', '2');
    assert.equal(textOf(await yes.expect(publish)), '1');
    assert.equal(textOf(await yes.expect(publish)), '2');
    await no.expectNothing();
  });
});

suite('what survives the broker', () => {
  test('is asked about by the rules of the day', async () => {
    const forbidden = new Set<string>();
    const hooks: Hooks = {
      authorizeSubscribe: (_, { filter }) => !forbidden.has(filter),
      authorizeReceive: () => topic => !forbidden.has(topic),
    };
    const engine = new HandEngine(true);
    const before = testBroker({ engine, hooks });
    await before.settle();
    const first = await before.connected({ clientId: 'a', properties: lasting });
    await subscribe(first, 'open/#');
    await subscribe(first, 'gone');
    await subscribe(first, 'kept');
    first.stream.destroy();
    await before.settle();
    for (const topic of ['open/secret', 'open/x', 'kept']) {
      before.broker.publish(topic, topic, { qos: 1 });
    }
    await before.settle();
    forbidden.add('gone').add('open/secret');
    const after = testBroker({ engine: engine.crash(), hooks }, before.clock);
    await after.settle();
    const again = after.client();
    const { sessionPresent } = await again.connect({
      clientId: 'a',
      cleanStart: false,
      properties: lasting,
    });
    assert.equal(sessionPresent, true);
    assert.equal(textOf(await again.expect(publish)), 'open/x');
    assert.equal(textOf(await again.expect(publish)), 'kept');
    await again.expectNothing();
    const { metrics } = after.broker;
    assert.deepEqual(
      [metrics.messagesDroppedUnauthorized, metrics.subscriptionsRevoked, metrics.subscriptions],
      [1, 1, 2],
    );
  });
});

suite('a welcome with an end', () => {
  const until = (clock: { wallMs(): number }, ms: number): Welcome => {
    return { reasonCode: 0, expiresAtMs: clock.wallMs() + ms, identity: { from: 'hook' } };
  };

  test('ends the connection with 0xA0', async () => {
    const clients: ClientInfo[] = [];
    const { broker, clock, connected } = testBroker({
      hooks: {
        authenticate: () => until(clock, 10_000),
        onConnect: info => void clients.push(info),
      },
    });
    const client = await connected();
    assert.deepEqual(clients[0].identity, { from: 'hook' });
    await clock.advance(9_000);
    await client.expectNothing();
    await clock.advance(2_000);
    await client.expect({ type: disconnect, reasonCode: 0xa0 });
    await client.expectClosed();
    assert.equal(broker.metrics.permissionsExpired, 1);
  });

  test('is put off by authenticating again', async () => {
    const method = new ScriptedMethod(
      () => ({ ...success('1'), expiresAtMs: clock.wallMs() + 10_000 }),
      () => ({ ...success('2'), expiresAtMs: clock.wallMs() + 10_000 }),
    );
    const { clock, connected } = testBroker({ hooks: { authMethods: [method] } });
    const properties = { authenticationMethod: 'scripted' };
    const client = await connected({ properties });
    await clock.advance(8_000);
    client.send({ type: auth, reasonCode: 0x19, properties });
    await client.expect({ type: auth, reasonCode: 0 });
    await clock.advance(8_000);
    await client.expectNothing();
    await clock.advance(4_000);
    await client.expect({ type: disconnect, reasonCode: 0xa0 });
  });
});
