import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Packet, PacketType, ReasonCode } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import { ErrorCode, type PublishError } from '../errors.ts';
import { expectEnd, expectEnded } from '../testing/expect-end.ts';
import { accepting, meet, outcome, publish } from '../testing/scripted-server.ts';

const versions = [3, 4, 5] as const;
const { puback, pubrec, pubrel, pubcomp } = PacketType;
type Acknowledgement = typeof puback | typeof pubrec | typeof pubrel | typeof pubcomp;

function ack(type: Acknowledgement, packetId: number, reasonCode: number = 0): Packet {
  return { type, packetId, reasonCode };
}

test('[MQTT-2.2.1-5] [MQTT-3.3.4-1] each QoS is answered, with its identifier', async t => {
  for (const protocolVersion of versions) {
    const { server, clock } = await meet(t, { protocolVersion }, accepting());
    server.send(
      publish(),
      publish({ qos: 1, packetId: 0x1234 }),
      publish({ qos: 2, packetId: 0xfedc }),
    );
    await clock.settle();
    server.send(ack(pubrel, 0xfedc));
    await clock.settle();
    assert.deepEqual(server.frames.slice(1).map(hex), [
      '40 02 12 34',
      '50 02 fe dc',
      '70 02 fe dc',
    ]);
  }
});

test('[MQTT-3.6.1-1] [MQTT-4.3.3-4] PUBREC is answered by PUBREL, with flags 0010', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion }, accepting());
    const sent = client.publish('t', '', { qos: 2 });
    await clock.settle();
    server.send(ack(pubrec, 1));
    await clock.settle();
    server.send(ack(pubcomp, 1));
    await clock.settle();
    await sent;
    assert.deepEqual(server.framesOf(pubrel).map(hex), ['62 02 00 01']);
  }
});

test('[MQTT-3.6.1-1] PUBREL with other flags ends it', async t => {
  for (const header of [0x60, 0x61, 0x63, 0x66]) {
    await expectEnd(t, bytes`${header} 02 00 01`, 0x81);
    await expectEnd(t, bytes`${header} 02 00 01`, 0x81, { protocolVersion: 4 });
  }
});

