import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { ErrorCode, type MqttError } from '../errors.ts';
import { accepting, meet, outcome, publish } from '../testing/scripted-server.ts';
import { RequestError, ResponseError } from './request-error.ts';

const utf8 = new TextEncoder();

function answer(request: Packet, text: string, at = 0, userProperties: [string, string][] = []) {
  assert.ok(request.type === PacketType.publish);
  const { responseTopic, correlationData } = request.properties!;
  return publish({
    topic: responseTopic!,
    payload: utf8.encode(text),
    qos: 1,
    packetId: at + 1,
    properties: { correlationData, userProperties },
  });
}

test('answers find their requests, over one subscription', async t => {
  const { client, server, clock } = await meet(t);
  const both = [client.request('sum', '1+1'), client.request('sum', '2+2', { qos: 2 })];
  await clock.settle();
  const requests = server.got(PacketType.publish);
  const subscribes = server.got(PacketType.subscribe);
  assert.equal(subscribes.length, 1);
  assert.match(subscribes[0].subscriptions[0].filter, /^response\/[0-9a-f]{32}$/);
  assert.deepEqual(
    requests.map(({ qos }) => qos),
    [1, 2],
  );
  assert.equal(requests[0].properties?.messageExpiryInterval, 30);
  server.send(
    answer(requests[1], '4', 1),
    answer(requests[0], '2', 0),
    answer(requests[0], '3', 2),
  );
  await clock.settle();
  assert.deepEqual(
    (await Promise.all(both)).map(message => message.text()),
    ['2', '4'],
  );
  assert.equal(client.stats.lateResponses, 1);
  assert.equal(server.got(PacketType.puback).length, 3);
});

test('a request ends: in time, aborted, refused, unheard, failed or one too many', async t => {
  const { client, server, clock } = await meet(t, { requests: { outstandingMax: 2 } });
  const late = outcome(client.request('t', '', { timeoutMs: 1_000 }));
  const controller = new AbortController();
  const aborted = outcome(client.request('t', '', { signal: controller.signal }));
  await assert.rejects(client.request('t', ''), { code: ErrorCode.queueFull });
  await clock.settle();
  controller.abort();
  await clock.advance(1_000);
  assert.equal(((await late) as MqttError).code, ErrorCode.timeout);
  assert.equal(((await aborted) as MqttError).code, ErrorCode.aborted);
  server.send(answer(server.got(PacketType.publish)[0], 'too late'));
  await clock.settle();
  assert.equal(client.stats.lateResponses, 1);

  const failing = outcome(client.request('t', ''));
  await clock.settle();
  const [, , request] = server.got(PacketType.publish);
  server.send(answer(request, 'no such thing', 4, [['response-status', 'error']]));
  await clock.settle();
  const failed = await failing;
  assert.ok(failed instanceof RequestError);
  assert.equal(failed.message, 'no such thing');
  assert.equal(failed.code, ErrorCode.requestFailed);

  const { noMatchingSubscribers } = ReasonCode;
  server.script = packet =>
    packet.type === PacketType.publish
      ? [{ type: PacketType.puback, packetId: packet.packetId, reasonCode: noMatchingSubscribers }]
      : undefined;
  const unheard = outcome(client.request('t', ''));
  await clock.settle();
  assert.equal(((await unheard) as MqttError).code, ErrorCode.noResponder);
  await assert.rejects(client.request('t', '', { responseTopic: 'mine' }), TypeError);
  await assert.rejects(client.request('+', ''), RangeError);
});

test('the server may say where answers are to come', async t => {
  const options = { requests: { responseInformation: true } };
  const { client, server, clock } = await meet(
    t,
    options,
    accepting({ responseInformation: 'r/7/' }),
  );
  assert.equal(server.got(PacketType.connect)[0].properties?.requestResponseInformation, true);
  const waiting = outcome(client.request('t', ''));
  await clock.settle();
  assert.match(server.got(PacketType.subscribe)[0].subscriptions[0].filter, /^r\/7\/[0-9a-f]{32}$/);
  const closed = client.close();
  await clock.settle();
  await closed;
  assert.equal(((await waiting) as MqttError).code, ErrorCode.closed);
});

test('3.x knows no requests', async t => {
  const { client } = await meet(t, { protocolVersion: 4 });
  await assert.rejects(client.request('t', ''), { code: ErrorCode.notSupported });
});

test('respond() answers with what the function returns, or an error', async t => {
  const { client, server, clock } = await meet(t);
  const errors: unknown[] = [];
  const responding = client.respond(
    'sum/#',
    request => {
      if (request.text() === 'bad') throw new ResponseError('not a sum');
      if (request.text() === 'bug') throw new Error('a secret');
      return `${request.text()}!`;
    },
    { qos: 1, concurrency: 1, onError: error => errors.push((error as Error).message) },
  );
  await clock.settle();
  const responder = await responding;
  const correlationData = Uint8Array.of(1);
  for (const [at, text] of ['ok', 'bad', 'bug'].entries()) {
    server.send(
      publish({
        topic: 'sum/x',
        payload: utf8.encode(text),
        qos: 1,
        packetId: at + 1,
        properties: { responseTopic: 'back', correlationData, messageExpiryInterval: 9 },
      }),
    );
  }
  server.send(publish({ topic: 'sum/x' }));
  await clock.settle();
  const answers = server.got(PacketType.publish);
  assert.deepEqual(
    answers.map(({ payload }) => new TextDecoder().decode(payload)),
    ['ok!', 'not a sum', 'the responder failed'],
  );
  assert.deepEqual(answers[0].properties, { correlationData, messageExpiryInterval: 9 });
  assert.deepEqual(answers[1].properties?.userProperties, [['response-status', 'error']]);
  assert.deepEqual([responder.answered, responder.failed, responder.ignored], [1, 2, 1]);
  assert.deepEqual(errors, ['not a sum', 'a secret']);
  assert.equal(server.got(PacketType.puback).length, 3);
  const left = responder[Symbol.asyncDispose]();
  await clock.settle();
  await left;
  assert.equal(await responder.closed, undefined);
});
