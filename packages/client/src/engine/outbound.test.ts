import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import type { Client } from '../client.ts';
import { createClient } from '../connect.ts';
import { ErrorCode, PublishError } from '../errors.ts';
import { accepting, meet, outcome, stage } from '../testing/scripted-server.ts';

function ack(type: number, packetId: number, reasonCode: number = 0): Packet {
  return { type, packetId, reasonCode } as Packet;
}

function assertNotSent(error: unknown, code: string): void {
  assert.ok(error instanceof PublishError);
  assert.equal(error.code, code);
  assert.equal(error.delivered, 'no');
}

for (const protocolVersion of [3, 4, 5] as const) {
  test(`version ${protocolVersion}: each QoS is carried through`, async t => {
    const meeting = await meet(t, { protocolVersion });
    const { client, server, clock } = meeting;
    const results = ([0, 1, 2] as const).map(qos => client.publish('t', `qos ${qos}`, { qos }));
    await clock.settle();
    for (const result of await Promise.all(results)) assert.equal(result.reasonCode, 0);
    const published = server.got(PacketType.publish);
    assert.deepEqual(
      published.map(({ qos, packetId, dup }) => [qos, packetId, dup]),
      [
        [0, 0, false],
        [1, 1, false],
        [2, 2, false],
      ],
    );
    assert.equal(server.got(PacketType.pubrel)[0].packetId, 2);
    assert.deepEqual(client.stats, {
      queued: 0,
      queuedBytes: 0,
      inFlight: 0,
      unackedInbound: 0,
      droppedQoS0: 0,
      droppedUnread: 0,
      undelivered: 0,
      lateResponses: 0,
      reconnects: 0,
    });
  });
}

test('all properties of a message are sent', async t => {
  const meeting = await meet(t);
  const done = meeting.client.publish('t', new Uint8Array(0), {
    retain: true,
    payloadFormatIndicator: 1,
    expiryMs: 1_001,
    contentType: 'text/plain',
    responseTopic: 'answers',
    correlationData: Uint8Array.of(1, 2),
    userProperties: [
      ['a', '1'],
      ['a', '2'],
    ],
  });
  await meeting.clock.settle();
  await done;
  const [packet] = meeting.server.got(PacketType.publish);
  assert.equal(packet.retain, true);
  assert.equal(packet.payload.length, 0);
  assert.deepEqual(packet.properties, {
    payloadFormatIndicator: 1,
    messageExpiryInterval: 2,
    contentType: 'text/plain',
    responseTopic: 'answers',
    correlationData: Uint8Array.of(1, 2),
    userProperties: [
      ['a', '1'],
      ['a', '2'],
    ],
  });
});

test('the Receive Maximum of the server is kept, and QoS 0 does not wait for it', async t => {
  const meeting = await meet(t, {}, accepting({ receiveMaximum: 2 }));
  const { client, server, clock } = meeting;
  const results = ['1', '2', '3'].map(text => outcome(client.publish('t', text, { qos: 1 })));
  const free = client.publish('t', 'free');
  await clock.settle();
  await free;
  const texts = (): string[] =>
    server.got(PacketType.publish).map(packet => new TextDecoder().decode(packet.payload));
  assert.deepEqual(texts(), ['1', '2', 'free']);
  assert.equal(client.stats.queued, 1);
  assert.equal(client.stats.inFlight, 2);
  server.send(ack(PacketType.puback, 2));
  await clock.settle();
  assert.deepEqual(texts(), ['1', '2', 'free', '3']);
  assert.equal(server.got(PacketType.publish)[3].packetId, 3);
  assert.deepEqual(await results[1], {
    reasonCode: 0,
    reasonString: undefined,
    userProperties: undefined,
  });
});

