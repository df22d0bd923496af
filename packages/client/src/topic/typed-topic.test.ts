import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType, ReasonCode } from '@godwit/protocol';
import * as v from 'valibot';
import { z } from 'zod';
import { json, text } from '../codec/codec.ts';
import { meet, publish } from '../testing/scripted-server.ts';
import { InvalidPayloadError } from './invalid-payload-error.ts';
import type { StandardSchema } from './standard-schema.ts';
import { topic } from './typed-topic.ts';

const utf8 = new TextEncoder();
const schemas = [
  ['zod', z.object({ celsius: z.number(), at: z.string().transform(at => new Date(at)) })],
  [
    'valibot',
    v.object({
      celsius: v.number(),
      at: v.pipe(
        v.string(),
        v.transform(at => new Date(at)),
      ),
    }),
  ],
] as const;
const instant = '2026-01-01T00:00:00.000Z';

for (const [name, schema] of schemas) {
  const reading = topic('site/{site}/device/{id}', {
    codec: json(),
    schema: schema as StandardSchema<
      { celsius: number; at: string },
      { celsius: number; at: Date }
    >,
    qos: 1,
  });

  test(`${name}: a value is checked, encoded and described`, async t => {
    const { client, server, clock } = await meet(t);
    const published = reading.publish(
      client,
      { site: 'north', id: '7' },
      { celsius: 21, at: instant },
    );
    await clock.settle();
    await published;
    const [packet] = server.got(PacketType.publish);
    assert.equal(packet.topic, 'site/north/device/7');
    assert.equal(packet.qos, 1);
    assert.equal(new TextDecoder().decode(packet.payload), `{"celsius":21,"at":"${instant}"}`);
    assert.deepEqual(packet.properties, {
      contentType: 'application/json',
      payloadFormatIndicator: 1,
    });
    const bad = { celsius: 'hot', at: instant } as unknown as { celsius: number; at: string };
    await assert.rejects(reading.publish(client, { site: 'north', id: '7' }, bad), error => {
      assert.ok(error instanceof InvalidPayloadError);
      assert.match(error.message, /^the payload of site\/north\/device\/7 is invalid: celsius: /);
      return true;
    });
    assert.equal(server.got(PacketType.publish).length, 1);
  });

  test(`${name}: what is not valid is refused and counted, the rest comes typed`, async t => {
    const { client, server, clock } = await meet(t);
    const subscribing = reading.subscribe(client, { site: 'north' });
    await clock.settle();
    const readings = await subscribing;
    assert.deepEqual(
      server.got(PacketType.subscribe)[0].subscriptions[0].filter,
      'site/north/device/+',
    );
    assert.deepEqual([...readings.granted], [['site/north/device/+', 1]]);
    const payloads = ['{', '{"celsius":"hot"}', `{"celsius":20,"at":"${instant}"}`, '\xff'];
    server.send(
      ...payloads.map((payload, at) =>
        publish({
          topic: `site/north/device/${at}`,
          payload: utf8.encode(payload),
          qos: 1,
          packetId: at + 1,
        }),
      ),
    );
    await clock.settle();
    for await (const { params, value, message } of readings) {
      assert.deepEqual(params, { site: 'north', id: '2' });
      assert.deepEqual(value, { celsius: 20, at: new Date(instant) });
      assert.equal(message.qos, 1);
      message.ack();
      break;
    }
    const reader = readings.toReadable().getReader();
    const read = reader.read();
    await clock.settle();
    assert.equal(readings.invalid, 3);
    assert.equal(readings.dropped, 0);
    const { payloadFormatInvalid } = ReasonCode;
    assert.deepEqual(
      server.got(PacketType.puback).map(({ reasonCode }) => reasonCode),
      [payloadFormatInvalid, payloadFormatInvalid, 0, payloadFormatInvalid],
    );
    await reader.cancel();
    assert.equal((await read).done, true);
  });
}

test('what is not valid may be skipped, and each() too sees the rest only', async t => {
  const count = topic('count', { codec: json<number>(), qos: 1 });
  const { client, server, clock } = await meet(t);
  const problems: string[] = [];
  const subscribing = count.subscribe(
    client,
    {},
    {
      onInvalid: error => {
        problems.push(error.message);
        return 'skip';
      },
    },
  );
  await clock.settle();
  const counts = await subscribing;
  const seen: number[] = [];
  const running = counts.each(({ value }) => void seen.push(value), { concurrency: 2 });
  for (const [at, payload] of ['1', 'x', '2'].entries()) {
    server.send(
      publish({ topic: 'count', payload: utf8.encode(payload), qos: 1, packetId: at + 1 }),
    );
  }
  await clock.settle();
  assert.deepEqual(seen, [1, 2]);
  assert.deepEqual(problems, ['the payload of count is invalid: it cannot be decoded']);
  assert.deepEqual(
    server.got(PacketType.puback).map(({ reasonCode }) => reasonCode),
    [0, 0, 0],
  );
  const left = counts.unsubscribe();
  await clock.settle();
  await left;
  await running;
});

test('to a server of 3.x nothing is described', async t => {
  const { client, server, clock } = await meet(t, { protocolVersion: 4 });
  const published = topic('t', { codec: text() }).publish(client, {}, 'x');
  await clock.settle();
  await published;
  assert.equal(server.got(PacketType.publish)[0].properties, undefined);
});

test('templates and parameters that make no topic are refused', async t => {
  for (const bad of [
    '',
    'a/{b',
    'a/b}',
    'a/{}',
    'x{a}',
    '{a}{b}',
    'a/+',
    '#',
    '{a}/{a}',
    '$share/g/t',
    'a\0',
  ]) {
    assert.throws(() => topic(bad, { codec: text() }), RangeError, JSON.stringify(bad));
  }
  const { client } = await meet(t);
  const loose = topic('a/{b}' as string, { codec: text() });
  for (const b of ['', 'x/y', '+', 'a#', 'a\0b']) {
    await assert.rejects(loose.publish(client, { b }, 'x'), RangeError);
    await assert.rejects(loose.subscribe(client, { b }), RangeError);
  }
  await assert.rejects(loose.publish(client, {}, 'x'), TypeError);
  await assert.rejects(loose.publish(client, { b: 'x', c: 'y' }, 'x'), TypeError);
  assert.equal(topic('{constructor}/x', { codec: text() }).filter(), '+/x');
});
