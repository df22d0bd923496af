import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ConnectPacket, ProtocolVersion } from '@godwit/protocol';
import { PacketType } from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import { publishOf, subscribe, type TestBroker, testBroker } from '../testing/test-broker.ts';

const { disconnect, publish, puback } = PacketType;
const versions: readonly ProtocolVersion[] = [3, 4, 5];
const forEver = 0xffffffff;

/** Connects as 'a' and subscribes, so that a session shows by what it delivers. */
async function withSession(
  { connected }: TestBroker,
  connect: Partial<ConnectPacket>,
): Promise<RawClient> {
  const client = await connected({ clientId: 'a', ...connect });
  await subscribe(client, 't', { qos: 1 });
  return client;
}

/** Whether 'a' finds its session again, by Session Present and by what the session delivers. */
async function isPresent({ client, broker }: TestBroker): Promise<boolean> {
  const raw = client();
  const { sessionPresent } = await raw.connect({ clientId: 'a', cleanStart: false });
  broker.publish('t', '');
  if (sessionPresent) await raw.expect(publish);
  else await raw.expectNothing();
  return sessionPresent;
}

function expiry(sessionExpiryInterval: number): Partial<ConnectPacket> {
  return { properties: { sessionExpiryInterval } };
}

suite('Clean Start and Session Present', () => {
  for (const version of [4, 5] as const) {
    test(`[MQTT-3.2.2-2] [MQTT-3.2.2-3] version ${version}: present only if it is kept and wanted`, async () => {
      const { client, settle } = testBroker();
      const kept = version === 5 ? expiry(forEver) : {};
      const present: boolean[] = [];
      for (const cleanStart of [false, false, true, false]) {
        const raw = client(version);
        const answer = await raw.connect({ clientId: 'a', cleanStart, ...kept });
        present.push(answer.sessionPresent);
        raw.stream.destroy();
        await settle();
      }
      // Clean Session 1 of 3.1.1 also means that nothing is kept afterwards
      assert.deepEqual(present, [false, true, false, version === 5]);
    });
  }

  test('3.1 has no Session Present, but the session is there', async () => {
    const { client, broker, settle } = testBroker();
    const first = client(3);
    await first.connect({ clientId: 'a', cleanStart: false });
    await subscribe(first, 't', { qos: 1 });
    first.stream.destroy();
    await settle();
    const second = client(3);
    second.send({
      type: PacketType.connect,
      protocolVersion: 3,
      clientId: 'a',
      cleanStart: false,
      keepAlive: 0,
    });
    await second.expectBytes(bytes`20 02 00 00`);
    broker.publish('t', '', { qos: 1 });
    await second.expect({ type: publish, qos: 1 });
  });

  test('[MQTT-3.1.2-4] Clean Start 1 ends an earlier session with all that it had', async () => {
    const { connected, broker, settle } = testBroker();
    const first = await connected({ clientId: 'a', ...expiry(forEver) });
    await subscribe(first, 't', { qos: 1 });
    first.stream.destroy();
    await settle();
    broker.publish('t', 'waits', { qos: 1 });
    const second = await connected({ clientId: 'a', cleanStart: true });
    broker.publish('t', 'comes', { qos: 1 });
    await second.expectNothing();
    assert.equal(broker.metrics.sessions, 1);
    assert.equal(broker.metrics.subscriptions, 0);
  });

  test('[MQTT-3.1.2-7] retained messages are no part of a session and survive it', async () => {
    const { connected } = testBroker();
    const first = await connected({ clientId: 'a' });
    first.send(publishOf('t', 'kept', { retain: true }));
    first.send({ type: disconnect, reasonCode: 0 });
    await first.expectClosed();
    const second = await connected({ clientId: 'a' });
    await subscribe(second, 't');
    await second.expect({ type: publish, retain: true });
  });

  test('[MQTT-3.1.2-5] resuming keeps subscriptions and sends no retained messages again', async () => {
    const { connected, broker, settle } = testBroker();
    const first = await connected({ clientId: 'a', ...expiry(forEver) });
    broker.publish('t', 'retained', { retain: true });
    await subscribe(first, 't');
    await first.expect({ type: publish, retain: true });
    first.stream.destroy();
    await settle();
    const second = await connected({ clientId: 'a', cleanStart: false });
    await second.expectNothing();
    broker.publish('t', 'live');
    await second.expect({ type: publish, retain: false });
  });
});

