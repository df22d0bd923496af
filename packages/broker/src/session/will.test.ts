import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ConnectPacket, PacketType, type QoS, type Will } from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import { subscribe, type TestBroker, testBroker, textOf } from '../testing/test-broker.ts';

const { disconnect, publish, puback, pingreq, pingresp } = PacketType;

function willOf(fields: Partial<Will> = {}): Will {
  const payload = new TextEncoder().encode('gone');
  return { topic: 'will/a', payload, qos: 0, retain: false, ...fields };
}

/** CONNECT of 'a' with a will: seconds of delay, seconds of session expiry. */
function leaver(delay: number, expiry: number, fields: Partial<Will> = {}): Partial<ConnectPacket> {
  const properties = { willDelayInterval: delay, ...fields.properties };
  return {
    clientId: 'a',
    cleanStart: false,
    will: willOf({ ...fields, properties }),
    properties: { sessionExpiryInterval: expiry },
  };
}

interface Bench extends TestBroker {
  readonly watcher: RawClient;
}

async function watched(options?: Parameters<typeof testBroker>[0]): Promise<Bench> {
  const bench = testBroker(options);
  const watcher = await bench.connected({ clientId: 'watcher' });
  await subscribe(watcher, 'will/#');
  return { ...bench, watcher };
}

async function expectWill({ watcher }: Bench): Promise<void> {
  const { topic, payload } = await watcher.expect(publish);
  assert.deepEqual([topic, new TextDecoder().decode(payload)], ['will/a', 'gone']);
  await watcher.expectNothing();
}

suite('a will without delay', () => {
  const endings: [string, (client: RawClient, bench: Bench) => unknown][] = [
    ['the network fails', client => client.stream.destroy()],
    ['the client closes without DISCONNECT', client => client.stream.end()],
    ['DISCONNECT 0x04', client => client.send({ type: disconnect, reasonCode: 4 })],
    ['DISCONNECT 0x80', client => client.send({ type: disconnect, reasonCode: 0x80 })],
    ['DISCONNECT with a reason outside the table', client => client.send(bytes`e0 01 05`)],
    ['a protocol error', client => client.send(bytes`d0 00`)],
    ['a malformed packet', client => client.send(bytes`c1 00`)],
    ['silence', async (_, { clock }) => await clock.advance(10_000)],
    ['takeover', async (_, { connected }) => await connected({ clientId: 'a' })],
  ];
  for (const [what, end] of endings) {
    test(`[MQTT-3.1.2-8] ${what}: published at once, and once`, async () => {
      const bench = await watched();
      const client = await bench.connected({ clientId: 'a', keepAlive: 5, will: willOf() });
      await bench.watcher.expectNothing();
      await end(client, bench);
      await expectWill(bench);
      await bench.clock.advance(100_000);
      await bench.watcher.expectNothing();
      assert.equal(bench.broker.metrics.willsPublished, 1);
    });
  }

  for (const protocolVersion of [3, 4, 5] as const) {
    test(`[MQTT-3.14.4-3] [MQTT-3.1.2-10] DISCONNECT 0x00 takes it back, version ${protocolVersion}`, async () => {
      const bench = await watched();
      const client = await bench.connected({ clientId: 'a', protocolVersion, will: willOf() });
      client.send({ type: disconnect, reasonCode: 0 });
      await client.expectClosed();
      await bench.clock.advance(100_000);
      await bench.watcher.expectNothing();
      assert.equal(bench.broker.metrics.willsPublished, 0);
    });
  }

  test('[MQTT-3.1.2-12] without a will there is none', async () => {
    const bench = await watched();
    (await bench.connected({ clientId: 'a' })).stream.destroy();
    await bench.watcher.expectNothing();
  });

  test('goes out though the session lives on, and not once more when that ends', async () => {
    const bench = await watched();
    (await bench.connected(leaver(0, 30))).stream.destroy();
    await expectWill(bench);
    await bench.clock.advance(60_000);
    await bench.watcher.expectNothing();
    assert.equal(bench.broker.metrics.sessions, 1); // the watcher's
  });

  test('the will is that of the last CONNECT, also when that has none', async () => {
    const bench = await watched();
    await bench.connected(leaver(100, 1000));
    const second = await bench.connected({ ...leaver(0, 1000), will: undefined });
    second.stream.destroy();
    await bench.clock.advance(2_000_000);
    await bench.watcher.expectNothing();
  });
});

