import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Packet, PacketType, type ProtocolVersion } from '@godwit/protocol';
import type { Message } from '../message.ts';
import { accepting, type Meeting, meet, outcome, publish } from '../testing/scripted-server.ts';

const versions = [3, 4, 5] as const;
const { puback, pubrec, pubrel, pubcomp } = PacketType;

function ack(type: 4 | 5 | 6 | 7, packetId: number, reasonCode: number = 0): Packet {
  return { type, packetId, reasonCode };
}

/** A server that answers CONNECT and SUBSCRIBE only. */
function script(packet: Packet): readonly Packet[] | undefined {
  return packet.type === PacketType.subscribe ? undefined : accepting()(packet);
}

interface Reading extends Meeting {
  readonly messages: AsyncIterator<Message>;
}

/** A client that reads everything, and acknowledges by hand. */
async function reading(t: TestContext, protocolVersion: ProtocolVersion = 5): Promise<Reading> {
  const meeting = await meet(t, { protocolVersion, keepAliveMs: 0 }, script);
  const subscribing = meeting.client.subscribe('#', { qos: 2, ack: 'manual' });
  await meeting.clock.settle();
  return { ...meeting, messages: (await subscribing)[Symbol.asyncIterator]() };
}

test('[MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT-4.3.2-3] sends QoS 1 until its PUBACK', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion, keepAliveMs: 0 }, script);
    const sent = [client.publish('t', '1', { qos: 1 }), client.publish('t', '2', { qos: 1 })];
    await clock.advance(86_400_000);
    assert.equal(client.stats.inFlight, 2);
    assert.deepEqual(
      server.got(PacketType.publish).map(({ qos, dup, packetId }) => [qos, dup, packetId]),
      [
        [1, false, 1],
        [1, false, 2],
      ],
    );
    server.send(ack(puback, 2), ack(puback, 1));
    await clock.settle();
    await Promise.all(sent);
    assert.equal(client.stats.inFlight, 0);
    assert.equal(server.received.length, 3);
  }
});

test('[MQTT-4.3.3-1] [MQTT-4.3.3-2] [MQTT-4.3.3-3] sends QoS 2 until its PUBREC', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion, keepAliveMs: 0 }, script);
    const sent = client.publish('t', '', { qos: 2 });
    await clock.advance(86_400_000);
    assert.deepEqual(
      server.got(PacketType.publish).map(({ qos, dup, packetId }) => [qos, dup, packetId]),
      [[2, false, 1]],
    );
    assert.equal(server.got(pubrel).length, 0);
    server.send(ack(pubrec, 1));
    await clock.settle();
    assert.equal(server.got(pubrel).length, 1);
    server.send(ack(pubcomp, 1));
    await clock.settle();
    assert.equal((await sent).reasonCode, 0);
  }
});

test('[MQTT-4.3.3-5] [MQTT-4.3.3-6] PUBREL is open until PUBCOMP, PUBLISH is not', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion, keepAliveMs: 0 }, script);
    const sent = client.publish('t', '', { qos: 2 });
    await clock.settle();
    // a server that asks twice is answered twice
    server.send(ack(pubrec, 1), ack(pubrec, 1));
    await clock.advance(86_400_000);
    assert.equal(client.stats.inFlight, 1);
    assert.equal(server.got(pubrel).length, 2);
    assert.equal(server.got(PacketType.publish).length, 1);
    server.send(ack(pubcomp, 1));
    await clock.settle();
    await sent;
    assert.equal(client.stats.inFlight, 0);
  }
});

test('[MQTT-4.3.3-7] a message that was sent does not expire any more', async t => {
  for (const qos of [1, 2] as const) {
    const { client, server, clock } = await meet(t, { keepAliveMs: 0 }, script);
    const sent = client.publish('t', '', { qos, expiryMs: 1_000 });
    await clock.advance(60_000);
    assert.equal(client.stats.inFlight, 1);
    if (qos === 1) server.send(ack(puback, 1));
    else {
      server.send(ack(pubrec, 1));
      await clock.advance(60_000);
      assert.equal(server.got(pubrel).length, 1);
      server.send(ack(pubcomp, 1));
    }
    await clock.settle();
    assert.equal((await sent).reasonCode, 0);
  }
});

test('[MQTT-4.3.3-13] a received message that expired is acknowledged all the same', async t => {
  const { server, clock, messages } = await reading(t);
  const properties = { messageExpiryInterval: 1 };
  server.send(publish({ qos: 2, packetId: 1, properties }));
  await clock.advance(60_000);
  (await messages.next()).value.ack();
  await clock.settle();
  server.send(ack(pubrel, 1));
  await clock.settle();
  assert.equal(server.got(pubrec)[0].reasonCode, 0);
  assert.equal(server.got(pubcomp)[0].reasonCode, 0);
});

test('[MQTT-4.3.2-4] [MQTT-4.3.2-5] PUBACK frees the identifier, whatever DUP says', async t => {
  for (const protocolVersion of versions) {
    const { server, clock, messages } = await reading(t, protocolVersion);
    for (const [round, dup] of [false, true, false, true].entries()) {
      server.send(publish({ qos: 1, packetId: 5, dup, topic: `t/${round}` }));
      await clock.settle();
      assert.equal(server.got(puback).length, round);
      const { value } = await messages.next();
      assert.deepEqual([value.topic, value.dup], [`t/${round}`, dup]);
      value.ack();
      await clock.settle();
    }
    assert.deepEqual(
      server.got(puback).map(({ packetId }) => packetId),
      [5, 5, 5, 5],
    );
  }
});