test('QoS 2 keeps its place in the window until PUBCOMP', async t => {
  const meeting = await meet(t, {}, accepting({ receiveMaximum: 1 }));
  const { client, server, clock } = meeting;
  const first = outcome(client.publish('t', '1', { qos: 2 }));
  void outcome(client.publish('t', '2', { qos: 2 }));
  await clock.settle();
  server.send(ack(PacketType.pubrec, 1));
  await clock.settle();
  assert.equal(server.got(PacketType.pubrel).length, 1);
  assert.equal(server.got(PacketType.publish).length, 1);
  server.send(ack(PacketType.pubcomp, 1));
  await clock.settle();
  assert.equal(server.got(PacketType.publish).length, 2);
  await first;
});

test('QoS 2 resolves with what PUBREC said, once PUBCOMP confirms it', async t => {
  const { client, server, clock } = await meet(t, {}, accepting());
  const result = outcome(client.publish('t', 'x', { qos: 2 }));
  await clock.settle();
  const reasonCode = ReasonCode.noMatchingSubscribers;
  const properties = { reasonString: 'nobody' };
  server.send({ type: PacketType.pubrec, packetId: 1, reasonCode, properties });
  await clock.settle();
  server.send(ack(PacketType.pubcomp, 1));
  await clock.settle();
  assert.deepEqual(await result, {
    reasonCode,
    reasonString: 'nobody',
    userProperties: undefined,
  });
});

test('a refused message fails with the reason, and its identifier is free', async t => {
  const meeting = await meet(t, {}, accepting({ receiveMaximum: 1 }));
  const { client, server, clock } = meeting;
  for (const [qos, type] of [
    [1, PacketType.puback],
    [2, PacketType.pubrec],
  ] as const) {
    const result = outcome(client.publish('t', 'x', { qos }));
    await clock.settle();
    const { packetId } = server.got(PacketType.publish).at(-1)!;
    server.send({
      type,
      packetId,
      reasonCode: ReasonCode.quotaExceeded,
      properties: { reasonString: 'full' },
    });
    await clock.settle();
    const error = await result;
    assertNotSent(error, ErrorCode.publishRefused);
    assert.equal((error as PublishError).reasonCode, ReasonCode.quotaExceeded);
    assert.equal((error as PublishError).reasonString, 'full');
    assert.equal((error as PublishError).retryable, true);
    assert.equal(client.stats.inFlight, 0);
  }
  assert.equal(server.got(PacketType.pubrel).length, 0);
});

test('PUBREC of an unknown identifier is answered with 0x92, PUBACK and PUBCOMP pass', async t => {
  const meeting = await meet(t);
  const { client, server, clock } = meeting;
  server.send(ack(PacketType.puback, 9), ack(PacketType.pubcomp, 9), ack(PacketType.pubrec, 9));
  await clock.settle();
  assert.equal(client.state, 'connected');
  assert.deepEqual(server.got(PacketType.pubrel), [
    { type: PacketType.pubrel, packetId: 9, reasonCode: ReasonCode.packetIdentifierNotFound },
  ]);
});

test('an acknowledgement of another exchange is an error of protocol', async t => {
  const meeting = await meet(t, {}, accepting());
  const { client, server, clock } = meeting;
  const result = outcome(client.publish('t', 'x', { qos: 2 }));
  await clock.settle();
  server.send(ack(PacketType.puback, 1));
  await clock.settle();
  const error = (await result) as PublishError;
  assert.equal(error.code, ErrorCode.protocolError);
  assert.equal(error.delivered, 'maybe');
});

test('what the server does not offer is refused here', async t => {
  const properties = { maximumQoS: 0, retainAvailable: false, maximumPacketSize: 50 } as const;
  const meeting = await meet(t, {}, accepting(properties));
  const { client, server, clock } = meeting;
  assertNotSent(await outcome(client.publish('t', 'x', { qos: 1 })), ErrorCode.notSupported);
  assertNotSent(await outcome(client.publish('t', 'x', { retain: true })), ErrorCode.notSupported);
  const large = 'x'.repeat(50);
  assertNotSent(await outcome(client.publish('t', large)), ErrorCode.packetTooLarge);
  const fits = client.publish('t', 'x'.repeat(44));
  await clock.settle();
  await fits;
  assert.equal(server.got(PacketType.publish).length, 1);
  assert.equal(client.stats.queuedBytes, 0);
});

