import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType, type QoS } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import { ErrorCode } from '../errors.ts';
import { expectEnd, expectEnded } from '../testing/expect-end.ts';
import { accepting, meet, outcome, publish } from '../testing/scripted-server.ts';

const versions = [3, 4, 5] as const;

test('[MQTT-3.3.1-2] [MQTT-4.3.1-1] QoS 0 goes once, with QoS 0 and DUP 0', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    const sent = client.publish('t', 'x');
    await clock.advance(86_400_000);
    await sent;
    assert.equal(server.got(PacketType.publish).length, 1);
    assert.equal(server.framesOf(PacketType.publish)[0][0], 0x30);
  }
});

test('[MQTT-3.3.1-2] DUP with QoS 0 ends it', async t => {
  await expectEnd(t, bytes`38 05 00 01 74 00 78`, 0x81);
  await expectEnd(t, bytes`38 04 00 01 74 78`, 0x81, { protocolVersion: 4 });
});

test('[MQTT-3.3.1-4] QoS 3 is neither sent nor received', async t => {
  const { client, server } = await meet(t);
  await assert.rejects(client.publish('t', '', { qos: 3 as QoS }), RangeError);
  assert.equal(server.received.length, 1);
  for (const protocolVersion of versions) {
    await expectEnd(t, bytes`36 06 00 01 74 00 01 00`, 0x81, { protocolVersion });
  }
});

test('[MQTT-3.3.2-1] the topic name comes first, as UTF-8', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    const sent = client.publish('tür/🚪', 'x', { qos: 1 });
    await clock.settle();
    await sent;
    const [frame] = server.framesOf(PacketType.publish);
    assert.equal(hex(frame.slice(2, 13)), hex(bytes`00 09 ${'tür/🚪'}`));
  }
});

test('[MQTT-3.3.2-2] [MQTT-4.7.0-1] topic names hold no wildcards, both ways', async t => {
  for (const protocolVersion of versions) {
    const { client } = await meet(t, { protocolVersion });
    for (const topic of ['a/+', '#', 'a+b', 'a/#/b']) {
      await assert.rejects(client.publish(topic, ''), RangeError);
    }
    await expectEnd(t, bytes`30 04 00 02 ${'t+'}`, 0x90, { protocolVersion });
    await expectEnd(t, bytes`30 03 00 01 ${'#'}`, 0x90, { protocolVersion });
  }
});

test('[MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3] bounds of topic names', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    for (const topic of ['', 'a\u0000', 'x'.repeat(65_536), 'ü'.repeat(32_768)]) {
      await assert.rejects(client.publish(topic, ''), RangeError);
    }
    const longest = client.publish('x'.repeat(65_535), '');
    await clock.settle();
    await longest;
    assert.equal(server.got(PacketType.publish).length, 1);
  }
  await expectEnd(t, bytes`30 02 00 00`, 0x90, { protocolVersion: 4 });
  await expectEnd(t, bytes`30 03 00 00 00`, 0x82);
});

test('[MQTT-3.3.2-10] takes every alias up to the maximum it announced, and no other', async t => {
  const aliased = (topic: string, topicAlias: number) =>
    publish({ topic, properties: { topicAlias } });
  const options = { topicAliases: { inboundMaximum: 3 } };
  const { client, server, clock } = await meet(t, options);
  assert.equal(server.got(PacketType.connect)[0].properties?.topicAliasMaximum, 3);
  const topics: string[] = [];
  client.on('unhandled', ({ topic }) => topics.push(topic));
  for (const alias of [1, 2, 3]) server.send(aliased(`t/${alias}`, alias), aliased('', alias));
  server.send(aliased('new', 2), aliased('', 2));
  await clock.settle();
  assert.deepEqual(topics, ['t/1', 't/1', 't/2', 't/2', 't/3', 't/3', 'new', 'new']);

  for (const [packet, reasonCode] of [
    [aliased('t', 4), 0x94],
    [aliased('', 4), 0x94],
    [aliased('', 1), 0x82],
  ] as const) {
    const meeting = await meet(t, options);
    meeting.server.send(packet);
    await expectEnded(meeting, reasonCode);
  }
});

test('[MQTT-3.3.2-8] an alias that was never allowed, or 0, ends it', async t => {
  const { server } = await meet(t);
  const { properties } = server.got(PacketType.connect)[0];
  assert.equal(properties?.topicAliasMaximum, undefined);
  await expectEnd(t, bytes`30 07 00 01 74 03 23 00 01`, 0x94);
  await expectEnd(t, bytes`30 06 00 00 03 23 00 01`, 0x94);
  const options = { topicAliases: { inboundMaximum: 3 } };
  await expectEnd(t, bytes`30 07 00 01 74 03 23 00 00`, 0x94, options);
});