test('[MQTT-3.4.2-1] [MQTT-3.5.2-1] a refusal carries a reason of the list, or none', async t => {
  for (const qos of [1, 2] as const) {
    const { client, server, clock } = await meet(t, {}, packet =>
      packet.type === PacketType.subscribe ? undefined : accepting()(packet),
    );
    const subscribing = client.subscribe('a/b', { qos, ack: 'manual' });
    await clock.settle();
    const messages = (await subscribing)[Symbol.asyncIterator]();
    const allowed = [0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    for (const [at] of allowed.entries()) server.send(publish({ qos, packetId: at + 1 }));
    await clock.settle();
    for (const reasonCode of allowed) {
      const message = (await messages.next()).value!;
      for (let other = 0; other < 256; other += 1) {
        if (!allowed.includes(other)) assert.throws(() => message.nack(other), RangeError);
      }
      message.nack(reasonCode);
    }
    await clock.settle();
    const answers = qos === 1 ? server.got(puback) : server.got(pubrec);
    assert.deepEqual(
      answers.map(({ reasonCode }) => reasonCode),
      allowed,
    );
  }
});

test('[MQTT-3.6.2-1] [MQTT-3.7.2-1] an unknown identifier is answered with 0x92', async t => {
  const { server, clock } = await meet(t);
  server.send(ack(pubrec, 9), ack(pubrel, 8));
  await clock.settle();
  assert.deepEqual(server.frames.slice(1).map(hex), ['62 03 00 09 92', '70 03 00 08 92']);
  for (const protocolVersion of [3, 4] as const) {
    const old = await meet(t, { protocolVersion });
    old.server.send(ack(pubrec, 9), ack(pubrel, 8));
    await old.clock.settle();
    assert.deepEqual(old.server.frames.slice(1).map(hex), ['62 02 00 09', '70 02 00 08']);
  }
});

test('[MQTT-3.4.2-2] [MQTT-3.4.2-3] acknowledgements explain nothing, however small', async t => {
  const { client, server, clock } = await meet(t, {}, accepting({ maximumPacketSize: 9 }));
  void outcome(client.publish('t', '', { qos: 2 }));
  server.send(publish({ qos: 1, packetId: 1 }), publish({ qos: 2, packetId: 2 }));
  server.send(ack(pubrec, 1), ack(pubrec, 9), ack(pubrel, 2), ack(pubrel, 8));
  await clock.settle();
  const answers = server.received.filter(({ type }) => type >= puback && type <= pubcomp);
  assert.equal(answers.length, 6);
  assert.ok(answers.every(packet => !('properties' in packet)));
});

test('[MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] other reasons end it', async t => {
  for (const [header, reasons] of [
    [0x40, [0x01, 0x81, 0x92, 0xff]],
    [0x50, [0x01, 0x81, 0x92, 0xff]],
    [0x62, [0x01, 0x10, 0x80, 0x91]],
    [0x70, [0x01, 0x10, 0x80, 0x91]],
  ] as const) {
    for (const reason of reasons) await expectEnd(t, bytes`${header} 03 00 01 ${reason}`, 0x81);
    // and a 3.x acknowledgement has none at all
    await expectEnd(t, bytes`${header} 03 00 01 00`, 0x81, { protocolVersion: 4 });
  }
});

test('[MQTT-4.4.0-2] a refused message is over, and not sent again', async t => {
  for (const [qos, type] of [
    [1, puback],
    [2, pubrec],
  ] as const) {
    const { client, server, clock } = await meet(t, { keepAliveMs: 0 }, accepting());
    const sent = outcome(client.publish('t', '', { qos }));
    await clock.settle();
    server.send(ack(type, 1, ReasonCode.quotaExceeded));
    await clock.advance(86_400_000);
    assert.equal(((await sent) as PublishError).code, ErrorCode.publishRefused);
    assert.equal(client.stats.inFlight, 0);
    // not even a refusal that comes twice is answered
    server.send(ack(pubrec, 1, ReasonCode.quotaExceeded));
    await clock.settle();
    assert.equal(server.received.length, 2);
  }
});

test('acknowledgements that are not the next of their exchange end it', async t => {
  for (const protocolVersion of [4, 5] as const) {
    for (const [qos, ...wrong] of [
      [1, pubrec],
      [1, pubcomp],
      [2, puback],
      [2, pubcomp],
      [2, pubrec, puback],
    ] as const) {
      const meeting = await meet(t, { protocolVersion }, accepting());
      void outcome(meeting.client.publish('t', '', { qos }));
      await meeting.clock.settle();
      for (const type of wrong) meeting.server.send(ack(type, 1));
      await expectEnded(meeting, 0x82, protocolVersion);
    }
  }
});

test('acknowledgements cannot answer a SUBSCRIBE, nor SUBACK a message', async t => {
  const script = accepting();
  for (const type of [puback, pubrec, pubcomp] as const) {
    const meeting = await meet(t, {}, script);
    void outcome(meeting.client.subscribe('t'));
    await meeting.clock.settle();
    meeting.server.send(ack(type, 1));
    await expectEnded(meeting, 0x82);
  }
  const meeting = await meet(t, {}, script);
  void outcome(meeting.client.publish('t', '', { qos: 1 }));
  await meeting.clock.settle();
  meeting.server.send({ type: PacketType.suback, packetId: 1, reasonCodes: [0] });
  await expectEnded(meeting, 0x82);
});

test('a PUBLISH with an identifier in use ends it', async t => {
  for (const [first, second] of [
    [1, 1],
    [1, 2],
    [2, 1],
  ] as const) {
    const meeting = await meet(t, {}, packet =>
      packet.type === PacketType.subscribe ? undefined : accepting()(packet),
    );
    const subscribing = meeting.client.subscribe('#', { qos: 2, ack: 'manual' });
    await meeting.clock.settle();
    await subscribing;
    meeting.server.send(
      publish({ qos: first, packetId: 1 }),
      publish({ qos: second, packetId: 1 }),
    );
    await expectEnded(meeting, 0x82);
  }
});

test('PUBREL for a message that was not answered yet ends it', async t => {
  const meeting = await meet(t);
  const subscribing = meeting.client.subscribe('#', { qos: 2, ack: 'manual' });
  await meeting.clock.settle();
  await subscribing;
  meeting.server.send(publish({ qos: 2, packetId: 1 }), ack(pubrel, 1));
  await expectEnded(meeting, 0x82);
});
