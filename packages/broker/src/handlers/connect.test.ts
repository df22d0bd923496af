import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type ConnectPacket,
  encodePacket,
  PacketType,
  type ProtocolVersion,
} from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import { subscribe, testBroker } from '../testing/test-broker.ts';

const { connect, connack, disconnect, publish } = PacketType;
const versions: readonly ProtocolVersion[] = [3, 4, 5];

function connectOf(fields: Partial<ConnectPacket>): ConnectPacket {
  return {
    type: connect,
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 0,
    clientId: 'a',
    ...fields,
  };
}

suite('CONNECT that is no CONNECT', () => {
  test('[MQTT-3.1.2-2] an unknown version is answered in the format nearest to it', async () => {
    const { client } = testBroker();
    const answers: [number, Uint8Array][] = [
      [0, bytes`20 02 00 01`],
      [2, bytes`20 02 00 01`],
      [6, bytes`20 03 00 84 00`],
      [255, bytes`20 03 00 84 00`],
    ];
    for (const [level, answer] of answers) {
      const raw = client();
      raw.send(bytes`10 0d 00 04 4d 51 54 54 ${level} 02 00 00 00 01 61`);
      await raw.expectBytes(answer);
      await raw.expectClosed();
    }
  });

  test('[MQTT-3.1.2-1] another protocol name: 0x84 in 5.0, 1 before', async () => {
    const { client } = testBroker();
    const five = client();
    five.send(bytes`10 0d 00 04 48 54 54 50 05 02 00 00 00 01 61`);
    await five.expectBytes(bytes`20 03 00 84 00`);
    await five.expectClosed();
    const four = client();
    four.send(bytes`10 0d 00 04 6d 71 74 74 04 02 00 00 00 01 61`);
    await four.expectBytes(bytes`20 02 00 01`);
    await four.expectClosed();
  });

  test('[MQTT-3.1.4-1] a malformed one: 0x81 in 5.0', async () => {
    const { client } = testBroker();
    const malformed = [
      bytes`10 0e 00 04 4d 51 54 54 05 03 00 00 00 00 01 61`, // reserved flag [MQTT-3.1.2-3]
      bytes`10 0d 00 04 4d 51 54 54 05 02 00 00 00 00 02`, // identifier is cut off
      bytes`10 0f 00 04 4d 51 54 54 05 02 00 00 00 00 01 61 00`, // a byte too many
      bytes`10 0e 00 04 4d 51 54 54 05 1a 00 00 00 00 01 61`, // Will QoS without a will
      bytes`10 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 ff`, // ill-formed [MQTT-1.5.4-1]
      bytes`10 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 00`, // U+0000 [MQTT-1.5.4-2]
    ];
    for (const packet of malformed) {
      const raw = client();
      raw.send(packet);
      await raw.expectBytes(bytes`20 03 00 81 00`);
      await raw.expectClosed();
    }
  });

  test('[MQTT-3.2.2-6] a malformed one in 3.1.1, or with no version at all: the end, unanswered', async () => {
    const { client, broker } = testBroker();
    const malformed = [
      bytes`10 0d 00 04 4d 51 54 54 04 03 00 00 00 01 61`,
      bytes`10 0c 00 04 4d 51 54 54 04 02 00 00 00 02`,
      bytes`10 00`,
      bytes`10 01 00`,
      bytes`10 02 ff ff`,
    ];
    for (const packet of malformed) {
      const raw = client();
      raw.send(packet);
      await raw.expectClosed();
    }
    assert.equal(broker.metrics.protocolErrors, malformed.length);
    assert.equal(broker.metrics.sessions, 0);
  });

  test('[MQTT-2.1.3-1] wrong flags of the fixed header: the end, unanswered', async () => {
    const raw = testBroker().client();
    raw.send(bytes`11 0e 00 04 4d 51 54 54 05 02 00 00 00 00 01 61`);
    await raw.expectClosed();
  });
});