test('[MQTT-4.3.3-8] [MQTT-4.3.3-10] a repeat of QoS 2 is answered, not passed on', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion }, script);
    let passedOn = 0;
    client.on('unhandled', () => {
      passedOn += 1;
    });
    for (const dup of [false, true, false]) server.send(publish({ qos: 2, packetId: 5, dup }));
    await clock.settle();
    assert.equal(passedOn, 1);
    assert.deepEqual(
      server.got(pubrec).map(({ packetId, reasonCode }) => [packetId, reasonCode]),
      [
        [5, 0],
        [5, 0],
        [5, 0],
      ],
    );
  }
});

test('[MQTT-4.3.3-11] [MQTT-4.3.3-12] PUBCOMP frees the identifier', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion }, script);
    const dups: boolean[] = [];
    client.on('unhandled', ({ dup }) => dups.push(dup));
    for (const dup of [false, true]) {
      server.send(publish({ qos: 2, packetId: 5, dup }), ack(pubrel, 5));
      await clock.settle();
    }
    assert.deepEqual(dups, [false, true]);
    assert.deepEqual(
      server.got(pubcomp).map(({ packetId, reasonCode }) => [packetId, reasonCode]),
      [
        [5, 0],
        [5, 0],
      ],
    );
  }
});

test('[MQTT-4.3.3-9] a PUBREC that refuses frees the identifier', async t => {
  const { server, clock, messages } = await reading(t);
  for (let round = 1; round <= 2; round += 1) {
    server.send(publish({ qos: 2, packetId: 5, topic: `t/${round}` }));
    await clock.settle();
    const { value } = await messages.next();
    assert.equal(value.topic, `t/${round}`);
    value.nack(0x97);
    await clock.settle();
    assert.equal(server.got(pubrec).length, round);
  }
  server.send(ack(pubrel, 5));
  await clock.settle();
  assert.equal(server.got(pubcomp)[0].reasonCode, 0x92);
});

test('[MQTT-4.1.0-1] 3.1.1 [MQTT-4.1.0-2] the session lasts as long as the connection', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock, messages } = await reading(t, protocolVersion);
    const sent = [1, 2].map(qos => client.publish('t', '', { qos: qos as 1 | 2 }));
    server.send(publish({ qos: 1, packetId: 1 }), publish({ qos: 2, packetId: 2 }));
    await clock.advance(30 * 86_400_000);
    assert.deepEqual([client.stats.inFlight, client.stats.unackedInbound], [2, 2]);
    for (let count = 0; count < 2; count += 1) (await messages.next()).value.ack();
    const ids = server.got(PacketType.publish).map(({ packetId }) => packetId);
    server.send(ack(puback, ids[0]), ack(pubrec, ids[1]));
    await clock.settle();
    server.send(ack(pubcomp, ids[1]), ack(pubrel, 2));
    await clock.settle();
    await Promise.all(sent);
    assert.deepEqual([client.stats.inFlight, client.stats.unackedInbound], [0, 0]);
    assert.equal(server.got(pubcomp)[0].reasonCode, 0);
  }
});

test('[MQTT-4.5.0-2] what nobody wants is acknowledged, by its QoS', async t => {
  for (const protocolVersion of versions) {
    const { server, clock } = await meet(t, { protocolVersion }, script);
    server.send(publish(), publish({ qos: 1, packetId: 1 }), publish({ qos: 2, packetId: 2 }));
    await clock.settle();
    assert.deepEqual(
      server.received.slice(1).map(packet => packet.type),
      [puback, pubrec],
    );
  }
});

test('[MQTT-4.6.0-2] [MQTT-4.6.0-3] PUBACK and PUBREC go in the order of arrival', async t => {
  for (const protocolVersion of versions) {
    for (const qos of [1, 2] as const) {
      const { server, clock, messages } = await reading(t, protocolVersion);
      for (const packetId of [7, 3, 9, 1]) server.send(publish({ qos, packetId }));
      await clock.settle();
      const all: Message[] = [];
      while (all.length < 4) all.push((await messages.next()).value);
      for (const at of [3, 1, 0, 2]) {
        all[at].ack();
        await clock.settle();
      }
      const answers = qos === 1 ? server.got(puback) : server.got(pubrec);
      assert.deepEqual(
        answers.map(({ packetId }) => packetId),
        [7, 3, 9, 1],
      );
    }
  }
});

test('[MQTT-4.6.0-4] PUBREL goes in the order of PUBREC', async t => {
  for (const protocolVersion of versions) {
    const { client, server, clock } = await meet(t, { protocolVersion }, script);
    for (let count = 0; count < 4; count += 1) void outcome(client.publish('t', '', { qos: 2 }));
    await clock.settle();
    server.send(...[3, 1, 4, 2].map(packetId => ack(pubrec, packetId)));
    await clock.settle();
    assert.deepEqual(
      server.got(pubrel).map(({ packetId }) => packetId),
      [3, 1, 4, 2],
    );
  }
});

test('3.1.1 [MQTT-4.3.2-1] [MQTT-4.3.3-1] nothing is sent twice on one connection', async t => {
  const { client, server, clock } = await meet(t, { protocolVersion: 4, keepAliveMs: 0 }, script);
  void outcome(client.publish('t', '', { qos: 1 }));
  void outcome(client.publish('t', '', { qos: 2 }));
  void outcome(client.subscribe('t'));
  await clock.advance(86_400_000);
  assert.equal(server.received.length, 4);
});
