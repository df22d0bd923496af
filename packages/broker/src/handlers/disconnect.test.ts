import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { testBroker } from '../testing/test-broker.ts';

const { disconnect } = PacketType;

suite('DISCONNECT with a Session Expiry Interval', () => {
  test('replaces that of CONNECT, up or down', async () => {
    for (const [before, after] of [
      [100, 10],
      [10, 100],
      [0xffffffff, 20],
    ]) {
      const { connected, broker, clock } = testBroker();
      const client = await connected({ properties: { sessionExpiryInterval: before } });
      client.send({
        type: disconnect,
        reasonCode: 0,
        properties: { sessionExpiryInterval: after },
      });
      await client.expectClosed();
      await clock.advance((after - 1) * 1000);
      assert.equal(broker.metrics.sessions, 1);
      await clock.advance(2_000);
      assert.equal(broker.metrics.sessions, 0);
    }
  });

  test('of 0 ends the session at once, which differs from none', async () => {
    const { connected, broker } = testBroker();
    const properties = { sessionExpiryInterval: 100 };
    const none = await connected({ clientId: 'a', properties });
    none.send({ type: disconnect, reasonCode: 0 });
    await none.expectClosed();
    assert.equal(broker.metrics.sessions, 1);
    const zero = await connected({ clientId: 'b', properties });
    zero.send({ type: disconnect, reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await zero.expectClosed();
    assert.equal(broker.metrics.sessions, 1);
  });

  test('may not raise it from 0: 0x82, and the session ends as it was to', async () => {
    const { connected, broker } = testBroker();
    for (const properties of [undefined, { sessionExpiryInterval: 0 }]) {
      const client = await connected({ properties });
      client.send({ type: disconnect, reasonCode: 0, properties: { sessionExpiryInterval: 1 } });
      await client.expect({ type: disconnect, reasonCode: 0x82 });
      await client.expectClosed();
      assert.equal(broker.metrics.sessions, 0);
    }
    const still = await connected();
    still.send({ type: disconnect, reasonCode: 0, properties: { sessionExpiryInterval: 0 } });
    await still.expectClosed();
  });

  test('is compared with what CONNECT said, not with what the limit made of it', async () => {
    const { connected, broker } = testBroker({ limits: { sessionExpiryMaxSeconds: 0 } });
    const client = await connected({ properties: { sessionExpiryInterval: 100 } });
    client.send({ type: disconnect, reasonCode: 0, properties: { sessionExpiryInterval: 50 } });
    await client.expectClosed();
    assert.equal(broker.metrics.sessions, 0);
  });

  test('is capped by sessionExpiryMaxSeconds', async () => {
    const { connected, broker, clock } = testBroker({ limits: { sessionExpiryMaxSeconds: 20 } });
    const client = await connected({ properties: { sessionExpiryInterval: 10 } });
    client.send({
      type: disconnect,
      reasonCode: 0,
      properties: { sessionExpiryInterval: 0xffffffff },
    });
    await client.expectClosed();
    await clock.advance(19_000);
    assert.equal(broker.metrics.sessions, 1);
    await clock.advance(2_000);
    assert.equal(broker.metrics.sessions, 0);
  });
});

suite('DISCONNECT that is none', () => {
  const faults: [string, Uint8Array, number][] = [
    ['a reason that no client may give [MQTT-3.14.2-1]', bytes`e0 01 10`, 0x81],
    ['a property that is not its own', bytes`e0 04 00 02 01 00`, 0x81],
    ['a Server Reference, which is the server’s', bytes`e0 06 00 04 1c 00 01 61`, 0x82],
    ['a Session Expiry Interval twice', bytes`e0 0c 00 0a 11 00 00 00 00 11 00 00 00 00`, 0x82],
    ['a byte too many', bytes`e0 03 00 00 00`, 0x81],
  ];
  for (const [what, sent, reasonCode] of faults) {
    test(`${what}: DISCONNECT, and it was no goodbye`, async () => {
      const { connected, broker } = testBroker();
      const will = { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false } as const;
      const client = await connected({ will });
      client.send(sent);
      await client.expect({ type: disconnect, reasonCode });
      await client.expectClosed();
      assert.equal(broker.metrics.willsPublished, 1);
    });
  }

  test('[MQTT-3.14.1-1] before 5.0 it has no body', async () => {
    const { connected, broker } = testBroker();
    const client = await connected({ protocolVersion: 4 });
    client.send(bytes`e0 01 00`);
    await client.expectClosed();
    assert.equal(broker.metrics.protocolErrors, 1);
  });
});