suite('client identifiers', () => {
  test('[MQTT-3.1.3-5] one to 23 letters and digits, and longer or others too, in every version', async () => {
    const { connected } = testBroker();
    for (const protocolVersion of versions) {
      for (const clientId of ['a', '0123456789ABCDEFGHIJabc', 'x'.repeat(1000), 'ä/é 茶']) {
        await connected({ protocolVersion, clientId });
      }
    }
  });

  test('[MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16] an empty one in 5.0 is assigned, whatever Clean Start says', async () => {
    const { client, broker } = testBroker();
    const assigned = new Set<string>();
    for (const cleanStart of [true, false]) {
      for (let count = 0; count < 3; count += 1) {
        const { properties } = await client().connect({ cleanStart });
        assigned.add(properties!.assignedClientIdentifier!);
      }
    }
    assert.equal(assigned.size, 6);
    assert.equal(broker.metrics.sessions, 6);
  });

  test('[MQTT-3.1.3-7] an assigned one leads back to its session', async () => {
    const { connected, client } = testBroker();
    const properties = { sessionExpiryInterval: 100 };
    const first = client();
    const answer = await first.connect({ properties });
    const clientId = answer.properties!.assignedClientIdentifier!;
    await subscribe(first, 't');
    const again = client();
    const resumed = await again.connect({ clientId, cleanStart: false, properties });
    assert.equal(resumed.sessionPresent, true);
    assert.equal(resumed.properties!.assignedClientIdentifier, undefined);
    await connected();
  });

  test('[MQTT-3.1.3-8] an empty one in 3.1.1 needs Clean Session, in 3.1 it is never valid', async () => {
    const { client } = testBroker();
    const allowed = await client(4).connect({ cleanStart: true });
    assert.equal(allowed.reasonCode, 0);
    for (const [version, cleanStart] of [
      [4, false],
      [3, true],
      [3, false],
    ] as const) {
      const raw = client(version);
      raw.send(connectOf({ protocolVersion: version, cleanStart, clientId: '' }));
      await raw.expectBytes(bytes`20 02 00 02`);
      await raw.expectClosed();
    }
  });

  test('[MQTT-3.1.3-2] the same one in two versions is the same session', async () => {
    const { client } = testBroker();
    await client(4).connect({ clientId: 'a', cleanStart: false });
    const resumed = await client(5).connect({ clientId: 'a', cleanStart: false });
    assert.equal(resumed.sessionPresent, true);
  });
});

suite('what is agreed on', () => {
  test('[MQTT-3.1.4-5] CONNACK states what differs from the defaults of the protocol', async () => {
    const { client } = testBroker();
    const { properties, ...connack5 } = await client().connect({ clientId: 'a' });
    assert.deepEqual(connack5, { type: connack, sessionPresent: false, reasonCode: 0 });
    assert.deepEqual({ ...properties }, { receiveMaximum: 1024, topicAliasMaximum: 32 });
  });

  test('limits that are off or small are declared; Maximum QoS 2 never is', async () => {
    const limits = {
      receiveMaximum: 65_535,
      topicAliasMaximum: 0,
      maximumQoS: 1,
      packetBytesMax: 1_000_000,
    } as const;
    const { properties } = await testBroker({ limits }).client().connect({ clientId: 'a' });
    assert.deepEqual({ ...properties }, { maximumQoS: 1, maximumPacketSize: 1_000_000 });
  });

  test('[MQTT-3.2.0-1] before 5.0 CONNACK is two bytes, whatever the limits', async () => {
    const { client } = testBroker({ limits: { keepAliveMaxSeconds: 60, maximumQoS: 0 } });
    for (const protocolVersion of [3, 4] as const) {
      const raw = client(protocolVersion);
      raw.send(connectOf({ protocolVersion }));
      await raw.expectBytes(bytes`20 02 00 00`);
    }
  });

  test('[MQTT-3.2.2-22] keepAliveMaxSeconds is imposed by Server Keep Alive, and then counts', async () => {
    const { client, clock } = testBroker({ limits: { keepAliveMaxSeconds: 60 } });
    for (const [wanted, imposed] of [
      [0, 60],
      [61, 60],
      [60, undefined],
      [5, undefined],
    ] as const) {
      const raw = client();
      const { properties } = await raw.connect({ keepAlive: wanted });
      assert.equal(properties!.serverKeepAlive, imposed);
      const seconds = imposed ?? wanted;
      await clock.advance(seconds * 1500);
      await raw.expectNothing();
      await clock.advance(2000);
      await raw.expect({ type: disconnect, reasonCode: 0x8d });
    }
  });

  test('a client before 5.0, which cannot be told, keeps the keep alive it asked for', async () => {
    const { client, clock } = testBroker({ limits: { keepAliveMaxSeconds: 10 } });
    const [none, long] = [client(4), client(4)];
    await none.connect({ clientId: 'none', keepAlive: 0 });
    await long.connect({ clientId: 'long', keepAlive: 100 });
    await clock.advance(150_000);
    await none.expectNothing();
    await long.expectNothing();
    await clock.advance(2_000);
    await none.expectNothing();
    await long.expectClosed();
  });

  test('sessionExpiryMaxSeconds caps what the client wants, and CONNACK says so', async () => {
    const { client } = testBroker({ limits: { sessionExpiryMaxSeconds: 100 } });
    for (const [wanted, granted] of [
      [undefined, undefined],
      [0, undefined],
      [100, undefined],
      [101, 100],
      [0xffffffff, 100],
    ] as const) {
      const properties = wanted === undefined ? {} : { sessionExpiryInterval: wanted };
      const answer = await client().connect({ properties });
      assert.equal(answer.properties!.sessionExpiryInterval, granted);
    }
  });

  test('[MQTT-3.1.2-24] a CONNACK that the client cannot take: 0x95, and nothing has changed', async () => {
    const hooked: string[] = [];
    const { client, connected, broker } = testBroker({
      hooks: {
        onConnect: ({ clientId }) => void hooked.push(`+${clientId}`),
        onDisconnect: ({ clientId }) => void hooked.push(`-${clientId}`),
      },
    });
    const first = await connected({ clientId: 'a' });
    const will = { topic: 'will', payload: new Uint8Array(1), qos: 0, retain: false } as const;
    for (const maximumPacketSize of [5, 10]) {
      const raw = client();
      raw.send(connectOf({ will, properties: { maximumPacketSize } }));
      await raw.expectBytes(bytes`20 03 00 95 00`);
      await raw.expectClosed();
    }
    const deaf = client();
    deaf.send(connectOf({ clientId: 'deaf', properties: { maximumPacketSize: 4 } }));
    await deaf.expectClosed();
    await first.expectNothing();
    assert.deepEqual(hooked, ['+a']);
    assert.equal(broker.metrics.sessions, 1);
    assert.equal(broker.metrics.takeovers, 0);
    assert.equal(broker.metrics.willsPublished, 0);
    await connected({ clientId: 'b', properties: { maximumPacketSize: 11 } });
  });
});

