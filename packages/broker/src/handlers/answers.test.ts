import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ConnackProperties, type ConnectPacket, PacketType } from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import type {
  AuthenticateAnswer,
  Awaitable,
  PublishAnswer,
  SubscribeAnswer,
  Welcome,
} from '../hooks.ts';
import { publishOf, subscribe, testBroker, textOf } from '../testing/test-broker.ts';

const { connack, connect, disconnect, puback, pubrec, publish, suback } = PacketType;

const packet: ConnectPacket = {
  type: connect,
  protocolVersion: 5,
  cleanStart: true,
  keepAlive: 0,
  clientId: 'a',
};

function ways<T>(answer: T): [string, () => Awaitable<T>][] {
  return [
    ['at once', () => answer],
    ['later', async () => answer],
  ];
}

/** Sends SUBSCRIBE for filters `0`, `1` … with QoS 2 each. */
function subscribeTo(client: RawClient, count: number, qos: 0 | 1 | 2 = 2): void {
  const subscriptions = Array.from({ length: count }, (_, i) => ({
    filter: `${i}`,
    qos,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0 as const,
  }));
  client.send({ type: PacketType.subscribe, packetId: 1, subscriptions });
}

suite('authenticate', () => {
  for (const [way, authenticate] of ways<AuthenticateAnswer>({
    reasonCode: 0x9d,
    serverReference: 'other.example:1883',
    reasonString: 'moved',
    userProperties: [['k', 'v']],
  })) {
    test(`[MQTT-3.2.2-7] sends to another server, ${way}`, async () => {
      const { client } = testBroker({ hooks: { authenticate } });
      const raw = client();
      raw.send(packet);
      const { properties } = await raw.expect({ type: connack, reasonCode: 0x9d });
      assert.deepEqual(properties, {
        serverReference: 'other.example:1883',
        reasonString: 'moved',
        userProperties: [['k', 'v']],
      });
      await raw.expectClosed();
      const four = client(4);
      four.send({ ...packet, protocolVersion: 4 });
      await four.expectBytes(bytes`20 02 00 03`);
      await four.expectClosed();
    });
  }

  test('the reference goes even to a client that wants no explanation, and goes where it fits', async () => {
    const serverReference = 'x'.repeat(40);
    const { client } = testBroker({
      hooks: { authenticate: () => ({ reasonCode: 0x9c, serverReference, reasonString: 'y' }) },
    });
    const outcomes: [ConnectPacket['properties'], ConnackProperties | undefined][] = [
      [{ requestProblemInformation: false }, { serverReference }],
      [{ maximumPacketSize: 48 }, { serverReference }],
      [{ maximumPacketSize: 47 }, undefined],
    ];
    for (const [properties, expected] of outcomes) {
      const raw = client();
      raw.send({ ...packet, properties });
      assert.deepEqual(
        (await raw.expect({ type: connack, reasonCode: 0x9c })).properties,
        expected,
      );
      await raw.expectClosed();
    }
  });

  const answer: Welcome = {
    reasonCode: 0,
    username: 'ada',
    responseInformation: 'replies/ada',
    userProperties: [['k', 'v']],
  };
  for (const [way, authenticate] of ways(answer)) {
    test(`[MQTT-3.1.2-28] welcomes with what it adds, ${way}`, async () => {
      const names: unknown[] = [];
      const { client } = testBroker({
        hooks: { authenticate, onConnect: ({ username }) => void names.push(username) },
      });
      const added = async (properties: ConnectPacket['properties']): Promise<unknown> => {
        const connack = await client().connect({ properties });
        const { responseInformation, userProperties } = connack.properties!;
        return [responseInformation, userProperties];
      };
      assert.deepEqual(await added({}), [undefined, [['k', 'v']]]);
      assert.deepEqual(await added({ requestResponseInformation: false }), [
        undefined,
        [['k', 'v']],
      ]);
      assert.deepEqual(await added({ requestResponseInformation: true }), [
        'replies/ada',
        [['k', 'v']],
      ]);
      await client(4).connect();
      assert.deepEqual(names, ['ada', 'ada', 'ada', 'ada']);
    });
  }

  test('[MQTT-3.2.2-20] its user properties are left out where they do not fit', async () => {
    const userProperties = [['k', 'v'.repeat(100)]] as const;
    const { client } = testBroker({
      hooks: { authenticate: () => ({ reasonCode: 0, userProperties }) },
    });
    const { properties } = await client().connect({ properties: { maximumPacketSize: 90 } });
    assert.equal(properties!.userProperties, undefined);
  });

  const nonsense: [string, unknown][] = [
    ['a code of another packet', { reasonCode: 0x8d }],
    ['a code that is no refusal', { reasonCode: 0x18 }],
    ['no code', {}],
    ['a reference without cause', { reasonCode: 0x87, serverReference: 'x' }],
    ['a reason that no packet can hold', { reasonCode: 0x87, reasonString: 'x'.repeat(65_536) }],
    ['a name that no packet can hold', { reasonCode: 0, userProperties: [['\ud800', '']] }],
  ];
  for (const [what, wrong] of nonsense) {
    test(`${what} is a fault of the hook's: 0x83`, async () => {
      const { client, broker } = testBroker({
        hooks: { authenticate: () => wrong as AuthenticateAnswer },
      });
      const raw = client();
      raw.send(packet);
      await raw.expect({ type: connack, reasonCode: 0x83 });
      await raw.expectClosed();
      assert.deepEqual([broker.metrics.protocolErrors, broker.metrics.sessions], [1, 0]);
    });
  }
});