test('what cannot be encoded is refused, and what 3.x does not have', async t => {
  const meeting = await meet(t, { protocolVersion: 4 });
  const { client } = meeting;
  await assert.rejects(client.publish('a/#', 'x'), RangeError);
  await assert.rejects(client.publish('', 'x'), RangeError);
  await assert.rejects(client.publish('t', 'x', { qos: 3 as 2 }), RangeError);
  await assert.rejects(client.publish('t', 'x', { contentType: 'y' }), {
    code: ErrorCode.notSupported,
  });
});

test('messages queued before CONNACK go out in order, within its limits', async () => {
  const { clock, server, options } = stage(5, accepting({ maximumPacketSize: 40 }));
  const client: Client = createClient('memory://server', options);
  assert.equal(client.state, 'connecting');
  const sent = [
    client.publish('t', 'first', { qos: 0 }),
    outcome(client.publish('t', 'x'.repeat(40), { qos: 1 })),
    outcome(client.publish('t', 'third', { qos: 1 })),
  ];
  assert.equal(client.stats.queued, 3);
  await clock.settle();
  assert.equal(client.state, 'connected');
  await sent[0];
  assertNotSent(await sent[1], ErrorCode.packetTooLarge);
  assert.deepEqual(
    server.got(PacketType.publish).map(({ packetId, payload }) => [packetId, payload.length]),
    [
      [0, 5],
      [2, 5],
    ],
  );
  const closed = client.close();
  await clock.settle();
  await closed;
  assertNotSent(await outcome(client.publish('t', 'late')), ErrorCode.closed);
});

test('a call that ends early says whether the message may have gone', async t => {
  const meeting = await meet(t, {}, accepting({ receiveMaximum: 1 }));
  const { client, server, clock } = meeting;
  const controller = new AbortController();
  const { signal } = controller;
  const sent = outcome(client.publish('t', '1', { qos: 1, signal }));
  const queued = outcome(client.publish('t', '2', { qos: 1, signal }));
  const timed = outcome(client.publish('t', '3', { qos: 1, timeoutMs: 10 }));
  await clock.settle();
  controller.abort();
  assert.equal(((await sent) as PublishError).delivered, 'maybe');
  assertNotSent(await queued, ErrorCode.aborted);
  assertNotSent(await outcome(client.publish('t', '4', { signal })), ErrorCode.aborted);
  await clock.advance(10);
  assertNotSent(await timed, ErrorCode.timeout);
  // the identifier stays taken until the server has answered
  assert.equal(client.stats.inFlight, 1);
  server.send(ack(PacketType.puback, 1));
  await clock.settle();
  assert.equal(client.stats.inFlight, 0);
  assert.equal(client.stats.queued, 0);
  assert.equal(server.got(PacketType.publish).length, 1);
});

test('when the connection breaks, what was sent may have arrived, the rest has not', async t => {
  const meeting = await meet(t, {}, accepting({ receiveMaximum: 1 }));
  const { client, server, clock } = meeting;
  const sent = outcome(client.publish('t', '1', { qos: 1 }));
  const queued = outcome(client.publish('t', '2', { qos: 1 }));
  await clock.settle();
  server.destroy();
  await clock.settle();
  const error = (await sent) as PublishError;
  assert.equal(error.code, ErrorCode.connectionLost);
  assert.equal(error.delivered, 'maybe');
  assertNotSent(await queued, ErrorCode.connectionLost);
});

test('a full queue refuses', async t => {
  const meeting = await meet(t, { queue: { messagesMax: 2, bytesMax: 10 } }, accepting());
  const { client } = meeting;
  void outcome(client.publish('t', 'x', { qos: 1 }));
  assertNotSent(await outcome(client.publish('t', '123456789', { qos: 1 })), ErrorCode.queueFull);
  void outcome(client.publish('t', 'y', { qos: 1 }));
  assertNotSent(await outcome(client.publish('t', 'z', { qos: 1 })), ErrorCode.queueFull);
});
