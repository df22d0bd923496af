import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { bytes, hex } from '@godwit/testkit';
import { expectEnd } from '../testing/expect-end.ts';
import { accepting, meet, outcome, publish } from '../testing/scripted-server.ts';

const illFormed = ['\ud800', 'a\udfffb', 'a\u0000b'];

test('[MQTT-1.5.4-1] [MQTT-1.5.4-2] sends no ill-formed string and no U+0000', async t => {
  const { client, server, clock } = await meet(t);
  const publications = server.got(PacketType.publish);
  for (const text of illFormed) {
    await assert.rejects(client.publish(text, ''), RangeError);
    await assert.rejects(client.publish('t', '', { contentType: text }), RangeError);
    await assert.rejects(client.publish('t', '', { responseTopic: text }), RangeError);
    await assert.rejects(client.subscribe(text), RangeError);
    await assert.rejects(client.unsubscribe(text), RangeError);
    for (const options of [{ clientId: text }, { credentials: { username: text } }]) {
      const refused = await meet(t, { ...options, protocolVersion: 4 }).catch(error => ({ error }));
      const error = 'error' in refused ? refused.error : (await refused.client.closed)?.cause;
      assert.ok(error instanceof RangeError);
    }
  }
  await clock.settle();
  assert.deepEqual(publications, []);
});

test('[MQTT-1.5.7-1] sends no ill-formed string pair', async t => {
  const { client } = await meet(t);
  for (const text of illFormed) {
    for (const pair of [[text, ''] as const, ['', text] as const]) {
      await assert.rejects(client.publish('t', '', { userProperties: [pair] }), RangeError);
      await assert.rejects(client.subscribe('t', { userProperties: [pair] }), RangeError);
    }
  }
});

test('[MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.7-1] ill-formed strings end it', async t => {
  for (const text of ['c0 80', 'ed a0 80', 'ff', 'f4 90 80 80', '00']) {
    const string = bytes(text);
    const topic = bytes`${[0, string.length]} ${string}`;
    await expectEnd(t, bytes`30 ${topic.length + 1} ${topic} 00`, 0x81);
    const pair = bytes`26 00 00 ${topic}`;
    const body = bytes`00 01 74 ${pair.length} ${pair}`;
    await expectEnd(t, bytes`30 ${body.length} ${body}`, 0x81);
  }
});

test('3.1.1 [MQTT-1.5.3-1] [MQTT-1.5.3-2] strings are well formed, both ways', async t => {
  const { client } = await meet(t, { protocolVersion: 4 });
  for (const text of illFormed) await assert.rejects(client.publish(text, ''), RangeError);
  for (const text of ['c0 80', 'ed a0 80', 'ff', '00']) {
    const string = bytes(text);
    const sent = bytes`30 ${string.length + 2} 00 ${string.length} ${string}`;
    await expectEnd(t, sent, 0x81, { protocolVersion: 4 });
  }
});

test('[MQTT-1.5.4-3] 3.1.1 [MQTT-1.5.3-3] U+FEFF stays in a string, both ways', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    const topics: string[] = [];
    client.on('unhandled', ({ topic }) => topics.push(topic));
    server.send(publish({ topic: '\ufeffa\ufeff' }));
    const sent = client.publish('\ufeffa', '');
    await clock.settle();
    await sent;
    assert.deepEqual(topics, ['\ufeffa\ufeff']);
    assert.match(hex(server.framesOf(PacketType.publish)[0]), /00 04 ef bb bf 61/);
  }
});

test('[MQTT-1.5.5-1] lengths are written in the shortest form', async t => {
  const { client, server, clock } = await meet(t);
  for (const [payloadBytes, length] of [
    [123, '7f'],
    [124, '80 01'],
    [16_379, 'ff 7f'],
    [16_380, '80 80 01'],
  ] as const) {
    const sent = client.publish('t', new Uint8Array(payloadBytes));
    await clock.settle();
    await sent;
    const frame = server.framesOf(PacketType.publish).at(-1)!;
    assert.equal(hex(frame.slice(1, frame.length - payloadBytes)), `${length} 00 01 74 00`);
  }
});

test('[MQTT-1.5.5-1] an overlong length ends it', async t => {
  await expectEnd(t, bytes`d0 80 00`, 0x81);
  await expectEnd(t, bytes`30 80 80 80 80 01`, 0x81);
  await expectEnd(t, bytes`30 06 00 01 74 80 00 61`, 0x81);
  await expectEnd(t, bytes`30 08 00 01 74 03 0b 80 00 61`, 0x81);
});

