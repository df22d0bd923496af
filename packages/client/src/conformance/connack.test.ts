import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnackProperties, PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { createClient } from '../connect.ts';
import { ErrorCode } from '../errors.ts';
import { expectEnded } from '../testing/expect-end.ts';
import { accepting, meet, outcome, stage } from '../testing/scripted-server.ts';

const connackBytes = bytes`20 03 00 00 00`;

test('[MQTT-3.2.2-4] Session Present 1 unasked ends it, and the server is told', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const meeting = await meet(t, { protocolVersion }, () => []);
    meeting.server.sendBytes(protocolVersion === 5 ? bytes`20 03 01 00 00` : bytes`20 02 01 00`);
    await expectEnded(meeting, 0x82, protocolVersion);
  }
});

test('[MQTT-3.2.2-11] publishes nothing above the Maximum QoS', async () => {
  for (const [maximumQoS, highest] of [
    [0, 0],
    [1, 1],
    [undefined, 2],
  ] as const) {
    const { clock, server, options } = stage(5, accepting({ maximumQoS }));
    const client = createClient('memory://server', options);
    const early = ([0, 1, 2] as const).map(qos => outcome(client.publish('t', 'early', { qos })));
    await clock.settle();
    const late = ([0, 1, 2] as const).map(qos => outcome(client.publish('t', 'late', { qos })));
    await clock.settle();
    assert.ok(server.got(PacketType.publish).every(({ qos }) => qos <= highest));
    assert.equal(server.got(PacketType.publish).length, (highest + 1) * 2);
    server.destroy();
    await clock.settle();
    const refusals = (await Promise.all([...early, ...late])).filter(
      error => (error as { code?: string } | undefined)?.code === ErrorCode.notSupported,
    );
    assert.equal(refusals.length, (2 - highest) * 2);
  }
});

test('[MQTT-3.2.2-14] publishes nothing retained where that is not available', async t => {
  const { client, server, clock } = await meet(t, {}, accepting({ retainAvailable: false }));
  const refused = { code: ErrorCode.notSupported, delivered: 'no' };
  await assert.rejects(client.publish('t', '', { retain: true }), refused);
  const plain = client.publish('t', '');
  await clock.settle();
  await plain;
  assert.equal(server.got(PacketType.publish).length, 1);
});

test('[MQTT-3.2.2-15] sends no packet above the Maximum Packet Size', async t => {
  const { client, server, clock } = await meet(t, {}, accepting({ maximumPacketSize: 20 }));
  const tooLarge = { code: ErrorCode.packetTooLarge };
  for (const qos of [0, 1, 2] as const) {
    await assert.rejects(client.publish('t', 'x'.repeat(15), { qos }), tooLarge);
  }
  await assert.rejects(client.subscribe('x'.repeat(13)), tooLarge);
  await assert.rejects(client.unsubscribe('x'.repeat(14)), tooLarge);
  assert.equal(client.stats.inFlight, 0);
  void outcome(client.publish('t', 'x'.repeat(14)));
  void outcome(client.publish('t', 'x'.repeat(12), { qos: 1 }));
  void outcome(client.subscribe('x'.repeat(12)));
  void outcome(client.unsubscribe('x'.repeat(13)));
  await clock.settle();
  assert.deepEqual(
    server.frames.slice(1).map(frame => frame.length),
    [20, 20, 20, 20],
  );
});

test('[MQTT-3.2.2-17] [MQTT-3.2.2-18] aliases stay within the maximum of the server', async t => {
  for (const [topicAliasMaximum, highest] of [
    [undefined, 0],
    [0, 0],
    [2, 2],
  ] as const) {
    const { client, server, clock } = await meet(t, {}, accepting({ topicAliasMaximum }));
    const sent = Array.from({ length: 20 }, (_, at) => client.publish(`t/${at >> 2}`, ''));
    await clock.settle();
    await Promise.all(sent);
    const published = server.got(PacketType.publish);
    const aliases = published.map(({ properties }) => properties?.topicAlias ?? 0);
    assert.equal(published.length, 20);
    assert.equal(Math.max(...aliases), highest);
    // what has no alias has its topic
    assert.ok(published.every(({ topic }, at) => topic !== '' || aliases[at] > 0));
  }
});

test('[MQTT-3.3.2-8] aliases begin with 1, and stand first beside their topic', async t => {
  const { client, server, clock } = await meet(t, {}, accepting({ topicAliasMaximum: 10 }));
  const sent = ['a', 'a', 'a', 'b', 'b', 'a'].map(topic => client.publish(topic, ''));
  await clock.settle();
  await Promise.all(sent);
  assert.deepEqual(
    server.got(PacketType.publish).map(({ topic, properties }) => [topic, properties?.topicAlias]),
    [
      ['a', undefined],
      ['a', 1],
      ['', 1],
      ['b', undefined],
      ['b', 2],
      ['', 1],
    ],
  );
});

