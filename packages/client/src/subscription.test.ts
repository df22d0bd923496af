import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { ErrorCode } from './errors.ts';
import type { Message } from './message.ts';
import type { SubscribeInit } from './options.ts';
import type { Subscription } from './subscription.ts';
import { ScriptedNetwork } from './testing/scripted-network.ts';
import { type Meeting, meet, publish } from './testing/scripted-server.ts';

async function subscribed(
  meeting: Meeting,
  init: SubscribeInit = { qos: 1 },
): Promise<Subscription> {
  const subscribing = meeting.client.subscribe('#', init);
  await meeting.clock.settle();
  return subscribing;
}

/** Sends one message of QoS 1 for each topic, with the packet ids 1, 2, … */
async function sendAll({ server, clock }: Meeting, ...topics: string[]): Promise<void> {
  server.send(...topics.map((topic, at) => publish({ topic, qos: 1, packetId: at + 1 })));
  await clock.settle();
}

function acked({ server }: Meeting): number[] {
  return server.got(PacketType.puback).map(packet => packet.packetId);
}

test('asking for the next message acknowledges the one before', async t => {
  const meeting = await meet(t);
  const messages = (await subscribed(meeting))[Symbol.asyncIterator]();
  const first = messages.next();
  await sendAll(meeting, 'a', 'b');
  assert.equal((await first).value?.topic, 'a');
  await meeting.clock.settle();
  assert.deepEqual(acked(meeting), []);
  assert.equal((await messages.next()).value?.topic, 'b');
  await meeting.clock.settle();
  assert.deepEqual(acked(meeting), [1]);
});

test('a loop that is left acknowledges nothing; the next begins with that message', async t => {
  const meeting = await meet(t);
  const subscription = await subscribed(meeting);
  await sendAll(meeting, 'a', 'b', 'c');
  for await (const message of subscription) if (message.topic === 'b') break;
  await meeting.clock.settle();
  assert.deepEqual(acked(meeting), [1]);
  const seen: string[] = [];
  for await (const message of subscription) {
    seen.push(message.topic);
    message.ack();
    if (message.topic === 'c') break;
  }
  await meeting.clock.settle();
  assert.deepEqual(seen, ['b', 'c']);
  assert.deepEqual(acked(meeting), [1, 2, 3]);
  assert.equal(meeting.server.got(PacketType.unsubscribe).length, 0);
});

test('manual: only ack() acknowledges', async t => {
  const meeting = await meet(t);
  const subscription = await subscribed(meeting, { qos: 1, ack: 'manual' });
  await sendAll(meeting, 'a', 'b');
  const kept: Message[] = [];
  for await (const message of subscription) {
    kept.push(message);
    if (kept.length === 2) break;
  }
  await meeting.clock.settle();
  assert.deepEqual(acked(meeting), []);
  for (const message of kept) message.ack();
  await meeting.clock.settle();
  assert.deepEqual(acked(meeting), [1, 2]);
});

test('a reader that leaves while it waits takes no message with it', async t => {
  const meeting = await meet(t);
  const subscription = await subscribed(meeting);
  const left = subscription[Symbol.asyncIterator]();
  const pending = left.next();
  await left.return?.();
  assert.equal((await pending).done, true);
  await sendAll(meeting, 'a');
  assert.equal((await subscription[Symbol.asyncIterator]().next()).value?.topic, 'a');
});

test('QoS 0 beyond the buffer is dropped, and counted', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  const subscription = await subscribed(meeting, { qos0MessagesMax: 2, qos0BytesMax: 6 });
  const send = async (...texts: string[]): Promise<void> => {
    for (const text of texts) server.send(publish({ payload: new TextEncoder().encode(text) }));
    await clock.settle();
  };
  await send('1', '2', '3');
  assert.equal(subscription.dropped, 1);
  const messages = subscription[Symbol.asyncIterator]();
  assert.equal((await messages.next()).value?.text(), '1');
  await send('too large');
  assert.equal(subscription.dropped, 2);
  await send('4');
  assert.equal(client.stats.droppedQoS0, 2);
  assert.equal((await messages.next()).value?.text(), '2');
  assert.equal((await messages.next()).value?.text(), '4');
});

