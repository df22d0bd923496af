/** What waits for the disk, and what does not. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { durableWorld } from '../testing/durable-world.ts';
import { publishOf, subscribe, textOf } from '../testing/test-broker.ts';

const { publish, puback, pubrec, pubrel, pubcomp, subscribe: subscribeType, suback } = PacketType;
const { unsubscribe, unsuback } = PacketType;

suite('an acknowledgement of what a durable session is to get', () => {
  test('QoS 1: PUBACK and the message come when the message is durable', async () => {
    const { lasting, connected, sync } = await durableWorld();
    const reader = await lasting({}, 't');
    const writer = await connected();
    writer.send(publishOf('t', 'x', { qos: 1, packetId: 7 }));
    await writer.expectNothing();
    await reader.expectNothing();
    await sync();
    await writer.expect({ type: puback, packetId: 7, reasonCode: 0 });
    assert.equal(textOf(await reader.expect({ type: publish, qos: 1, dup: false })), 'x');
  });

  test('QoS 2: PUBREC, then PUBREL after PUBREC is remembered', async () => {
    const { lasting, connected, sync } = await durableWorld();
    const reader = await lasting({}, 't');
    const writer = await connected();
    writer.send(publishOf('t', 'x', { qos: 2, packetId: 7 }));
    await writer.expectNothing();
    await sync();
    await writer.expect({ type: pubrec, packetId: 7, reasonCode: 0 });
    const { packetId } = await reader.expect({ type: publish, qos: 2 });
    reader.send({ type: pubrec, packetId, reasonCode: 0 });
    await reader.expectNothing();
    await sync();
    await reader.expect({ type: pubrel, packetId, reasonCode: 0 });
    reader.send({ type: pubcomp, packetId, reasonCode: 0 });
    await reader.expectNothing();
  });

  test('QoS 2 of a durable publisher: PUBCOMP after its identifier is free for good', async () => {
    const { lasting, sync } = await durableWorld();
    await lasting({}, 't');
    const writer = await lasting({ clientId: 'writer' });
    writer.send(publishOf('t', 'x', { qos: 2, packetId: 7 }));
    await sync();
    await writer.expect({ type: pubrec, packetId: 7 });
    writer.send({ type: pubrel, packetId: 7, reasonCode: 0 });
    await writer.expectNothing();
    await sync();
    await writer.expect({ type: pubcomp, packetId: 7, reasonCode: 0 });
  });

  test('sent again before it was durable, it is answered when it is', async () => {
    const { lasting, sync, engine } = await durableWorld();
    await lasting({}, 't');
    const writer = await lasting({ clientId: 'writer' });
    writer.send(publishOf('t', 'x', { qos: 2, packetId: 7 }));
    await writer.expectNothing();
    const again = await lasting({ clientId: 'writer' });
    again.send(publishOf('t', 'x', { qos: 2, packetId: 7, dup: true }));
    await again.expectNothing();
    await sync();
    await again.expect({ type: pubrec, packetId: 7 });
    assert.equal(engine.accepts.held.size, 1);
  });

  test('a retained message: also where nobody is subscribed, which PUBACK says', async () => {
    const { connected, sync } = await durableWorld();
    const writer = await connected();
    writer.send(publishOf('t', 'x', { qos: 1, retain: true }));
    await writer.expectNothing();
    await sync();
    await writer.expect({ type: puback, reasonCode: 0x10 });
  });

  test('ack memory: at once, by listener or by topic', async () => {
    const ackRules = [{ filter: 'quick/#', ack: 'memory' as const }];
    const { lasting, connected, sync, engine } = await durableWorld({ ackRules });
    const reader = await lasting({}, '#');
    const writer = await connected();
    writer.send(publishOf('quick/t', 'a', { qos: 1, packetId: 1 }));
    await writer.expect({ type: puback, packetId: 1 });
    writer.send(publishOf('safe/t', 'b', { qos: 1, packetId: 2 }));
    await writer.expectNothing();
    await sync();
    await writer.expect({ type: puback, packetId: 2 });
    for (const text of ['a', 'b']) assert.equal(textOf(await reader.expect(publish)), text);
    assert.equal(engine.accepts.held.size, 2);
  });
});

suite('nothing is written and nobody waits', () => {
  test('QoS 0, and QoS 1 and 2 to clean sessions', async () => {
    const { lasting, connected, engine } = await durableWorld();
    const durable = await lasting({}, 'zero');
    const clean = await connected();
    await subscribe(clean, 'one');
    const writer = await connected();
    writer.send(publishOf('zero', '0'));
    await durable.expect({ type: publish, qos: 0 });
    writer.send(publishOf('one', '1', { qos: 1 }));
    await writer.expect({ type: puback, reasonCode: 0 });
    await clean.expect({ type: publish, qos: 1 });
    assert.equal(engine.accepts.held.size, 0);
  });

  test('a clean session gets at once what a durable one waits for', async () => {
    const { lasting, connected, sync } = await durableWorld();
    const durable = await lasting({}, 't');
    const clean = await connected();
    await subscribe(clean, 't');
    const writer = await connected();
    writer.send(publishOf('t', 'x', { qos: 1 }));
    await clean.expect(publish);
    await durable.expectNothing();
    await sync();
    await durable.expect(publish);
    await clean.expectNothing();
  });
});

suite('subscriptions of a durable session', () => {
  test('SUBACK and UNSUBACK come when the change is durable', async () => {
    const { lasting, sync } = await durableWorld();
    const client = await lasting();
    const options = {
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
    } as const;
    const subscriptions = [{ filter: 'a', ...options }];
    client.send({ type: subscribeType, packetId: 1, subscriptions });
    await client.expectNothing();
    await sync();
    await client.expect({ type: suback, packetId: 1, reasonCodes: [1] });
    client.send({ type: unsubscribe, packetId: 2, filters: ['a', 'b'] });
    await client.expectNothing();
    await sync();
    await client.expect({ type: unsuback, packetId: 2, reasonCodes: [0, 0x11] });
  });
});

suite('a message for many durable sessions', () => {
  test('is stored once, and kept until the last of them has it', async () => {
    const { lasting, connected, sync, engine } = await durableWorld();
    const readers = [];
    for (const clientId of ['a', 'b', 'c']) readers.push(await lasting({ clientId }, 't'));
    const writer = await connected();
    writer.send(publishOf('t', 'x', { qos: 1 }));
    await sync();
    assert.equal(engine.accepts.held.size, 1);
    for (const reader of readers) {
      assert.equal(engine.accepts.held.size, 1);
      const { packetId } = await reader.expect(publish);
      reader.send({ type: puback, packetId, reasonCode: 0 });
      await sync();
    }
    assert.equal(engine.accepts.held.size, 0);
  });

  test('what is read from the disk comes in order, with what is read from memory', async () => {
    const { lasting, connected, sync, engine } = await durableWorld();
    (await lasting({}, 't')).stream.destroy();
    const writer = await connected();
    const texts = Array.from({ length: 20 }, (_, i) => `${i}`);
    for (const [i, text] of texts.entries()) {
      writer.send(publishOf('t', text, { qos: 1, packetId: i + 1 }));
    }
    await sync();
    for (const at of [...engine.accepts.held.keys()].filter(at => at % 3 === 0)) {
      engine.accepts.slow.add(at);
    }
    const reader = await lasting({ properties: { receiveMaximum: 3 } });
    for (const text of texts) {
      const packet = await reader.expect({ type: publish, dup: false });
      assert.equal(textOf(packet), text);
      reader.send({ type: puback, packetId: packet.packetId, reasonCode: 0 });
    }
    await reader.expectNothing();
  });

  test('large payloads are each their own message’s', async () => {
    const { lasting, broker, sync } = await durableWorld();
    const readers = [await lasting({ clientId: 'a' }, 't'), await lasting({ clientId: 'b' }, 't')];
    for (const letter of ['x', 'y', 'z']) broker.publish('t', letter.repeat(20_000), { qos: 1 });
    await sync();
    for (const reader of readers) {
      for (const letter of ['x', 'y', 'z']) {
        assert.equal(textOf(await reader.expect(publish)), letter.repeat(20_000));
      }
    }
  });

  test('what an earlier connection left unacknowledged is read again, and comes first', async () => {
    const { lasting, connected, sync, engine } = await durableWorld();
    const first = await lasting({}, 't');
    const writer = await connected();
    for (const text of ['a', 'b']) {
      writer.send(publishOf('t', text, { qos: 1 }));
      await sync();
    }
    for (const text of ['a', 'b']) assert.equal(textOf(await first.expect(publish)), text);
    first.stream.destroy();
    for (const at of engine.accepts.held.keys()) engine.accepts.slow.add(at);
    writer.send(publishOf('t', 'c', { qos: 1 }));
    await sync();
    const second = await lasting();
    for (const [text, dup] of [
      ['a', true],
      ['b', true],
      ['c', false],
    ] as const) {
      assert.equal(textOf(await second.expect({ type: publish, dup })), text);
    }
  });
});