suite('a will with delay', () => {
  test('[MQTT-3.1.2-8] goes out when the delay has passed, and not again when the session ends', async () => {
    const bench = await watched();
    (await bench.connected(leaver(10, 100))).stream.destroy();
    await bench.clock.advance(9_900);
    await bench.watcher.expectNothing();
    await bench.clock.advance(2_000);
    await expectWill(bench);
    await bench.clock.advance(200_000);
    await bench.watcher.expectNothing();
    assert.equal(bench.broker.metrics.willsPublished, 1);
  });

  test('published by its delay, it is not published again by Clean Start 1', async () => {
    const bench = await watched();
    (await bench.connected(leaver(10, 100))).stream.destroy();
    await bench.clock.advance(12_000);
    await expectWill(bench);
    await bench.connected({ clientId: 'a', cleanStart: true });
    await bench.watcher.expectNothing();
  });

  for (const [delay, expiry] of [
    [100, 10],
    [10, 10],
  ] as const) {
    test(`[MQTT-3.1.2-8] ${delay} s, session expiry ${expiry} s: with the end of the session`, async () => {
      const bench = await watched();
      (await bench.connected(leaver(delay, expiry))).stream.destroy();
      await bench.clock.advance(9_900);
      await bench.watcher.expectNothing();
      await bench.clock.advance(2_000);
      await expectWill(bench);
      await bench.clock.advance(200_000);
      await bench.watcher.expectNothing();
    });
  }

  test('and session expiry 0: at once', async () => {
    const bench = await watched();
    (await bench.connected(leaver(100, 0))).stream.destroy();
    await expectWill(bench);
  });

  test('and a session that DISCONNECT ends with a reason of its own: at once', async () => {
    const bench = await watched();
    const client = await bench.connected(leaver(100, 100));
    const properties = { sessionExpiryInterval: 0 };
    client.send({ type: disconnect, reasonCode: 4, properties });
    await expectWill(bench);
  });

  test('[MQTT-3.1.3-9] coming back in time calls it off for good', async () => {
    const bench = await watched();
    (await bench.connected(leaver(10, 100))).stream.destroy();
    await bench.clock.advance(9_000);
    const back = await bench.connected({ ...leaver(0, 100), will: undefined });
    await bench.clock.advance(60_000);
    await bench.watcher.expectNothing();
    back.stream.destroy();
    await bench.clock.advance(200_000);
    await bench.watcher.expectNothing();
    assert.equal(bench.broker.metrics.willsPublished, 0);
  });

  test('[MQTT-3.1.2-4] coming back with Clean Start 1 ends the session, so it goes out', async () => {
    const bench = await watched();
    (await bench.connected(leaver(10, 100))).stream.destroy();
    await bench.clock.advance(5_000);
    await bench.connected({ clientId: 'a', cleanStart: true });
    await expectWill(bench);
    await bench.clock.advance(200_000);
    await bench.watcher.expectNothing();
  });

  test('goes out for ever-lasting sessions, of clients that never come back', async () => {
    const bench = await watched();
    (await bench.connected(leaver(600, 0xffffffff))).stream.destroy();
    await bench.clock.advance(599_000);
    await bench.watcher.expectNothing();
    await bench.clock.advance(2_000);
    await expectWill(bench);
  });

  test('a client that keeps coming back gets its messages, and nobody its will', async () => {
    const bench = await watched();
    const first = await bench.connected(leaver(10, 100));
    await subscribe(first, 't', { qos: 1 });
    first.stream.destroy();
    for (let round = 0; round < 5; round += 1) {
      await bench.clock.advance(5_000);
      bench.broker.publish('t', `${round}`, { qos: 1 });
      const client = await bench.connected(leaver(10, 100));
      const message = await client.expect({ type: publish, dup: false });
      assert.equal(textOf(message), `${round}`);
      client.send({ type: puback, packetId: message.packetId, reasonCode: 0 });
      await client.expectNothing();
      client.stream.destroy();
    }
    await bench.watcher.expectNothing();
  });
});

suite('a will in a takeover', () => {
  const cases: [delay: number, expiry: number, cleanStart: boolean, isPublished: boolean][] = [
    [0, 100, false, true],
    [0, 0, false, true],
    [10, 0, false, true],
    [10, 100, true, true],
    [10, 100, false, false],
  ];
  for (const [delay, expiry, cleanStart, isPublished] of cases) {
    const outcome = isPublished ? 'goes out' : 'is withheld';
    test(`[MQTT-3.1.4-3] delay ${delay}, expiry ${expiry}, Clean Start ${cleanStart}: ${outcome}`, async () => {
      const bench = await watched();
      const first = await bench.connected(leaver(delay, expiry));
      const second = await bench.connected({ clientId: 'a', cleanStart });
      await first.expect({ type: disconnect, reasonCode: 0x8e });
      await first.expectClosed();
      if (isPublished) await expectWill(bench);
      await bench.clock.advance(500_000);
      await bench.watcher.expectNothing();
      second.send({ type: pingreq });
      await second.expect(pingresp);
      assert.equal(bench.broker.metrics.willsPublished, isPublished ? 1 : 0);
    });
  }

  test('the older socket’s late close does not fire the newer one’s will', async () => {
    const bench = await watched();
    const first = await bench.connected({ clientId: 'a', will: willOf({ topic: 'will/old' }) });
    first.stream.pause();
    await bench.connected(leaver(0, 100));
    await bench.watcher.expect({ type: publish, topic: 'will/old' });
    first.stream.destroy();
    await bench.clock.advance(60_000);
    await bench.watcher.expectNothing();
  });
});