test('[MQTT-3.2.2-21] [MQTT-3.1.2-21] the keep alive of the server goes before ours', async t => {
  for (const [oursMs, serverKeepAlive] of [
    [60_000, 5],
    [5_000, 60],
    [0, 7],
    [5_000, 0],
  ] as const) {
    const { client, server, clock } = await meet(t, { keepAliveMs: oursMs }, packet =>
      packet.type === PacketType.connect ? accepting({ serverKeepAlive })(packet) : undefined,
    );
    const theirs = serverKeepAlive * 1_000;
    assert.equal(client.server?.keepAliveMs, theirs);
    if (theirs === 0) {
      await clock.advance(1_000_000);
      assert.deepEqual(server.got(PacketType.pingreq), []);
    } else {
      await clock.advance(theirs - 1);
      assert.deepEqual(server.got(PacketType.pingreq), []);
      await clock.advance(1);
      assert.equal(server.got(PacketType.pingreq).length, 1);
    }
  }
});

test('[MQTT-4.13.2-1] a CONNACK that refuses means closing', async t => {
  for (const [protocolVersion, refusal, reasonCode] of [
    [5, bytes`20 03 00 87 00`, 0x87],
    [5, bytes`20 03 00 80 00`, 0x80],
    [4, bytes`20 02 00 03`, 0x88],
    [3, bytes`20 02 00 05`, 0x87],
  ] as const) {
    const { client, server, clock } = await meet(t, { protocolVersion }, () => []);
    server.sendBytes(Uint8Array.from(refusal));
    await clock.settle();
    const error = await client.closed;
    assert.equal(error?.code, ErrorCode.connectRefused);
    assert.equal(error?.reasonCode, reasonCode);
    assert.ok(server.isClosed);
    assert.equal(server.received.length, 1);
  }
});

test('what is no CONNACK of 5.0, or comes before it, ends it', async t => {
  for (const [what, sent, reasonCode] of [
    ['reserved flags', bytes`20 03 02 00 00`, 0x81],
    ['no reason code', bytes`20 01 00`, 0x81],
    ['an unknown reason code', bytes`20 03 00 01 00`, 0x81],
    ['more than its length', bytes`20 04 00 00 00 00`, 0x81],
    ['a refusal with Session Present', bytes`20 03 01 87 00`, 0x82],
    ['Receive Maximum 0', bytes`20 06 00 00 03 21 00 00`, 0x82],
    ['Maximum Packet Size 0', bytes`20 08 00 00 05 27 00 00 00 00`, 0x82],
    ['Maximum QoS 2', bytes`20 05 00 00 02 24 02`, 0x82],
    ['Retain Available 2', bytes`20 05 00 00 02 25 02`, 0x82],
    ['a property twice', bytes`20 09 00 00 06 13 00 01 13 00 01`, 0x82],
    ['a property of other packets', bytes`20 06 00 00 03 23 00 01`, 0x81],
    ['an authentication method unasked', bytes`20 07 00 00 04 15 00 01 78`, 0x82],
    ['PUBLISH', bytes`30 05 00 01 74 00 78`, 0x82],
    ['PINGRESP', bytes`d0 00`, 0x82],
    ['DISCONNECT', bytes`e0 00`, 0x82],
    ['AUTH', bytes`f0 06 18 04 15 00 01 78`, 0x82],
    ['CONNECT of an unknown version', bytes`10 0d 00 04 ${'MQTT'} 09 02 00 00 00 00 00`, 0x82],
  ] as const) {
    await t.test(what, async t => {
      const meeting = await meet(t, {}, () => []);
      meeting.server.sendBytes(sent);
      await expectEnded(meeting, reasonCode);
    });
  }
});

test('what is no CONNACK of 3.1.1 ends it', async t => {
  for (const sent of [bytes`20 02 02 00`, bytes`20 02 00 06`, bytes`20 03 00 00 00`]) {
    const { client, server, clock } = await meet(t, { protocolVersion: 4 }, () => []);
    server.sendBytes(sent);
    await clock.settle();
    assert.equal((await client.closed)?.code, ErrorCode.protocolError);
    assert.ok(server.isClosed);
    assert.equal(server.received.length, 1);
  }
});

test('a second CONNACK ends it', async t => {
  const meeting = await meet(t);
  meeting.server.sendBytes(connackBytes);
  await expectEnded(meeting, 0x82);
});

test('an assigned client identifier is the one in use', async t => {
  const properties: ConnackProperties = { assignedClientIdentifier: 'given' };
  const { client } = await meet(t, {}, accepting(properties));
  assert.equal(client.server?.clientId, 'given');
});
