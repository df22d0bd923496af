import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import { ErrorCode } from '../errors.ts';
import { expectEnded } from '../testing/expect-end.ts';
import { accepting, meet, outcome } from '../testing/scripted-server.ts';

const versions = [3, 4, 5] as const;

test('[MQTT-3.8.1-1] [MQTT-3.8.3-1] [MQTT-3.8.3-2] SUBSCRIBE, byte by byte', async t => {
  for (const [protocolVersion, expected] of [
    [4, bytes`82 0d 00 01 00 02 ${'ü'} 01 00 03 ${'b/#'} 01`],
    [5, bytes`82 0e 00 01 00 00 02 ${'ü'} 01 00 03 ${'b/#'} 01`],
  ] as const) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    const subscribing = client.subscribe(['ü', 'b/#'], { qos: 1 });
    await clock.settle();
    await subscribing;
    assert.equal(hex(server.framesOf(PacketType.subscribe)[0]), hex(expected));
  }
});

test('[MQTT-3.10.1-1] [MQTT-3.10.3-1] [MQTT-3.10.3-2] UNSUBSCRIBE, byte by byte', async t => {
  for (const [protocolVersion, expected] of [
    [4, bytes`a2 0b 00 01 00 02 ${'ü'} 00 03 ${'b/#'}`],
    [5, bytes`a2 0c 00 01 00 00 02 ${'ü'} 00 03 ${'b/#'}`],
  ] as const) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    const unsubscribing = client.unsubscribe(['ü', 'b/#']);
    await clock.settle();
    await unsubscribing;
    assert.equal(hex(server.framesOf(PacketType.unsubscribe)[0]), hex(expected));
  }
});

test('[MQTT-3.8.3-2] [MQTT-3.10.3-2] no request without a filter', async t => {
  for (const protocolVersion of versions) {
    const { client, server } = await meet(t, { protocolVersion });
    await assert.rejects(client.subscribe([]), RangeError);
    await assert.rejects(client.unsubscribe([]), RangeError);
    assert.equal(server.received.length, 1);
  }
});

test('[MQTT-4.7.1-1] [MQTT-4.7.1-2] wildcards stand where they may, and only there', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    const wrong = ['a#', 'a/#/b', '#/', '##', 'a+', '+a', 'a/+b/c', '++', 'a/b#'];
    for (const filter of wrong) {
      await assert.rejects(client.subscribe(filter), RangeError);
      await assert.rejects(client.unsubscribe(filter), RangeError);
    }
    assert.equal(server.received.length, 1);
    const right = ['#', 'a/#', '/#', '+', '+/+', '/+', 'a/+/b', '+/a/#', '$SYS/#', ' /b'];
    const subscribing = client.subscribe(right);
    await clock.settle();
    assert.equal((await subscribing).granted.size, right.length);
  }
});

test('[MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3] bounds of topic filters', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    for (const filter of ['', 'a\u0000', '\udfff', 'x'.repeat(65_536), 'ü'.repeat(32_768)]) {
      await assert.rejects(client.subscribe(filter), RangeError);
      await assert.rejects(client.unsubscribe(filter), RangeError);
    }
    // the whole of a shared filter counts
    await assert.rejects(client.subscribe('x'.repeat(65_535), { share: 'g' }), RangeError);
    assert.equal(server.received.length, 1);
    const longest = client.subscribe('x'.repeat(65_535));
    await clock.settle();
    await longest;
  }
});

test('[MQTT-4.8.2-1] [MQTT-4.8.2-2] a share name is one level without wildcards', async t => {
  const { client, server, clock } = await meet(t);
  for (const share of ['', '/', 'a/b', 'a/', '/a', '+', 'a#', '#', 'a\u0000', '\ud800']) {
    await assert.rejects(client.subscribe('t', { share }), RangeError);
  }
  for (const filter of ['$share//t', '$share/g', '$share/g/', '$share/+/t', '$share/g#/t']) {
    await assert.rejects(client.subscribe(filter), RangeError);
  }
  await assert.rejects(client.subscribe('', { share: 'g' }), RangeError);
  assert.equal(server.received.length, 1);
  const subscribing = client.subscribe('/t/#', { share: 'g' });
  await clock.settle();
  await subscribing;
  const [{ subscriptions }] = server.got(PacketType.subscribe);
  assert.equal(subscriptions[0].filter, '$share/g//t/#');
});

test('[MQTT-3.8.3-4] No Local is not asked for with a shared subscription', async t => {
  const { client, server } = await meet(t);
  await assert.rejects(client.subscribe('t', { share: 'g', noLocal: true }), RangeError);
  await assert.rejects(client.subscribe('$share/g/t', { noLocal: true }), RangeError);
  await assert.rejects(client.subscribe(['t', '$share/g/t'], { noLocal: true }), RangeError);
  assert.equal(server.received.length, 1);
});

test('an answer that does not fit the request ends it', async t => {
  for (const [what, protocolVersion, request, answer, reasonCode] of [
    ['too few codes', 5, 'subscribe', bytes`90 04 00 01 00 00`, 0x82],
    ['too many codes', 5, 'subscribe', bytes`90 06 00 01 00 00 00 00`, 0x82],
    ['no codes', 5, 'subscribe', bytes`90 03 00 01 00`, 0x81],
    ['an unknown code', 5, 'subscribe', bytes`90 05 00 01 00 00 03`, 0x81],
    ['another identifier', 5, 'subscribe', bytes`90 05 00 02 00 00 00`, 0x82],
    ['another answer', 5, 'subscribe', bytes`b0 05 00 01 00 00 00`, 0x82],
    ['too few codes', 5, 'unsubscribe', bytes`b0 04 00 01 00 00`, 0x82],
    ['no codes', 5, 'unsubscribe', bytes`b0 03 00 01 00`, 0x81],
    ['an unknown code', 5, 'unsubscribe', bytes`b0 05 00 01 00 00 01`, 0x81],
    ['another answer', 5, 'unsubscribe', bytes`90 05 00 01 00 00 00`, 0x82],
    ['too few codes', 4, 'subscribe', bytes`90 03 00 01 00`, 0x82],
    ['an unknown code', 4, 'subscribe', bytes`90 04 00 01 00 03`, 0x81],
    ['codes in 3.1.1', 4, 'unsubscribe', bytes`b0 04 00 01 00 00`, 0x81],
  ] as const) {
    await t.test(`${what} to ${request} in version ${protocolVersion}`, async t => {
      const meeting = await meet(t, { protocolVersion }, accepting());
      const failing = outcome(meeting.client[request](['a', 'b']));
      await meeting.clock.settle();
      meeting.server.sendBytes(answer);
      await expectEnded(meeting, reasonCode, protocolVersion);
      assert.equal(((await failing) as { code: string }).code, ErrorCode.protocolError);
    });
  }
});

test('a second answer to one request ends it', async t => {
  const meeting = await meet(t);
  const subscribing = meeting.client.subscribe('a');
  await meeting.clock.settle();
  await subscribing;
  meeting.server.send({ type: PacketType.suback, packetId: 1, reasonCodes: [0] });
  await expectEnded(meeting, 0x82);
});