suite('the message of a will', () => {
  test('[MQTT-3.1.2-7] has topic, payload, QoS and properties of CONNECT, without the delay', async () => {
    const bench = await watched();
    const properties = {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 300,
      contentType: 'text/plain',
      responseTopic: 'reply',
      correlationData: bytes`00 ff`,
      // [MQTT-3.1.3-10] in this order
      userProperties: [
        ['b', '1'],
        ['a', '2'],
        ['b', '0'],
      ],
    } as const;
    (await bench.connected(leaver(10, 100, { qos: 2, properties }))).stream.destroy();
    await bench.clock.advance(12_000);
    const message = await bench.watcher.expect({
      type: publish,
      topic: 'will/a',
      qos: 2,
      dup: false,
    });
    assert.deepEqual({ ...message.properties }, properties);
  });

  for (const qos of [0, 1, 2] as QoS[]) {
    test(`[MQTT-3.8.4-8] with QoS ${qos} is delivered with the lesser of that and what was granted`, async () => {
      const bench = await watched();
      const modest = await bench.connected({ clientId: 'modest', protocolVersion: 4 });
      await subscribe(modest, 'will/a', { qos: 1 });
      const client = await bench.connected({ clientId: 'a', will: willOf({ qos }) });
      client.stream.destroy();
      await bench.watcher.expect({ type: publish, qos, retain: false });
      await modest.expect({ type: publish, qos: Math.min(qos, 1) as QoS, retain: false });
    });
  }

  test('[MQTT-3.1.2-15] is retained when Will Retain says so, else not [MQTT-3.1.2-14]', async () => {
    for (const retain of [true, false]) {
      const bench = await watched();
      const client = await bench.connected({ clientId: 'a', will: willOf({ retain, qos: 1 }) });
      client.stream.destroy();
      await bench.watcher.expect({ type: publish, retain: false }); // [MQTT-3.3.1-12]
      const late = await bench.connected();
      await subscribe(late, 'will/a');
      if (retain) await late.expect({ type: publish, retain: true, qos: 1 });
      else await late.expectNothing();
    }
  });

  test('with an empty payload and Will Retain takes away what was retained', async () => {
    const bench = await watched();
    bench.broker.publish('will/a', 'old', { retain: true });
    await bench.watcher.expect(publish);
    const empty = willOf({ retain: true, payload: new Uint8Array(0) });
    (await bench.connected({ clientId: 'a', will: empty })).stream.destroy();
    await bench.watcher.expect({ type: publish, payload: new Uint8Array(0) });
    assert.equal(bench.broker.metrics.retainedMessages, 0);
  });

  test('waits for those who are away, in front of what is published after it', async () => {
    const bench = await watched();
    const away = await bench.connected({
      clientId: 'away',
      properties: { sessionExpiryInterval: 100 },
    });
    await subscribe(away, 'will/#', { qos: 1 });
    away.stream.destroy();
    (await bench.connected({ clientId: 'a', will: willOf({ qos: 1 }) })).stream.destroy();
    await bench.settle();
    bench.broker.publish('will/b', 'after', { qos: 1 });
    const back = await bench.connected({ clientId: 'away', cleanStart: false });
    await back.expect({ type: publish, topic: 'will/a' });
    await back.expect({ type: publish, topic: 'will/b' });
  });

  test('is not for the session that ends with it: another member of its group gets it', async () => {
    const bench = testBroker();
    const properties = { sessionExpiryInterval: 100 };
    const member = await bench.connected({ clientId: 'member', properties });
    await subscribe(member, '$share/g/will/a', { qos: 1 });
    member.stream.destroy();
    for (let count = 0; count < 4; count += 1) {
      const client = await bench.connected({ clientId: 'a', will: willOf({ qos: 1 }) });
      await subscribe(client, '$share/g/will/a', { qos: 1 });
      client.stream.destroy();
      await bench.settle();
    }
    const back = await bench.connected({ clientId: 'member', cleanStart: false });
    for (let count = 0; count < 4; count += 1) {
      await back.expect({ type: publish, topic: 'will/a' });
    }
  });

  test('reaches onPublish; a hook that throws there stops neither the session’s end nor time', async () => {
    let calls = 0;
    const faults: string[] = [];
    const bench = await watched({
      hooks: {
        onPublish() {
          calls += 1;
          throw new Error('a fault');
        },
        onProtocolError: (_, code, message) => void faults.push(`${code} ${message}`),
      },
    });
    const first = await bench.connected(leaver(5, 10));
    await subscribe(first, 't');
    first.stream.destroy();
    (await bench.connected({ clientId: 'b', will: willOf() })).stream.destroy();
    await bench.clock.advance(60_000);
    assert.equal(calls, 2);
    assert.deepEqual(faults, Array(2).fill('131 Error: a fault'));
    assert.equal(bench.broker.metrics.sessions, 1);
    assert.equal(bench.broker.metrics.subscriptions, 1);
    assert.equal(bench.broker.metrics.connectionsOpen, 1);
  });
});
