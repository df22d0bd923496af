import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, type PublishPacket } from '@godwit/protocol';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';

const { publish, puback, pubrec, disconnect } = PacketType;

/** A lone surrogate, an overlong form, a sequence cut short, a byte that is none. */
const invalid = [[0xed, 0xa0, 0x80], [0xc0, 0xaf], [0x61, 0xe2, 0x82], [0xff]].map(bytes =>
  Uint8Array.from(bytes),
);

function saying(indicator: 0 | 1, payload: Uint8Array, qos: 0 | 1 | 2): PublishPacket {
  const properties = { payloadFormatIndicator: indicator };
  return publishOf('t', '', { payload, qos, properties });
}

suite('payloads that say they are UTF-8 (3.3.2.3.2), with checkPayloadFormat', () => {
  test('QoS 1 and 2: 0x99 and delivered to nobody; the connection goes on', async () => {
    const { connected, broker } = testBroker({ checkPayloadFormat: true });
    const subscriber = await connected({ clientId: 's' });
    await subscribe(subscriber, 't');
    const client = await connected({ clientId: 'p' });
    for (const payload of invalid) {
      client.send({ ...saying(1, payload, 1), retain: true });
      await client.expect({ type: puback, reasonCode: 0x99 });
      // The identifier is free again after the refusal.
      client.send({ ...saying(1, payload, 2), retain: true });
      await client.expect({ type: pubrec, reasonCode: 0x99 });
    }
    await subscriber.expectNothing();
    const { payloadsInvalid, retainedMessages } = broker.metrics;
    assert.deepEqual([payloadsInvalid, retainedMessages], [8, 0]);
    client.send(saying(1, Uint8Array.of(0x61), 1));
    await client.expect({ type: puback, reasonCode: 0 });
    await subscriber.expect(publish);
  });

  test('QoS 0: the connection ends with 0x99, after what came before', async () => {
    const { connected } = testBroker({ checkPayloadFormat: true });
    const subscriber = await connected({ clientId: 's' });
    await subscribe(subscriber, 't');
    const client = await connected({ clientId: 'p' });
    client.stream.cork();
    client.send(publishOf('t', 'before'));
    client.send(saying(1, invalid[0], 0));
    client.send(publishOf('t', 'after'));
    client.stream.uncork();
    await client.expect({ type: disconnect, reasonCode: 0x99 });
    await client.expectClosed();
    await subscriber.expect(publish);
    await subscriber.expectNothing();
  });

  test('text is text: U+0000, none at all, four bytes; and bytes may be anything', async () => {
    const { connected } = testBroker({ checkPayloadFormat: true });
    const client = await connected();
    await subscribe(client, 't');
    const fine = ['', 'a\0b', 'größe', '😀'].map(text => new TextEncoder().encode(text));
    for (const qos of [0, 1] as const) {
      for (const payload of fine) {
        client.send(saying(1, payload, qos));
        const properties = { payloadFormatIndicator: 1 } as const;
        await client.expect({ type: publish, payload, properties });
        if (qos === 1) await client.expect(puback);
      }
      client.send(saying(0, invalid[0], qos));
      await client.expect({ type: publish, payload: invalid[0] });
      if (qos === 1) await client.expect(puback);
      client.send(publishOf('t', '', { payload: invalid[0], qos }));
      await client.expect(publish);
      if (qos === 1) await client.expect(puback);
    }
  });

  test('a will is refused in CONNACK', async () => {
    const { client } = testBroker({ checkPayloadFormat: true });
    const properties = { payloadFormatIndicator: 1 } as const;
    const will = { topic: 't', payload: invalid[0], qos: 0, retain: false, properties } as const;
    assert.equal((await client().connect({ will })).reasonCode, 0x99);
    const { reasonCode } = await client().connect({ will: { ...will, properties: {} } });
    assert.equal(reasonCode, 0);
  });
});

test('without it, payloads pass whatever they say [MQTT-3.3.2-4]', async () => {
  const { connected } = testBroker();
  const client = await connected();
  await subscribe(client, 't', { qos: 0 });
  for (const qos of [0, 1, 2] as const) {
    client.send(saying(1, invalid[0], qos));
    const properties = { payloadFormatIndicator: 1 } as const;
    await client.expect({ type: publish, payload: invalid[0], properties });
    if (qos > 0) await client.expect(qos === 1 ? puback : pubrec);
  }
});
