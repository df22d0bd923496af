import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';
import type { TracedPacket } from './tracer.ts';

const lines = (packets: readonly TracedPacket[]): string[] =>
  packets.map(({ clientId, direction, packet }) => `${clientId} ${direction} ${packet.type}`);

test('a trace shows what one client sends and gets, from its CONNECT on', async () => {
  const { broker, connected, settle } = testBroker();
  const seen: TracedPacket[] = [];
  const stop = broker.tracer.start({ clientId: 'a' }, packet => seen.push(packet));
  const password = Uint8Array.of(1, 2, 3);
  const a = await connected({ clientId: 'a', username: 'u', password });
  const b = await connected({ clientId: 'b' });
  await subscribe(a, 'x', { qos: 0 });
  b.send(publishOf('x', 'hello'));
  b.send(publishOf('y', 'not for a'));
  await settle();
  deepEqual(lines(seen), [
    'a received CONNECT',
    'a sent CONNACK',
    'a received SUBSCRIBE',
    'a sent SUBACK',
    'a sent PUBLISH',
  ]);
  equal(seen[0].packet.password, '(hidden)');
  equal(seen[4].packet.payload, 'hello');
  stop();
  b.send(publishOf('x', 'unseen'));
  await settle();
  equal(seen.length, 5);
});

test('a trace of a topic follows it from one client to the other, by alias as well', async () => {
  const { broker, connected, settle } = testBroker();
  const a = await connected({ clientId: 'a' });
  const b = await connected({ clientId: 'b' });
  await subscribe(a, '#', { qos: 0 });
  const seen: TracedPacket[] = [];
  broker.tracer.start({ topic: 'x/+' }, packet => seen.push(packet));
  b.send(publishOf('x/1', 'first', { properties: { topicAlias: 1 } }));
  b.send(publishOf('', '\u0000', { properties: { topicAlias: 1 } }));
  b.send(publishOf('y/1', 'other'));
  b.send(publishOf('x/2', 'z'.repeat(300)));
  await settle();
  deepEqual(
    seen.map(({ clientId, packet }) => [clientId, packet.topic, packet.payload]),
    [
      ['b', 'x/1', 'first'],
      ['b', 'x/1', '0x00'],
      ['b', 'x/2', `${'z'.repeat(256)}… (44 bytes more)`],
      ['a', 'x/1', 'first'],
      ['a', 'x/1', '0x00'],
      ['a', 'x/2', `${'z'.repeat(256)}… (44 bytes more)`],
    ],
  );
});
