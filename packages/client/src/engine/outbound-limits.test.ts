import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { ErrorCode, PublishError } from '../errors.ts';
import { answering, ScriptedNetwork, welcoming } from '../testing/scripted-network.ts';
import { outcome, type ScriptedServer } from '../testing/scripted-server.ts';

function texts(server: ScriptedServer): string[] {
  return server.got(PacketType.publish).map(({ payload }) => new TextDecoder().decode(payload));
}

async function assertFailed(result: Promise<unknown>, code: string): Promise<void> {
  const error = await result;
  assert.ok(error instanceof PublishError);
  assert.deepEqual([error.code, error.delivered], [code, 'no']);
}

test("qos0Offline: 'queue', 'reject' and 'drop'", async t => {
  for (const qos0Offline of ['queue', 'reject', 'drop'] as const) {
    const network = new ScriptedNetwork();
    const client = network.client(t, { queue: { qos0Offline } });
    const early = outcome(client.publish('t', 'early'));
    if (qos0Offline === 'reject') await assertFailed(early, ErrorCode.offline);
    const acknowledged = client.publish('t', 'acknowledged', { qos: 1 });
    await network.clock.settle();
    await Promise.all([early, acknowledged]);
    assert.equal(client.stats.droppedQoS0, qos0Offline === 'drop' ? 1 : 0);
    const sent = qos0Offline === 'queue' ? ['early', 'acknowledged'] : ['acknowledged'];
    assert.deepEqual(texts(network.last), sent);
  }
});

test('queued QoS 0 keeps its order with what is published later', async t => {
  const network = new ScriptedNetwork();
  network.script = answering({ properties: { receiveMaximum: 1 } });
  const client = network.client(t);
  for (const [text, qos] of [
    ['1', 1],
    ['2', 1],
    ['3', 0],
  ] as const) {
    void outcome(client.publish('t', text, { qos }));
  }
  await network.clock.settle();
  const last = client.publish('t', '4');
  await network.clock.settle();
  assert.deepEqual(texts(network.last), ['1']);
  network.last.send({ type: PacketType.puback, packetId: 1, reasonCode: 0 });
  await network.clock.settle();
  await last;
  assert.deepEqual(texts(network.last), ['1', '2', '3', '4']);
});

test("whenFull 'wait': calls wait for room, in order", async t => {
  const network = new ScriptedNetwork();
  network.missing.add('a');
  const client = network.client(t, { queue: { messagesMax: 2, whenFull: 'wait' } });
  const controller = new AbortController();
  const results = ['1', '2', '3', '4'].map((text, at) => {
    const signal = at === 2 ? controller.signal : undefined;
    return outcome(client.publish('t', text, { qos: 1, signal }));
  });
  const expiring = outcome(client.publish('t', '5', { qos: 1, expiryMs: 500 }));
  assert.equal(client.stats.queued, 5);
  controller.abort();
  await assertFailed(results[2], ErrorCode.aborted);
  await network.clock.advance(501);
  await assertFailed(expiring, ErrorCode.expired);
  assert.equal(client.stats.queued, 3);
  assert.equal(client.stats.queuedBytes, 4);
  network.missing.clear();
  await network.clock.advance(1_000);
  await Promise.all(results);
  assert.deepEqual(texts(network.last), ['1', '2', '4']);
  assert.deepEqual([client.stats.queued, client.stats.queuedBytes], [0, 0]);
});

test("whenFull 'wait': not more than 10,000 calls wait", async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t, { queue: { messagesMax: 1, whenFull: 'wait' } });
  for (let count = 0; count < 10_001; count += 1) {
    void outcome(client.publish('t', '', { qos: 1 }));
  }
  await assertFailed(outcome(client.publish('t', '', { qos: 1 })), ErrorCode.queueFull);
  assert.equal(client.stats.queued, 10_001);
});

test("whenFull 'wait' holds back QoS 0 until the transport has taken some", async t => {
  const network = new ScriptedNetwork();
  const client = network.client(t, { queue: { messagesMax: 1, whenFull: 'wait' } });
  await network.clock.settle();
  const results = ['1', '2', '3'].map(text => client.publish('t', text));
  assert.equal(client.stats.queued, 2);
  await network.clock.settle();
  await Promise.all(results);
  assert.deepEqual(texts(network.last), ['1', '2', '3']);
});