suite('authorizePublish', () => {
  const answer: PublishAnswer = {
    reasonCode: 0x97,
    reasonString: 'enough for today',
    userProperties: [['k', 'v']],
  };
  for (const [way, authorizePublish] of ways<PublishAnswer>(answer)) {
    test(`refuses with a reason of its own, ${way}; before 5.0 that acknowledges`, async () => {
      const { connected, broker } = testBroker({ hooks: { authorizePublish } });
      const witness = await connected();
      await subscribe(witness, '#');
      const five = await connected();
      const { reasonString, userProperties } = answer as Exclude<PublishAnswer, boolean>;
      const properties = { reasonString, userProperties };
      five.send(publishOf('t', '', { retain: true }));
      five.send(publishOf('t', '', { qos: 1 }));
      await five.expect({ type: puback, packetId: 1, reasonCode: 0x97, properties });
      for (let i = 0; i < 2; i += 1) {
        // [MQTT-4.3.3-9] after a refusal the identifier is free at once
        five.send(publishOf('t', '', { qos: 2, packetId: 2 }));
        await five.expect({ type: pubrec, packetId: 2, reasonCode: 0x97, properties });
      }
      const four = await connected({ protocolVersion: 4 });
      four.send(publishOf('t', '', { qos: 1 }));
      await four.expectBytes(bytes`40 02 00 01`);
      four.send(publishOf('t', '', { qos: 2, packetId: 2 }));
      await four.expectBytes(bytes`50 02 00 02`);
      await witness.expectNothing();
      assert.equal(broker.metrics.publishesUnauthorized, 6);
    });
  }

  test('[MQTT-3.1.2-29] [MQTT-3.4.2-2] [MQTT-3.4.2-3] its words go where they fit and are wanted', async () => {
    const refusal: PublishAnswer = {
      reasonCode: 0x99,
      reasonString: 'r'.repeat(100),
      userProperties: [['k', 'v'.repeat(50)]],
    };
    const { connected } = testBroker({ hooks: { authorizePublish: () => refusal } });
    const outcomes: [ConnectPacket['properties'], object | undefined][] = [
      [{ maximumPacketSize: 100 }, { userProperties: refusal.userProperties }],
      [{ maximumPacketSize: 50 }, undefined],
      [{ requestProblemInformation: false }, undefined],
    ];
    for (const [properties, expected] of outcomes) {
      const client = await connected({ clientId: 'c', properties });
      client.send(publishOf('t', '', { qos: 1 }));
      const packet = await client.expect({ type: puback, reasonCode: 0x99 });
      assert.deepEqual(packet.properties, expected);
    }
  });

  test('refuses a CONNECT for its will with the same reason', async () => {
    const { client } = testBroker({ hooks: { authorizePublish: () => answer } });
    const raw = client();
    const will = { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false } as const;
    raw.send({ ...packet, will });
    const { properties } = await raw.expect({ type: connack, reasonCode: 0x97 });
    assert.equal(properties!.reasonString, 'enough for today');
    await raw.expectClosed();
  });

  for (const wrong of [
    { reasonCode: 0x8a },
    { reasonCode: 0x10 },
    { reasonCode: 0 },
    {},
    'no',
    null,
  ]) {
    for (const [way, authorizePublish] of ways(wrong as PublishAnswer)) {
      test(`${JSON.stringify(wrong)}, ${way}, is a fault of the hook's: 0x83`, async () => {
        const { connected, broker } = testBroker({ hooks: { authorizePublish } });
        const witness = await connected();
        await subscribe(witness, '#');
        const client = await connected();
        client.send(publishOf('t', '', { qos: 1 }));
        await client.expect({ type: disconnect, reasonCode: 0x83 });
        await client.expectClosed();
        await witness.expectNothing();
        assert.equal(broker.metrics.protocolErrors, 1);
      });
    }
  }
});