test('close() ends the loop; a broken connection throws, after what had come', async t => {
  {
    const meeting = await meet(t);
    const pending = (await subscribed(meeting))[Symbol.asyncIterator]().next();
    const closed = meeting.client.close();
    await meeting.clock.settle();
    await closed;
    assert.equal((await pending).done, true);
  }
  const meeting = await meet(t);
  const messages = (await subscribed(meeting))[Symbol.asyncIterator]();
  await sendAll(meeting, 'a');
  meeting.server.destroy();
  await meeting.clock.settle();
  assert.equal((await messages.next()).value?.topic, 'a');
  await assert.rejects(messages.next(), { code: ErrorCode.connectionLost });
});

test('each: acknowledges when the function has returned, one after the other', async t => {
  const meeting = await meet(t);
  const subscription = await subscribed(meeting);
  const steps: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const all = subscription.each(async message => {
    steps.push(message.topic);
    if (message.topic === 'a') await promise;
  });
  await sendAll(meeting, 'a', 'b');
  assert.deepEqual(steps, ['a']);
  assert.deepEqual(acked(meeting), []);
  resolve();
  await meeting.clock.settle();
  assert.deepEqual(steps, ['a', 'b']);
  assert.deepEqual(acked(meeting), [1, 2]);
  const closed = meeting.client.close();
  await meeting.clock.settle();
  await closed;
  await all;
});

test('each: several at a time, those of one key in order', async t => {
  const meeting = await meet(t);
  const subscription = await subscribed(meeting);
  const running = new Map<Message, () => void>();
  const topics = (): string[] => [...running.keys()].map(message => message.topic);
  const handle = (message: Message): Promise<void> =>
    new Promise(resolve => {
      running.set(message, () => {
        running.delete(message);
        resolve();
      });
    });
  void subscription.each(handle, { concurrency: 3, keyBy: message => message.topic });
  await sendAll(meeting, 'a', 'a', 'b', 'c');
  assert.deepEqual(topics(), ['a', 'b']);
  [...running.values()][1]();
  await meeting.clock.settle();
  assert.deepEqual(topics(), ['a', 'c']);
  assert.deepEqual(acked(meeting), []);
  [...running.values()][0]();
  await meeting.clock.settle();
  assert.deepEqual(topics(), ['c', 'a']);
  assert.deepEqual(acked(meeting), [1]);
});

test('each: an error stops it, and the messages come again in order', async t => {
  const meeting = await meet(t);
  const subscription = await subscribed(meeting);
  await sendAll(meeting, 'a', 'a', 'b');
  const failing = subscription.each(
    () => {
      throw new Error('no');
    },
    { concurrency: 2, keyBy: message => message.topic },
  );
  await assert.rejects(failing, /no/);
  assert.deepEqual(acked(meeting), []);
  const ids: string[] = [];
  for await (const message of subscription) {
    ids.push(message.topic);
    if (ids.length === 3) break;
  }
  assert.deepEqual(ids, ['a', 'a', 'b']);
});

test('each: onError decides', async t => {
  const meeting = await meet(t);
  const subscription = await subscribed(meeting);
  const handled = subscription.each(
    message => {
      throw new Error(message.topic);
    },
    { onError: (_error, message) => (message.topic === 'a' ? 'ack' : 'nack') },
  );
  await sendAll(meeting, 'a', 'b');
  assert.deepEqual(
    meeting.server.got(PacketType.puback).map(packet => packet.reasonCode),
    [0, 0x80],
  );
  const lost = assert.rejects(handled, { code: ErrorCode.connectionLost });
  meeting.server.destroy();
  await meeting.clock.settle();
  await lost;
  await assert.rejects(
    subscription.each(() => {}, { concurrency: 0 }),
    RangeError,
  );
});

test('what is unread when sessions are lost, again and again, is bounded', async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t, { session: { expiryMs: 60_000 }, receiveMaximum: 3 });
  const subscribing = client.subscribe('#', { qos: 2 });
  await network.clock.settle();
  const subscription = await subscribing;
  for (let round = 0; round < 4; round += 1) {
    const [first, second, third] = [1, 2, 3].map(at =>
      publish({ qos: at === 1 ? 2 : 1, packetId: at, payload: Uint8Array.of(round, at) }),
    );
    network.last.send(first, second, third, publish({ qos: 0, payload: Uint8Array.of(round) }));
    await network.clock.settle();
    await network.drop();
    await network.clock.advance(20_000);
  }
  assert.deepEqual([subscription.dropped, client.stats.droppedUnread], [9, 9]);
  const iterator = subscription[Symbol.asyncIterator]();
  const read: string[] = [];
  for (let count = 0; count < 7; count += 1)
    read.push((await iterator.next()).value!.payload.join());
  assert.deepEqual(read, ['0', '1', '2', '3,1', '3,2', '3,3', '3']);
});
