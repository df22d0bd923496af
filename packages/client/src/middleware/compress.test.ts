import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { PacketType, type PublishPacket, ReasonCode } from '@godwit/protocol';
import { systemClock } from '@godwit/runtime';
import { ErrorCode, type PublishError } from '../errors.ts';
import type { ClientOptions } from '../options.ts';
import { meet, outcome, publish } from '../testing/scripted-server.ts';
import { encodings, webCoder } from './coder.ts';
import { compress } from './compress.ts';
import type { Middleware } from './middleware.ts';

const long = 'größe '.repeat(1_000);
const utf8 = new TextEncoder();

/** What a client of these options sends for these payloads. */
async function sent(
  t: Parameters<typeof meet>[0],
  options: ClientOptions,
  payloads: readonly string[],
): Promise<PublishPacket[]> {
  const { client, server, clock } = await meet(t, options);
  const init = { qos: 1, payloadFormatIndicator: options.protocolVersion ? undefined : 1 } as const;
  const publishing = payloads.map(payload => client.publish('t', payload, init));
  // the work is done by other threads, in real time
  const closed = client.close({ drain: true });
  while (server.got(PacketType.disconnect).length === 0) {
    await clock.settle();
    await turn();
  }
  await Promise.all(publishing);
  await closed;
  return server.got(PacketType.publish);
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise(resolve => systemClock.defer(resolve));
}

for (const encoding of encodings) {
  test(`${encoding}: there and back, in order, with what is not compressed between`, async t => {
    const out = compress({ encoding });
    const payloads = [long, 'short', `${long}2`, 'x'];
    const packets = await sent(t, { use: [out] }, payloads);
    assert.equal(out.compressed, 2);
    assert.ok(packets[0].payload.length < 500);
    assert.deepEqual(packets[0].properties?.userProperties, [
      ['content-encoding', encoding],
      ['content-format', 'utf-8'],
    ]);
    assert.equal(packets[0].properties?.payloadFormatIndicator, undefined);
    assert.deepEqual(packets[1].properties?.userProperties, undefined);

    const incoming = compress();
    const { client, server, clock } = await meet(t, { use: [incoming] });
    const subscribing = client.subscribe('t', { qos: 1 });
    await clock.settle();
    const subscription = await subscribing;
    server.send(...packets.map((packet, at) => ({ ...packet, packetId: at + 1 })));
    await clock.settle();
    const seen: string[] = [];
    for await (const message of subscription) {
      seen.push(message.text());
      assert.equal(message.payloadFormatIndicator, 1);
      assert.deepEqual(message.userProperties, []);
      if (seen.length === payloads.length) break;
    }
    assert.deepEqual(seen, payloads);
    assert.equal(incoming.expanded, 2);
  });
}

test('what expands too far, or is damaged, is refused, and what is unknown left alone', async t => {
  const use = [compress({ expandedBytesMax: 10_000 })];
  const { client, server, clock } = await meet(t, { use });
  const subscribing = client.subscribe('t', { qos: 1 });
  await clock.settle();
  const subscription = await subscribing;
  const bomb = new Uint8Array(gzipSync(new Uint8Array(1_000_000)));
  const payloads = [bomb, utf8.encode('no gzip'), bomb];
  for (const [at, payload] of payloads.entries()) {
    const userProperties = [['content-encoding', at === 2 ? 'br' : 'gzip'] as const];
    const properties = { userProperties };
    server.send(publish({ topic: 't', payload, qos: 1, packetId: at + 1, properties }));
  }
  await clock.settle();
  const messages = subscription[Symbol.asyncIterator]();
  const { value } = await messages.next();
  assert.deepEqual(value?.payload, bomb);
  value?.ack();
  await clock.settle();
  const { payloadFormatInvalid } = ReasonCode;
  assert.deepEqual(
    server.got(PacketType.puback).map(({ reasonCode }) => reasonCode),
    [payloadFormatInvalid, payloadFormatInvalid, 0],
  );
  assert.equal(use[0].invalid, 2);
});

test('3.x cannot say so: nothing is compressed', async t => {
  const [packet] = await sent(t, { use: [compress()], protocolVersion: 4 }, [long]);
  assert.equal(packet.payload.length, utf8.encode(long).length);
});

test('what is under way is bounded', async t => {
  const { client } = await meet(t, { use: [compress({ pendingBytesMax: 1 })] });
  const first = outcome(client.publish('t', long, { signal: AbortSignal.abort() }));
  const error = (await outcome(client.publish('t', long))) as PublishError;
  assert.equal(error.code, ErrorCode.queueFull);
  assert.equal(error.delivered, 'no');
  assert.equal(((await first) as PublishError).code, ErrorCode.aborted);
  assert.throws(() => compress({ encoding: 'br' as 'gzip' }), RangeError);
  assert.throws(() => compress({ thresholdBytes: 0 }), RangeError);
});

test('the streams of the web do the same', async () => {
  for (const encoding of ['gzip', 'deflate'] as const) {
    const coder = webCoder(encoding)!;
    const small = await coder.compress(utf8.encode(long));
    assert.deepEqual(await coder.expand(small, 10_000), utf8.encode(long));
    await assert.rejects(coder.expand(small, 6_000), RangeError);
    await assert.rejects(coder.expand(utf8.encode('none'), 6_000));
  }
  assert.equal(webCoder('zstd'), undefined);
});

test('the first step is the outermost, both ways; one that throws costs its message', async t => {
  const seen: string[] = [];
  const step = (name: string): Middleware => ({
    publish(message, next) {
      seen.push(`${name} out`);
      return next({ ...message, topic: `${message.topic}/${name}` });
    },
    receive(message, next) {
      seen.push(`${name} in`);
      if (message.topic === 'bad') message.finish(ReasonCode.notAuthorized);
      message.onDone(reasonCode => seen.push(`${name} done ${reasonCode}`));
      next();
    },
  });
  const { client, server, clock } = await meet(t, { use: [step('a'), step('b')] });
  const published = client.publish('t', '');
  await clock.settle();
  await published;
  assert.equal(server.got(PacketType.publish)[0].topic, 't/a/b');
  client.on('unhandled', message => message.nack(ReasonCode.quotaExceeded));
  server.send(
    publish({ topic: 'x', qos: 1, packetId: 1 }),
    publish({ topic: 'bad', qos: 2, packetId: 2 }),
  );
  await clock.settle();
  const done = ReasonCode.quotaExceeded;
  const both = ['a out', 'b out', 'b in', 'a in', `b done ${done}`, `a done ${done}`];
  assert.deepEqual(seen.slice(0, 6), both);
  assert.equal(server.got(PacketType.puback)[0].reasonCode, done);
  assert.equal(server.got(PacketType.pubrec)[0].reasonCode, ReasonCode.notAuthorized);
});