test('[MQTT-3.3.2-13] [MQTT-3.3.2-14] a response topic is a topic name, both ways', async t => {
  const { client, server, clock } = await meet(t);
  for (const responseTopic of ['a/+', '#', '\ud800', 'a\u0000']) {
    await assert.rejects(client.publish('t', '', { responseTopic }), RangeError);
  }
  const sent = client.publish('t', '', { responseTopic: 'ü' });
  await clock.settle();
  await sent;
  const [frame] = server.framesOf(PacketType.publish);
  assert.equal(hex(frame.slice(5)), hex(bytes`05 08 00 02 ${'ü'}`));
  await expectEnd(t, bytes`30 08 00 01 74 04 08 00 01 ${'#'}`, 0x82);
  await expectEnd(t, bytes`30 08 00 01 74 04 08 00 01 ff`, 0x81);
});

test('[MQTT-3.3.2-19] a content type is a UTF-8 string, both ways', async t => {
  const { client, server, clock } = await meet(t);
  await assert.rejects(client.publish('t', '', { contentType: '\ud800' }), RangeError);
  const sent = client.publish('t', '', { contentType: 'ü' });
  await clock.settle();
  await sent;
  const [frame] = server.framesOf(PacketType.publish);
  assert.equal(hex(frame.slice(5)), hex(bytes`05 03 00 02 ${'ü'}`));
  await expectEnd(t, bytes`30 08 00 01 74 04 03 00 01 ff`, 0x81);
});

test('[MQTT-3.3.4-6] sends no subscription identifier, whatever it is given', async t => {
  const { client, server, clock } = await meet(t);
  const init = { subscriptionIdentifiers: [1], subscriptionIds: [1], topicAlias: 1 };
  const sent = client.publish('t', '', init as object);
  await clock.settle();
  await sent;
  assert.equal(hex(server.framesOf(PacketType.publish)[0]), '30 04 00 01 74 00');
});

test('[MQTT-3.3.4-7] [MQTT-4.9.0-1] [MQTT-4.9.0-2] keeps to the Receive Maximum', async t => {
  const { client, server, clock } = await meet(t, {}, accepting({ receiveMaximum: 3 }));
  for (let count = 0; count < 10; count += 1) {
    void outcome(client.publish('t', '', { qos: count % 2 === 0 ? 1 : 2 }));
  }
  await clock.settle();
  const sent = (): number => server.got(PacketType.publish).length;
  assert.equal(sent(), 3);
  server.send({ type: PacketType.puback, packetId: 1, reasonCode: 0 });
  await clock.settle();
  assert.equal(sent(), 4);
  // PUBREC gives nothing back, unless it refuses
  server.send({ type: PacketType.pubrec, packetId: 2, reasonCode: 0 });
  await clock.settle();
  assert.equal(sent(), 4);
  server.send({ type: PacketType.pubcomp, packetId: 2, reasonCode: 0 });
  server.send({ type: PacketType.pubrec, packetId: 4, reasonCode: 0x97 });
  await clock.settle();
  assert.equal(sent(), 6);
  // what answers nothing gives nothing
  for (const type of [PacketType.puback, PacketType.pubcomp] as const) {
    server.send({ type, packetId: 99, reasonCode: 0 });
  }
  await clock.settle();
  assert.equal(sent(), 6);
});

test('[MQTT-3.3.4-8] [MQTT-4.9.0-3] a full window holds up nothing else', async t => {
  const { client, server, clock } = await meet(
    t,
    { keepAliveMs: 10_000 },
    accepting({ receiveMaximum: 1 }),
  );
  void outcome(client.publish('t', '1', { qos: 1 }));
  void outcome(client.publish('t', '2', { qos: 1 }));
  void outcome(client.publish('t', 'free'));
  void outcome(client.subscribe('t'));
  void outcome(client.unsubscribe('t'));
  server.send(publish({ qos: 1, packetId: 7 }), publish({ qos: 2, packetId: 8 }));
  await clock.settle();
  server.send({ type: PacketType.pubrel, packetId: 8, reasonCode: 0 });
  await clock.advance(10_000);
  const { publish: published, subscribe, unsubscribe, puback, pubrec, pubcomp } = PacketType;
  assert.deepEqual(
    server.received.slice(1).map(packet => packet.type),
    [published, published, subscribe, unsubscribe, puback, pubrec, pubcomp, PacketType.pingreq],
  );
});

test('what is published is refused at once where it cannot be said', async t => {
  const { client } = await meet(t, { protocolVersion: 4 });
  for (const init of [{ contentType: 'x' }, { expiryMs: 1 }, { userProperties: [] }]) {
    await assert.rejects(client.publish('t', '', init), { code: ErrorCode.notSupported });
  }
});