suite('authorizeSubscribe', () => {
  const answers: SubscribeAnswer[] = [true, false, 0, 1, 2, 0x97, 0x9e];
  for (const later of [false, true]) {
    test(`[MQTT-3.8.4-7] grants, lowers or refuses each filter, later: ${later}`, async () => {
      const granted: [string, number][] = [];
      const { connected, broker } = testBroker({
        hooks: {
          authorizeSubscribe(_, { filter }) {
            const answer = answers[Number(filter)];
            return later ? Promise.resolve(answer) : answer;
          },
          onSubscribe: (_, filter, qos) => void granted.push([filter, qos]),
        },
      });
      const five = await connected();
      subscribeTo(five, answers.length);
      await five.expect({ type: suback, reasonCodes: [2, 0x87, 0, 1, 2, 0x97, 0x9e] });
      assert.deepEqual(granted, [
        ['0', 2],
        ['2', 0],
        ['3', 1],
        ['4', 2],
      ]);
      // [MQTT-3.8.4-8]
      broker.publish('3', 'x', { qos: 2 });
      assert.equal(textOf(await five.expect({ type: publish, topic: '3', qos: 1 })), 'x');
      const four = await connected({ protocolVersion: 4 });
      subscribeTo(four, answers.length);
      await four.expectBytes(bytes`90 09 00 01 02 80 00 01 02 80 80`);
    });
  }

  test('never grants more than was asked for', async () => {
    const { connected } = testBroker({ hooks: { authorizeSubscribe: () => 2 } });
    const client = await connected();
    subscribeTo(client, 1, 1);
    await client.expect({ type: suback, reasonCodes: [1] });
  });

  for (const wrong of [3, 0x86, 'no', undefined, null]) {
    for (const [way, authorizeSubscribe] of ways(wrong as SubscribeAnswer)) {
      test(`${wrong}, ${way}, is a fault of the hook's: 0x83`, async () => {
        const { connected, broker } = testBroker({ hooks: { authorizeSubscribe } });
        const client = await connected();
        subscribeTo(client, 2);
        await client.expect({ type: disconnect, reasonCode: 0x83 });
        await client.expectClosed();
        assert.deepEqual([broker.metrics.protocolErrors, broker.metrics.subscriptions], [1, 0]);
      });
    }
  }
});