test('[MQTT-2.1.3-1] 3.1.1 [MQTT-2.2.2-1] header flags are written as prescribed', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const { client, server, clock } = await meet(t, { protocolVersion, keepAliveMs: 1_000 });
    server.send(publish({ qos: 1, packetId: 1 }), publish({ qos: 2, packetId: 2 }));
    const done = [
      client.publish('t', '', { qos: 2 }),
      client.subscribe('t').then(subscription => subscription.unsubscribe()),
    ];
    await clock.advance(1_000);
    await Promise.all(done);
    const closed = client.close();
    await clock.settle();
    await closed;
    const headers = new Set(server.frames.map(([header]) => hex([header])));
    const expected = ['10', '34', '40', '50', '62', '70', '82', 'a2', 'c0', 'e0'];
    assert.deepEqual([...headers].sort(), expected);
  }
});

test('[MQTT-2.1.3-1] 3.1.1 [MQTT-2.2.2-2] other header flags end it', async t => {
  const flagsOf: Record<number, number> = { 2: 0, 4: 0, 5: 0, 6: 2, 7: 0, 9: 0, 11: 0, 13: 0 };
  for (const protocolVersion of [4, 5] as const) {
    for (let header = 0; header < 256; header += 1) {
      const type = header >> 4;
      if (type === PacketType.publish || flagsOf[type] === (header & 15)) continue;
      // those of other types are forbidden whatever the flags
      if (flagsOf[type] === undefined && (header & 15) === 0) continue;
      if ((type === 8 || type === 10) && (header & 15) === 2) continue;
      await expectEnd(t, Uint8Array.of(header, 0), 0x81, { protocolVersion });
    }
  }
});

test('[MQTT-2.2.1-2] 3.1.1 [MQTT-2.3.1-5] QoS 0 carries no packet identifier', async t => {
  for (const [protocolVersion, rest] of [
    [4, ''],
    [5, ' 00'],
  ] as const) {
    const { client, server, clock } = await meet(t, { protocolVersion });
    const sent = client.publish('t', 'x');
    await clock.settle();
    await sent;
    const [frame] = server.framesOf(PacketType.publish);
    assert.equal(hex(frame.slice(2)), `00 01 74${rest} 78`);
  }
});

test('[MQTT-2.2.1-3] 3.1.1 [MQTT-2.3.1-1] [MQTT-2.3.1-2] identifiers are free ones', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const { client, server, clock } = await meet(t, { protocolVersion }, accepting());
    for (let round = 0; round < 5; round += 1) {
      void outcome(client.publish('t', '', { qos: 1 }));
      void outcome(client.subscribe('t'));
      void outcome(client.publish('t', '', { qos: 2 }));
      void outcome(client.unsubscribe('t'));
    }
    await clock.settle();
    const ids = server.received.flatMap(packet => ('packetId' in packet ? [packet.packetId] : []));
    assert.equal(ids.length, 20);
    assert.equal(new Set(ids).size, 20);
    assert.ok(ids.every(id => id >= 1 && id <= 65_535));
  }
});

test('[MQTT-2.2.2-1] no properties are written as a length of zero', async t => {
  const { client, server, clock } = await meet(t);
  const done = [client.publish('t', 'x', { qos: 1 }), client.subscribe('t')];
  await clock.settle();
  await Promise.all(done);
  assert.equal(hex(server.framesOf(PacketType.publish)[0]), '32 07 00 01 74 00 01 00 78');
  assert.equal(hex(server.framesOf(PacketType.subscribe)[0]), '82 07 00 02 00 00 01 74 00');
});

test('[MQTT-2.2.1-3] 3.1.1 [MQTT-2.3.1-1] packet identifier 0 ends it', async t => {
  for (const protocolVersion of [4, 5] as const) {
    const rest = protocolVersion === 5 ? [0] : [];
    const sent = [bytes`32 ${5 + rest.length} 00 01 74 00 00 ${rest}`];
    for (const header of [0x40, 0x50, 0x62, 0x70]) sent.push(bytes`${header} 02 00 00`);
    sent.push(bytes`90 ${3 + rest.length} 00 00 ${rest} 00`);
    for (const packet of sent) await expectEnd(t, packet, 0x82, { protocolVersion });
  }
});

test('what cannot be sent leaves the client as it was', async t => {
  const { client, clock } = await meet(t);
  await assert.rejects(client.publish('t', '', { qos: 1, contentType: '\ud800' }), RangeError);
  assert.deepEqual([client.stats.inFlight, client.stats.queuedBytes], [0, 0]);
  for (const options of [{ reasonString: '\ud800' }, { reasonCode: 0x85 }, { reasonCode: 0x8d }]) {
    await assert.rejects(client.close(options), RangeError);
  }
  const fine = client.publish('t', '', { qos: 1 });
  await clock.settle();
  assert.equal((await fine).reasonCode, 0);
  assert.equal(client.state, 'connected');
});
