import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { HandEngine } from '../testing/hand-engine.ts';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';

test('a message that comes to a session by two ways has two packet identifiers', async () => {
  const engine = new HandEngine(true);
  const { broker, clock, connected } = testBroker({ engine });
  await broker.start();
  const durable = { clientId: 'c', properties: { sessionExpiryInterval: 60 } };
  const client = await connected(durable);
  await subscribe(client, 'a', { qos: 1 });
  await subscribe(client, '$share/g/a', { qos: 1 });
  const publisher = await connected();
  publisher.send(publishOf('a', 'one', { qos: 1 }));
  await publisher.expect(PacketType.puback);
  const first = await client.expect(PacketType.publish);
  const second = await client.expect(PacketType.publish);
  assert.deepEqual([first.packetId, second.packetId], [1, 2]);
  // Both are there again after a crash.
  const next = testBroker({ engine: engine.crash() }, clock);
  await next.broker.start();
  const back = await next.connected({ ...durable, cleanStart: false });
  await back.expect({ type: PacketType.publish, packetId: 1 });
  await back.expect({ type: PacketType.publish, packetId: 2 });
});

test('what the log has no room for takes no number', async () => {
  const engine = new HandEngine(true);
  const { broker, connected, settle } = testBroker({ engine });
  await broker.start();
  const client = await connected({ clientId: 'c', properties: { sessionExpiryInterval: 60 } });
  await subscribe(client, 'a', { qos: 1 });
  await subscribe(client, '$share/g/a', { qos: 1 });
  const publisher = await connected();
  // Full without having said so: the offer itself is refused.
  engine.isFull = true;
  publisher.send(publishOf('a', 'one', { qos: 1 }));
  await publisher.expect({ type: PacketType.puback, reasonCode: 0x97 });
  engine.setFull(false);
  await settle();
  publisher.send(publishOf('a', 'two', { qos: 1 }));
  await client.expect({ type: PacketType.publish, packetId: 1 });
  await client.expect({ type: PacketType.publish, packetId: 2 });
});

test('a QoS 2 message that waited for room in vain is taken when it is sent again', async () => {
  const engine = new HandEngine(true);
  const { broker, connected, settle } = testBroker({ engine });
  await broker.start();
  const client = await connected({ clientId: 'c', properties: { sessionExpiryInterval: 60 } });
  await subscribe(client, 'a');
  const old = { clientId: 'p', protocolVersion: 4, cleanStart: false } as const;
  const publisher = await connected(old);
  engine.setFull(true);
  publisher.send(publishOf('a', 'one', { qos: 2 }));
  await publisher.expectNothing();
  publisher.stream.destroy();
  await settle();
  const back = await connected(old);
  engine.setFull(false);
  await settle();
  back.send(publishOf('a', 'one', { qos: 2, dup: true }));
  await back.expect(PacketType.pubrec);
  await client.expect({ type: PacketType.publish, topic: 'a' });
});