suite('refusals', () => {
  test('[MQTT-3.2.2-7] [MQTT-3.1.4-6] the answer, then the end; what follows is not looked at', async () => {
    const { client, broker } = testBroker();
    const raw = client();
    const refused = encodePacket(connectOf({ properties: { authenticationMethod: 'SCRAM' } }), 5)!;
    raw.send(Uint8Array.of(...refused, ...bytes`30 05 00 01 74 00 78`));
    await raw.expect({ type: connack, reasonCode: 0x8c, sessionPresent: false }); // [MQTT-4.12.0-1]
    await raw.expectClosed();
    assert.equal(broker.metrics.messagesReceived, 0);
    assert.equal(broker.metrics.sessions, 0);
  });

  test('[MQTT-3.2.2-12] a will above the highest QoS: 0x9B', async () => {
    const { client } = testBroker({ limits: { maximumQoS: 1 } });
    const will = { topic: 'w', payload: new Uint8Array(0), retain: false };
    const raw = client();
    raw.send(connectOf({ will: { ...will, qos: 2 } }));
    await raw.expect({ type: connack, reasonCode: 0x9b });
    await raw.expectClosed();
    await client().connect({ will: { ...will, qos: 1 } });
  });

  test('a will topic of more than topicLevelsMax levels: 0x90', async () => {
    const { client } = testBroker({ limits: { topicLevelsMax: 3 } });
    const will = { payload: new Uint8Array(0), qos: 0, retain: false } as const;
    const raw = client();
    raw.send(connectOf({ will: { ...will, topic: 'a/b/c/d' } }));
    await raw.expect({ type: connack, reasonCode: 0x90 });
    await client().connect({ will: { ...will, topic: 'a/b/c' } });
  });

  test('a session beyond sessionsMax: 0x97 (3.x: 3); who has one may come back', async () => {
    const { client, connected } = testBroker({ limits: { sessionsMax: 2 } });
    const properties = { sessionExpiryInterval: 100 };
    await connected({ clientId: 'a', properties });
    await connected({ clientId: 'b', properties });
    const third = client();
    third.send(connectOf({ clientId: 'c' }));
    await third.expect({ type: connack, reasonCode: 0x97 });
    await third.expectClosed();
    const old = client(4);
    old.send(connectOf({ clientId: 'c', protocolVersion: 4 }));
    await old.expectBytes(bytes`20 02 00 03`);
    await old.expectClosed();
    const back = await client().connect({ clientId: 'a', cleanStart: false });
    assert.equal(back.sessionPresent, true);
    await connected({ clientId: 'b', cleanStart: true });
  });

  test('sessionsMax also holds among those who are asked about at the same time', async () => {
    const answers: ((answer: true) => void)[] = [];
    const { client, broker, settle } = testBroker({
      limits: { sessionsMax: 1 },
      hooks: { authenticate: () => new Promise(resolve => void answers.push(resolve)) },
    });
    const [first, second] = [client(), client()];
    first.send(connectOf({ clientId: 'a' }));
    second.send(connectOf({ clientId: 'b' }));
    await settle();
    for (const answer of answers) answer(true);
    await first.expect({ type: connack, reasonCode: 0 });
    await second.expect({ type: connack, reasonCode: 0x97 });
    assert.equal(broker.metrics.sessions, 1);
  });

  test('[MQTT-3.2.2-13] a retained will is kept: retaining is supported', async () => {
    const { connected } = testBroker();
    const will = { topic: 'w', payload: Uint8Array.of(1), qos: 0, retain: true } as const;
    const leaver = await connected({ will });
    leaver.stream.destroy();
    const late = await connected();
    await subscribe(late, 'w');
    await late.expect({ type: publish, topic: 'w', retain: true });
  });
});
