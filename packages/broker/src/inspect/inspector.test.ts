import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { HandEngine } from '../testing/hand-engine.ts';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';

test('an inspector sees sessions, what is in them, and retained messages', async () => {
  const { broker, clock, connected, settle } = testBroker();
  const { inspector } = broker;
  const client = await connected({ clientId: 'a', properties: { sessionExpiryInterval: 60 } });
  const publisher = await connected({ clientId: 'p' });
  await subscribe(client, 'x/#', { qos: 1 });
  deepEqual(
    [...inspector.allSubscriptions()].map(({ clientId, filter, qos }) => [clientId, filter, qos]),
    [['a', 'x/#', 1]],
  );
  broker.publish('x/1', 'first', { qos: 1 });
  await settle();
  deepEqual(inspector.inflight('a', 10), [{ packetId: 1, state: 'awaiting-puback' }]);
  equal(inspector.totals().clients[5], 2);
  client.stream.destroy();
  await settle();
  broker.publish('x/2', 'second', { qos: 1, properties: { messageExpiryInterval: 5 } });
  publisher.send(publishOf('x/3', 'third', { retain: true }));
  await settle();
  const session = inspector.session('a');
  equal(session?.isConnected, false);
  equal(session?.queuedMessages, 1);
  equal(session?.expirySeconds, 60);
  const [queued] = (await inspector.queued('a', 10)) ?? [];
  deepEqual([queued.topic, queued.qos, queued.payloadBytes], ['x/2', 1, 6]);
  equal(queued.expiresAtMs > 0, true);
  equal(inspector.totals().queuedMessages, 1);
  const [retained] = [...inspector.retained('x/+')];
  equal(new TextDecoder().decode(retained.payload), 'third');
  equal(retained.publisher, 'p');
  equal(inspector.retainedMessage('x/3')?.topic, 'x/3');
  deepEqual(
    Array.from(inspector.sessions(), ({ clientId }) => clientId),
    ['a', 'p'],
  );
  equal(inspector.session('nobody'), undefined);
  equal(inspector.queued('nobody', 1), undefined);
  equal(inspector.phase, 'running');
  const closing = broker.close();
  equal(inspector.phase, 'closing');
  await clock.advance(10_000);
  await closing;
});

test('an inspector reads what waits in the log, and knows how the engine is', async () => {
  const engine = new HandEngine();
  const { broker, connected, settle } = testBroker({ engine });
  equal(broker.inspector.phase, 'starting');
  await broker.start();
  equal(broker.inspector.storage, 'ready');
  const connecting = connected({ clientId: 'a', properties: { sessionExpiryInterval: 60 } });
  await settle();
  const client = await connecting;
  const subscribing = subscribe(client, 'x', { qos: 1 });
  await settle();
  engine.sync();
  await subscribing;
  client.stream.destroy();
  await settle();
  broker.publish('x', 'kept', { qos: 1 });
  engine.sync();
  await settle();
  const [queued] = (await broker.inspector.queued('a', 10)) ?? [];
  deepEqual([queued.topic, queued.qos, queued.payloadBytes], ['x', 1, 4]);
  equal(broker.inspector.totals().sessionsDurable, 1);
  engine.setFull(true);
  equal(broker.inspector.storage, 'full');
});