test("whenFull 'drop-oldest' gives up the oldest that was not sent", async t => {
  const network = new ScriptedNetwork();
  network.script = answering({ properties: { receiveMaximum: 1 } });
  const queue = { messagesMax: 3, bytesMax: 12, whenFull: 'drop-oldest' } as const;
  const client = network.client(t, { queue });
  await network.clock.settle();
  const publishing = (text: string): Promise<unknown> =>
    outcome(client.publish('t', text, { qos: 1 }));
  const [sent, second, third] = ['1', '2', '3'].map(publishing);
  const fourth = publishing('4');
  await assertFailed(second, ErrorCode.dropped);
  // its size costs both of those that wait
  const large = publishing('123456789');
  await assertFailed(third, ErrorCode.dropped);
  await assertFailed(fourth, ErrorCode.dropped);
  // what is in flight stays
  await assertFailed(publishing('x'.repeat(20)), ErrorCode.queueFull);
  await assertFailed(large, ErrorCode.dropped);
  network.last.send({ type: PacketType.puback, packetId: 1, reasonCode: 0 });
  assert.equal(client.stats.inFlight, 1);
  await network.clock.settle();
  assert.equal(((await sent) as { reasonCode: number }).reasonCode, 0);
});

test('time in the queue is taken off the lifetime; what is over is never sent', async t => {
  const network = new ScriptedNetwork();
  network.missing.add('a');
  const client = network.client(t, { reconnect: { minMs: 3_500, jitter: 'none' } });
  const early = outcome(client.publish('t', 'early', { qos: 1, expiryMs: 1_000 }));
  const never = outcome(client.publish('t', 'never', { expiryMs: 3_400 }));
  const late = client.publish('t', 'late', { qos: 1, expiryMs: 10_000, contentType: 'x' });
  let isOver = false;
  void early.then(() => {
    isOver = true;
  });
  await network.clock.advance(1_001);
  assert.ok(isOver);
  await assertFailed(early, ErrorCode.expired);
  network.missing.clear();
  await network.clock.advance(2_500);
  await assertFailed(never, ErrorCode.expired);
  await late;
  const [packet] = network.last.got(PacketType.publish);
  assert.deepEqual(packet.properties, { contentType: 'x', messageExpiryInterval: 7 });
});

test('what was in flight is sent again when its time is over, with a last second', async t => {
  const network = new ScriptedNetwork();
  network.script = answering();
  const client = network.client(t, { session: { expiryMs: 60_000 } });
  await network.clock.settle();
  const results = [2_000, 500].map(expiryMs =>
    outcome(client.publish('t', 'x', { qos: 1, expiryMs })),
  );
  await network.drop();
  network.script = answering({ sessionPresent: true });
  await network.clock.advance(1_000);
  const lifetimes = (): unknown[] =>
    network.last
      .got(PacketType.publish)
      .map(({ dup, properties }) => [dup, properties?.messageExpiryInterval]);
  assert.deepEqual(lifetimes(), [
    [true, 1],
    [true, 1],
  ]);
  await network.drop();
  // as new messages they are too late
  network.script = welcoming();
  await network.clock.advance(2_000);
  for (const error of (await Promise.all(results)) as PublishError[]) {
    assert.deepEqual([error.code, error.delivered], [ErrorCode.expired, 'maybe']);
  }
  assert.deepEqual(lifetimes(), []);
  assert.deepEqual([client.stats.inFlight, client.stats.queuedBytes], [0, 0]);
});

test('withdrawn messages leave nothing behind', async t => {
  const network = new ScriptedNetwork();
  network.missing.add('a');
  const client = network.client(t);
  const controller = new AbortController();
  const results: Promise<unknown>[] = [];
  for (let count = 0; count < 1_000; count += 1) {
    const signal = count % 10 === 0 ? undefined : controller.signal;
    results.push(outcome(client.publish('t', `${count}`, { qos: 1, signal })));
  }
  controller.abort();
  assert.equal(client.stats.queued, 100);
  network.missing.clear();
  await network.clock.advance(1_000);
  await Promise.all(results);
  const expected = Array.from({ length: 100 }, (_, at) => `${at * 10}`);
  assert.deepEqual(texts(network.last), expected);
});
