import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, type QoS } from '@godwit/protocol';
import type { PublishRequest } from '../hooks.ts';
import { publishOf, subscribe, testBroker, textOf } from '../testing/test-broker.ts';

const { publish, puback, pubrec, pubrel, pubcomp, pingreq, pingresp, disconnect } = PacketType;

/** Answers that the test gives when it likes. */
function authority(): {
  authorizePublish: (client: unknown, request: PublishRequest) => Promise<boolean>;
  asked: PromiseWithResolvers<boolean>[];
} {
  const asked: PromiseWithResolvers<boolean>[] = [];
  return {
    asked,
    authorizePublish() {
      const question = Promise.withResolvers<boolean>();
      asked.push(question);
      return question.promise;
    },
  };
}

suite('authorizePublish', () => {
  test('false: 0x87, 3.x acknowledged as normal [MQTT-3.3.5-2]; nothing is delivered or retained', async () => {
    const { connected, broker } = testBroker({ hooks: { authorizePublish: () => false } });
    const witness = await connected({ clientId: 'w' });
    await subscribe(witness, '#');
    for (const protocolVersion of [4, 5] as const) {
      const client = await connected({ clientId: `c${protocolVersion}`, protocolVersion });
      const reasonCode = protocolVersion === 5 ? 0x87 : 0;
      client.send(publishOf('a', '', { retain: true }));
      client.send(publishOf('a', '', { qos: 1, retain: true }));
      await client.expect({ type: puback, packetId: 1, reasonCode });
      client.send(publishOf('a', '', { qos: 2, packetId: 2 }));
      await client.expect({ type: pubrec, packetId: 2, reasonCode });
      client.send({ type: pubrel, packetId: 2, reasonCode: 0 });
      // [MQTT-4.3.3-9] after a refusal the identifier is free at once
      const released = protocolVersion === 5 ? 0x92 : 0;
      await client.expect({ type: pubcomp, packetId: 2, reasonCode: released });
    }
    await witness.expectNothing();
    assert.equal(broker.metrics.publishesUnauthorized, 6);
    assert.equal(broker.metrics.retainedMessages, 0);
  });

  test('3.x: a refused QoS 2 message that comes again is not asked about again [MQTT-4.3.3-2]', async () => {
    let asked = 0;
    const { connected } = testBroker({
      hooks: {
        authorizePublish() {
          asked += 1;
          return false;
        },
      },
    });
    const client = await connected({ protocolVersion: 4 });
    for (const dup of [false, true, true]) {
      client.send(publishOf('a', '', { qos: 2, dup }));
      await client.expect({ type: pubrec, packetId: 1 });
    }
    assert.equal(asked, 1);
  });

  test('an answer that comes after the connection gives the next one no place in Receive Maximum', async () => {
    const { authorizePublish, asked } = authority();
    const { connected, settle } = testBroker({
      hooks: {
        authorizePublish: (client, request) =>
          request.topic === 'slow' ? authorizePublish(client, request) : true,
      },
      limits: { receiveMaximum: 1 },
    });
    const properties = { sessionExpiryInterval: 60 };
    const first = await connected({ clientId: 'p', properties });
    first.send(publishOf('slow', '', { qos: 1 }));
    await settle();
    first.stream.destroy();
    const second = await connected({ clientId: 'p', cleanStart: false, properties });
    asked[0].resolve(true);
    await second.expectNothing();
    for (const packetId of [1, 2]) second.send(publishOf('a', '', { qos: 2, packetId }));
    await second.expect(pubrec);
    await second.expect({ type: disconnect, reasonCode: 0x93 });
  });

  test('a refused QoS 2 message takes no place in Receive Maximum afterwards', async () => {
    const { connected } = testBroker({
      hooks: { authorizePublish: async () => false },
      limits: { receiveMaximum: 1 },
    });
    const client = await connected();
    for (let i = 0; i < 3; i += 1) {
      client.send(publishOf('a', '', { qos: 2, packetId: 7 }));
      await client.expect({ type: pubrec, packetId: 7, reasonCode: 0x87 });
    }
  });

  test('asked when topic, QoS or RETAIN changes, and again after a refusal', async () => {
    const asked: string[] = [];
    const { connected } = testBroker({
      hooks: {
        authorizePublish(client, { topic, qos, retain }) {
          asked.push(`${client.clientId} ${topic} ${qos} ${retain}`);
          return topic !== 'no';
        },
      },
    });
    const client = await connected({ clientId: 'c' });
    const steps: readonly (readonly [
      topic: string,
      qos: QoS,
      retain: boolean,
      isAsked: boolean,
    ])[] = [
      ['a', 0, false, true],
      ['a', 0, false, false],
      ['a', 0, true, true],
      ['a', 0, false, true],
      ['a', 1, false, true],
      ['a', 1, false, false],
      ['no', 0, false, true],
      ['no', 0, false, true],
      ['a', 1, false, true],
    ];
    for (const [topic, qos, retain, isAsked] of steps) {
      asked.length = 0;
      client.send(publishOf(topic, 'x', { qos, retain }));
      if (qos === 1) await client.expect(puback);
      else await client.expectNothing();
      const expected = isAsked ? [`c ${topic} ${qos} ${retain}`] : [];
      assert.deepEqual(asked, expected);
    }
  });

  test('while it is pending, what comes behind waits in order; other clients do not', async () => {
    const { authorizePublish, asked } = authority();
    const { connected, settle } = testBroker({
      hooks: {
        authorizePublish: (client, request) =>
          client.clientId === 'slow' ? authorizePublish(client, request) : true,
      },
    });
    const slow = await connected({ clientId: 'slow' });
    const quick = await connected({ clientId: 'quick' });
    await subscribe(quick, '#');
    slow.send(publishOf('a', '1'));
    slow.send(publishOf('b', '2', { qos: 1 }));
    slow.send({ type: pingreq });
    await settle();
    slow.send(publishOf('b', '3', { qos: 2, packetId: 2 }));
    quick.send(publishOf('q', 'quick'));
    assert.equal(textOf(await quick.expect(publish)), 'quick');
    await slow.expectNothing();
    assert.equal(asked.length, 1);
    asked[0].resolve(true);
    assert.equal(textOf(await quick.expect(publish)), '1');
    await quick.expectNothing();
    await slow.expectNothing();
    asked[1].resolve(true);
    assert.equal(textOf(await quick.expect(publish)), '2');
    await slow.expect(puback);
    await slow.expect(pingresp);
    asked[2].resolve(true);
    assert.equal(textOf(await quick.expect(publish)), '3');
    await slow.expect({ type: pubrec, packetId: 2 });
  });

  test('a subscription made meanwhile gets the message', async () => {
    const { authorizePublish, asked } = authority();
    const { connected } = testBroker({ hooks: { authorizePublish } });
    const publisher = await connected({ clientId: 'p' });
    publisher.send(publishOf('a', 'x'));
    const receiver = await connected({ clientId: 'r' });
    await subscribe(receiver, 'a');
    asked[0].resolve(true);
    await receiver.expect({ type: publish, topic: 'a' });
  });

  test('the publisher may go meanwhile: the message is delivered, nobody is answered', async () => {
    for (const qos of [0, 1, 2] as const) {
      const { authorizePublish, asked } = authority();
      const { connected, settle } = testBroker({ hooks: { authorizePublish } });
      const receiver = await connected({ clientId: 'r' });
      await subscribe(receiver, 'a', { qos: 0 });
      const publisher = await connected({ clientId: 'p' });
      publisher.send(publishOf('a', 'x', { qos }));
      await settle();
      publisher.stream.destroy();
      await settle();
      asked[0].resolve(true);
      await receiver.expect({ type: publish, topic: 'a' });
    }
  });

  test('QoS 2 refused after the client came back on another connection: no place is lost', async () => {
    const { authorizePublish, asked } = authority();
    const { connected, settle } = testBroker({
      hooks: { authorizePublish },
      limits: { receiveMaximum: 1 },
    });
    const properties = { sessionExpiryInterval: 60 };
    const first = await connected({ clientId: 'p', properties });
    first.send(publishOf('a', 'x', { qos: 2, packetId: 5 }));
    await settle();
    first.stream.destroy();
    const second = await connected({ clientId: 'p', cleanStart: false, properties });
    asked[0].resolve(false);
    await second.expectNothing();
    second.send(publishOf('a', 'x', { qos: 2, packetId: 5, dup: true }));
    await settle();
    asked[1].resolve(false);
    await second.expect({ type: pubrec, packetId: 5, reasonCode: 0x87 });
    second.send(publishOf('b', 'x', { qos: 1, packetId: 6 }));
    await settle();
    asked[2].resolve(true);
    await second.expect({ type: puback, packetId: 6, reasonCode: 0x10 });
  });

  test('a message that expires meanwhile is not sent [MQTT-3.3.2-5]; the rest is counted down [MQTT-3.3.2-6]', async () => {
    const { authorizePublish, asked } = authority();
    const { connected, clock, broker } = testBroker({ hooks: { authorizePublish } });
    const receiver = await connected({ clientId: 'r' });
    await subscribe(receiver, '#');
    const publisher = await connected({ clientId: 'p' });
    publisher.send(publishOf('a', '', { properties: { messageExpiryInterval: 10 } }));
    await clock.advance(4_000);
    asked[0].resolve(true);
    await receiver.expect({ type: publish, properties: { messageExpiryInterval: 6 } });
    const properties = { messageExpiryInterval: 3 };
    publisher.send(publishOf('b', '', { qos: 1, retain: true, properties }));
    await clock.advance(3_000);
    asked[1].resolve(true);
    await publisher.expect({ type: puback, reasonCode: 0 });
    await receiver.expectNothing();
    assert.equal(broker.metrics.messagesDroppedExpired, 1);
    assert.equal(broker.metrics.retainedMessages, 0);
  });

  test('one that throws or rejects costs this connection only', async () => {
    const faults = [
      () => {
        throw new Error('no authority');
      },
      () => Promise.reject(new Error('no authority')),
    ];
    for (const authorizePublish of faults) {
      const { connected } = testBroker({ hooks: { authorizePublish } });
      const witness = await connected({ clientId: 'w' });
      await subscribe(witness, '#');
      const client = await connected({ clientId: 'c' });
      client.send(publishOf('a', '', { qos: 1 }));
      await client.expect({ type: disconnect, reasonCode: 0x83 });
      await client.expectClosed();
      await witness.expectNothing();
    }
  });

  test('messages up to 64 KiB survive the wait unharmed, though the input buffer is used again', async () => {
    const { authorizePublish, asked } = authority();
    const { connected, settle } = testBroker({ hooks: { authorizePublish } });
    const receiver = await connected({ clientId: 'r' });
    await subscribe(receiver, 'a', { qos: 0 });
    const publisher = await connected({ clientId: 'p' });
    const chunk = new Uint8Array(64);
    const packet = [0x30, 60, 0, 1, 0x61, 0, ...new Array<number>(56).fill(0x55)];
    chunk.set(packet);
    publisher.send(chunk.subarray(0, packet.length));
    await settle();
    chunk.fill(0xff);
    asked[0].resolve(true);
    await receiver.expectBytes(Uint8Array.from(packet));
  });
});