suite('session expiry', () => {
  test('[MQTT-3.1.2-23] 5.0 without an interval: the session ends with the connection', async () => {
    const bench = testBroker();
    const first = await withSession(bench, { cleanStart: false });
    first.stream.destroy();
    await bench.settle();
    assert.equal(bench.broker.metrics.sessions, 0);
    assert.equal(bench.broker.metrics.subscriptions, 0);
    assert.equal(await isPresent(bench), false);
  });

  test('[MQTT-4.1.0-2] a finite interval counts from the end of the connection', async () => {
    const bench = testBroker();
    const first = await withSession(bench, expiry(600));
    await bench.clock.advance(10_000_000); // [MQTT-4.1.0-1]
    first.stream.destroy();
    await bench.clock.advance(599_000);
    assert.equal(bench.broker.metrics.sessions, 1);
    await bench.clock.advance(2_000);
    assert.equal(bench.broker.metrics.sessions, 0);
    assert.equal(bench.broker.metrics.subscriptions, 0);
    assert.equal(await isPresent(bench), false);
  });

  test('coming back in time stops the countdown, and the new CONNECT says how long the next is', async () => {
    const bench = testBroker();
    const first = await withSession(bench, expiry(60));
    first.stream.destroy();
    await bench.clock.advance(59_000);
    const second = await bench.connected({ clientId: 'a', cleanStart: false, ...expiry(10) });
    await bench.clock.advance(100_000);
    assert.equal(bench.broker.metrics.sessions, 1);
    second.stream.destroy();
    await bench.clock.advance(12_000);
    assert.equal(bench.broker.metrics.sessions, 0);
  });

  test('0xFFFFFFFF never expires; neither does Clean Session 0 before 5.0', async () => {
    for (const version of versions) {
      const bench = testBroker();
      const properties = version === 5 ? expiry(forEver) : {};
      const first = await withSession(bench, {
        protocolVersion: version,
        cleanStart: false,
        ...properties,
      });
      first.stream.destroy();
      await bench.clock.advance(3_000_000);
      assert.equal(await isPresent(bench), true);
    }
  });

  test('[MQTT-3.1.2-6] Clean Session 1 before 5.0 ends with the connection', async () => {
    for (const version of [3, 4] as const) {
      const bench = testBroker();
      const first = await withSession(bench, { protocolVersion: version });
      first.send({ type: disconnect, reasonCode: 0 });
      await first.expectClosed();
      assert.equal(bench.broker.metrics.sessions, 0);
    }
  });

  test('sessionExpiryMaxSeconds holds for every version', async () => {
    for (const version of versions) {
      const bench = testBroker({ limits: { sessionExpiryMaxSeconds: 100 } });
      const properties = version === 5 ? expiry(forEver) : {};
      const first = await withSession(bench, {
        protocolVersion: version,
        cleanStart: false,
        ...properties,
      });
      first.stream.destroy();
      await bench.clock.advance(99_000);
      assert.equal(bench.broker.metrics.sessions, 1);
      await bench.clock.advance(2_000);
      assert.equal(bench.broker.metrics.sessions, 0);
    }
  });

  test('what waited for a session that expired is gone with it', async () => {
    const bench = testBroker();
    const first = await withSession(bench, expiry(10));
    first.stream.destroy();
    await bench.settle();
    bench.broker.publish('t', 'x', { qos: 1 });
    await bench.clock.advance(12_000);
    assert.equal(await isPresent(bench), false);
    assert.equal(bench.broker.publish('t', 'x', { qos: 1 }), false);
  });
});

suite('takeover', () => {
  for (const older of versions) {
    for (const newer of versions) {
      test(`[MQTT-3.1.4-3] ${older} by ${newer}: 0x8E in 5.0, before that a silent end`, async () => {
        const { connected, broker } = testBroker();
        const first = await connected({ clientId: 'a', protocolVersion: older });
        const second = await connected({ clientId: 'a', protocolVersion: newer });
        if (older === 5) await first.expect({ type: disconnect, reasonCode: 0x8e });
        await first.expectClosed();
        await second.expectNothing();
        assert.equal(broker.metrics.takeovers, 1);
        assert.equal(broker.metrics.sessions, 1);
        assert.equal(broker.metrics.connectionsOpen, 1);
      });
    }
  }

  test('Session Present tells whether the older session outlives its connection', async () => {
    for (const [interval, isKept] of [
      [0, false],
      [1, true],
      [forEver, true],
    ] as const) {
      const bench = testBroker();
      await withSession(bench, expiry(interval));
      assert.equal(await isPresent(bench), isKept);
    }
  });

  test('what was in flight on the older connection is sent again on the newer', async () => {
    const bench = testBroker();
    const first = await withSession(bench, expiry(60));
    bench.broker.publish('t', 'x', { qos: 1 });
    const { packetId } = await first.expect({ type: publish, dup: false });
    const second = await bench.connected({ clientId: 'a', cleanStart: false, ...expiry(60) });
    await second.expect({ type: publish, dup: true, packetId });
    await first.expect({ type: disconnect, reasonCode: 0x8e });
  });

  test('the older socket, closing late, ends neither the session nor its connection', async () => {
    const bench = testBroker();
    const first = await withSession(bench, expiry(60));
    first.stream.pause();
    const second = await bench.connected({ clientId: 'a', cleanStart: false, ...expiry(0) });
    assert.equal(bench.broker.metrics.connectionsOpen, 2);
    first.send({ type: disconnect, reasonCode: 0 });
    first.stream.destroy();
    await bench.clock.advance(10_000);
    assert.equal(bench.broker.metrics.connectionsOpen, 1);
    bench.broker.publish('t', 'x', { qos: 1 });
    const { packetId } = await second.expect(publish);
    second.send({ type: puback, packetId, reasonCode: 0 });
    await second.expectNothing();
    assert.equal(bench.broker.metrics.sessions, 1);
  });

  test('a hundred in a row leave one connection and one session', async () => {
    const { client, broker, clock } = testBroker();
    for (let count = 0; count < 100; count += 1) {
      client().send({
        type: PacketType.connect,
        protocolVersion: 5,
        cleanStart: count % 3 === 0,
        keepAlive: 0,
        clientId: 'a',
        ...expiry(count % 2),
      });
    }
    await clock.advance(1_000);
    assert.equal(broker.metrics.takeovers, 99);
    assert.equal(broker.metrics.connectionsOpen, 1);
    assert.equal(broker.metrics.sessions, 1);
  });

  test('onDisconnect of the older comes before onConnect of the newer', async () => {
    const calls: string[] = [];
    const { connected } = testBroker({
      hooks: {
        onConnect: ({ protocolVersion }) => void calls.push(`connect ${protocolVersion}`),
        onDisconnect: ({ protocolVersion }, { reasonCode }) =>
          void calls.push(`disconnect ${protocolVersion} ${reasonCode}`),
      },
    });
    await connected({ clientId: 'a', protocolVersion: 4 });
    await connected({ clientId: 'a' });
    assert.deepEqual(calls, ['connect 4', 'disconnect 4 142', 'connect 5']);
  });
});