suite('onPublish', () => {
  test('sees each accepted message once, with its publisher', async () => {
    const seen: string[] = [];
    const { connected, broker } = testBroker({
      hooks: {
        authorizePublish: (_, { topic }) => topic !== 'no',
        onPublish: (client, { topic, payload, qos, retain }) =>
          void seen.push(`${client?.clientId} ${topic} ${payload.length} ${qos} ${retain}`),
      },
    });
    const client = await connected({ clientId: 'c' });
    client.send(publishOf('a', 'x'));
    client.send(publishOf('a', 'xy', { qos: 2 }));
    client.send(publishOf('a', 'xy', { qos: 2, dup: true }));
    client.send(publishOf('no', 'x'));
    await client.expect(pubrec);
    await client.expect(pubrec);
    broker.publish('own', 'xyz', { qos: 1, retain: true });
    assert.deepEqual(seen, ['c a 1 0 false', 'c a 2 2 false', 'undefined own 3 1 true']);
  });

  test('may publish: both messages arrive whole, the inner one first', async () => {
    let depth = 0;
    const test = testBroker({
      hooks: {
        onPublish(_, { topic }) {
          depth += 1;
          if (topic === 'outer') test.broker.publish('inner', 'second', { retain: true });
          depth -= 1;
        },
      },
    });
    const client = await test.connected();
    await subscribe(client, '#', { qos: 1 });
    client.send(publishOf('outer', 'first', { qos: 1, retain: true }));
    assert.equal(textOf(await client.expect({ type: publish, topic: 'inner' })), 'second');
    assert.equal(textOf(await client.expect({ type: publish, topic: 'outer' })), 'first');
    await client.expect(puback);
    assert.equal(depth, 0);
    assert.equal(test.broker.metrics.retainedMessages, 2);
  });
});
