import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type AuthPacket,
  type AuthProperties,
  type ConnectPacket,
  PacketType,
  type ReasonCode,
} from '@godwit/protocol';
import { bytes, type RawClient } from '@godwit/testkit';
import type { AuthStep } from '../auth-method.ts';
import type { ClientInfo, Hooks } from '../hooks.ts';
import type { Limits } from '../limits.ts';
import { challenge, ScriptedMethod, success } from '../testing/scripted-method.ts';
import { publishOf, subscribe, type TestBroker, testBroker } from '../testing/test-broker.ts';

const { auth, connack, connect, disconnect, pingreq, pingresp, puback, publish, suback } =
  PacketType;

const authenticationMethod = 'scripted';

function dataOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function connectOf(properties: ConnectPacket['properties'] = {}): ConnectPacket {
  return {
    type: connect,
    protocolVersion: 5,
    cleanStart: true,
    keepAlive: 0,
    clientId: 'a',
    username: 'claimed',
    properties: { authenticationMethod, ...properties },
  };
}

/** AUTH 0x18 unless told otherwise. */
function authOf(text: string, reasonCode: number = 0x18): AuthPacket {
  return {
    type: auth,
    reasonCode,
    properties: { authenticationMethod, authenticationData: dataOf(text) },
  };
}

function bench(method: ScriptedMethod, hooks: Hooks = {}, limits?: Partial<Limits>): TestBroker {
  return testBroker({
    hooks: { ...hooks, authMethods: [method] },
    ...(limits !== undefined && { limits }),
  });
}

/** A client that the method let in at once. */
async function proved(
  { client }: TestBroker,
  properties: ConnectPacket['properties'] = {},
): Promise<RawClient> {
  const raw = client();
  raw.send(connectOf(properties));
  await raw.expect({ type: connack, reasonCode: 0 });
  return raw;
}

const ways: [string, (step: AuthStep) => AuthStep | Promise<AuthStep>][] = [
  ['at once', step => step],
  ['later', async step => step],
];

suite('enhanced authentication', () => {
  for (const [way, given] of ways) {
    test(`[MQTT-4.12.0-2] [MQTT-4.12.0-5] AUTH back and forth, then CONNACK, ${way}`, async () => {
      const method = new ScriptedMethod(
        given(challenge('who?')),
        given(challenge('sure?')),
        given(success('welcome')),
      );
      const clients: ClientInfo[] = [];
      const { client } = bench(method, { onConnect: info => void clients.push(info) });
      const raw = client();
      raw.send(connectOf({ authenticationData: dataOf('hello'), userProperties: [['k', 'v']] }));
      for (const [said, answer] of [
        ['who?', 'me'],
        ['sure?', 'yes'],
      ]) {
        const { properties } = await raw.expect({ type: auth, reasonCode: 0x18 });
        assert.deepEqual(properties, { authenticationMethod, authenticationData: dataOf(said) });
        raw.send(authOf(answer));
      }
      const { properties } = await raw.expect({ type: connack, reasonCode: 0 });
      assert.equal(properties!.authenticationMethod, authenticationMethod);
      assert.deepEqual(properties!.authenticationData, dataOf('welcome'));
      assert.deepEqual(method.heard, ['hello', 'me', 'yes']);
      assert.deepEqual(method.requests, [
        {
          clientId: 'a',
          username: 'claimed',
          protocolVersion: 5,
          remoteAddress: '',
          remotePort: 0,
          peerCertificate: undefined,
          isReauthentication: false,
          userProperties: [['k', 'v']],
        },
      ]);
      assert.equal(clients[0].username, 'ada');
    });

    test(`[MQTT-4.12.0-4] refusal ${way}: CONNACK with its reason, then the end`, async () => {
      const refusal = { reasonCode: 0x8a, reasonString: 'go' } as const;
      const { client, broker } = bench(new ScriptedMethod(given(challenge('')), given(refusal)));
      const raw = client();
      raw.send(connectOf());
      await raw.expect(auth);
      raw.send(authOf('x'));
      await raw.expect({ type: connack, reasonCode: 0x8a, properties: { reasonString: 'go' } });
      await raw.expectClosed();
      assert.equal(broker.metrics.sessions, 0);
      assert.equal(broker.metrics.authenticationsRefused, 1);
    });
  }

  test('[MQTT-4.12.0-1] a method that nobody gave: 0x8C', async () => {
    for (const method of ['other', 'constructor', '']) {
      const { client } = bench(new ScriptedMethod());
      const raw = client();
      raw.send(connectOf({ authenticationMethod: method }));
      await raw.expect({ type: connack, reasonCode: 0x8c });
      await raw.expectClosed();
    }
  });

  test('[MQTT-4.12.0-6] a client without a method is for `authenticate`, and hears of none', async () => {
    let asked = 0;
    const { client } = bench(new ScriptedMethod(success('')), {
      authenticate() {
        asked += 1;
        return true;
      },
    });
    const { properties } = await client().connect();
    assert.equal(properties!.authenticationMethod, undefined);
    await client().connect({ properties: { authenticationMethod } });
    assert.equal(asked, 1);
  });

  const early: [string, Parameters<RawClient['send']>[0]][] = [
    ['PUBLISH', publishOf('t', '')],
    ['PINGREQ', { type: pingreq }],
    ['CONNECT', connectOf()],
    ['AUTH 0x19', authOf('', 0x19)],
    ['AUTH 0x00', authOf('', 0)],
    ['AUTH without method', bytes`f0 00`],
    ['AUTH of another method', bytes`f0 06 18 04 15 00 01 78`],
  ];
  for (const [what, packet] of early) {
    test(`[MQTT-3.1.2-30] [MQTT-4.12.0-3] ${what} before CONNACK: 0x82`, async () => {
      const { client, broker } = bench(new ScriptedMethod(challenge(''), success('')));
      const raw = client();
      raw.send(connectOf());
      await raw.expect(auth);
      raw.send(packet);
      await raw.expect({ type: connack, reasonCode: 0x82 });
      await raw.expectClosed();
      assert.equal(broker.metrics.sessions, 0);
    });
  }

  test('[MQTT-3.1.2-30] DISCONNECT before CONNACK ends it without a word', async () => {
    const { client, broker } = bench(new ScriptedMethod(challenge('')));
    const raw = client();
    raw.send(connectOf());
    await raw.expect(auth);
    raw.send({ type: disconnect, reasonCode: 0, properties: { sessionExpiryInterval: 5 } });
    await raw.expectClosed();
    assert.equal(broker.metrics.protocolErrors, 0);
  });

  test('a method that never comes to an end: 0x87', async () => {
    const answers = [1, 2, 3, 4].map(String).map(challenge);
    const { client, broker } = bench(new ScriptedMethod(...answers), {}, { authChallengesMax: 3 });
    const raw = client();
    raw.send(connectOf());
    for (let i = 0; i < 3; i += 1) {
      await raw.expect(auth);
      raw.send(authOf('x'));
    }
    await raw.expect({ type: connack, reasonCode: 0x87 });
    await raw.expectClosed();
    assert.equal(broker.metrics.authenticationsRefused, 1);
  });

  test('the connect timeout ends a client that does not go on', async () => {
    const { client, clock, broker } = bench(new ScriptedMethod(challenge('')));
    const raw = client();
    raw.send(connectOf());
    await raw.expect(auth);
    await clock.advance(broker.limits.connectTimeoutMs);
    await raw.expectClosed();
    assert.equal(broker.metrics.connectTimeouts, 1);
  });

  test('a packet before CONNACK is as small as a CONNECT has to be', async () => {
    const { client } = bench(new ScriptedMethod(challenge('')), {}, { connectBytesMax: 100 });
    const raw = client();
    raw.send(connectOf());
    await raw.expect(auth);
    raw.send(authOf('x'.repeat(100)));
    await raw.expect({ type: connack, reasonCode: 0x95 });
    await raw.expectClosed();
  });

  for (const step of [challenge('late'), success('late'), { reasonCode: 0x87 } as const]) {
    test(`a client that goes while the method thinks: nothing comes of 0x${step.reasonCode.toString(16)}`, async () => {
      const { promise, resolve } = Promise.withResolvers<AuthStep>();
      const { client, broker, settle } = bench(new ScriptedMethod(promise));
      const raw = client();
      raw.send(connectOf());
      await settle();
      raw.stream.destroy();
      await settle();
      resolve(step);
      await settle();
      const { sessions, connectionsOpen, protocolErrors, authenticationsRefused } = broker.metrics;
      assert.deepEqual(
        [sessions, connectionsOpen, protocolErrors, authenticationsRefused],
        [0, 0, 0, 0],
      );
    });
  }

  const faults: [string, () => AuthStep | Promise<AuthStep>][] = [
    [
      'throws',
      () => {
        throw new Error('a fault');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a fault'))],
    ['answers nothing', () => undefined as unknown as AuthStep],
    ['answers a code that CONNACK cannot carry', () => ({ reasonCode: 0x8e })],
    ['names nobody', () => ({ reasonCode: 0 }) as unknown as AuthStep],
    ['points elsewhere without cause', () => ({ reasonCode: 0x87, serverReference: 'x' })],
  ];
  for (const [what, fault] of faults) {
    test(`a method that ${what} lets nobody in: 0x83`, async () => {
      const { client, broker } = bench(new ScriptedMethod(fault));
      const raw = client();
      raw.send(connectOf());
      await raw.expect({ type: connack, reasonCode: 0x83 });
      await raw.expectClosed();
      assert.deepEqual([broker.metrics.sessions, broker.metrics.protocolErrors], [0, 1]);
    });
  }

  test('[MQTT-3.15.2-2] [MQTT-3.1.2-29] explanations go where they fit and are wanted', async () => {
    const step: AuthStep = {
      reasonCode: 0x18,
      reasonString: 'r'.repeat(30),
      userProperties: [['k', 'v'.repeat(30)]],
    };
    const outcomes: [ConnectPacket['properties'], AuthProperties][] = [
      [{}, { reasonString: step.reasonString, userProperties: step.userProperties }],
      [{ maximumPacketSize: 60 }, { userProperties: step.userProperties }],
      [{ maximumPacketSize: 40 }, {}],
      [{ requestProblemInformation: false }, {}],
    ];
    for (const [properties, expected] of outcomes) {
      const { client } = bench(new ScriptedMethod(step));
      const raw = client();
      raw.send(connectOf(properties));
      const packet = await raw.expect(auth);
      assert.deepEqual(packet.properties, { authenticationMethod, ...expected });
    }
  });

  test('[MQTT-3.1.2-24] data that the client cannot take: 0x95', async () => {
    const { client } = bench(new ScriptedMethod(challenge('x'.repeat(50))));
    const raw = client();
    raw.send(connectOf({ maximumPacketSize: 40 }));
    await raw.expect({ type: connack, reasonCode: 0x95 });
    await raw.expectClosed();
  });

  test('two methods of one name are refused', () => {
    const authMethods = [new ScriptedMethod(), new ScriptedMethod()];
    assert.throws(() => testBroker({ hooks: { authMethods } }), RangeError);
  });
});

suite('re-authentication', () => {
  for (const [way, given] of ways) {
    test(`[MQTT-4.12.1-1] on the open connection, ${way}; session and subscriptions stay`, async () => {
      const method = new ScriptedMethod(
        success(''),
        given(challenge('again?')),
        given(success('fine')),
      );
      const test = bench(method);
      const raw = await proved(test);
      await subscribe(raw, 't');
      raw.send(authOf('renew', 0x19));
      await raw.expect({ ...authOf('again?'), reasonCode: 0x18 });
      // The rest goes on meanwhile.
      raw.send({ type: pingreq });
      await raw.expect(pingresp);
      raw.send(publishOf('t', 'x', { qos: 1 }));
      await raw.expect({ type: publish, topic: 't' });
      await raw.expect({ type: puback, reasonCode: 0 });
      raw.send(authOf('sure'));
      await raw.expect(authOf('fine', 0));
      test.broker.publish('t', 'y');
      await raw.expect({ type: publish, topic: 't' });
      const { isReauthentication, username } = method.requests[1];
      assert.deepEqual([isReauthentication, username], [true, 'ada']);
      assert.deepEqual(method.heard.slice(1), ['renew', 'sure']);
    });
  }

  test('as often as one likes, each with as many challenges', async () => {
    const rounds = [challenge('1'), challenge('2'), success('')];
    const method = new ScriptedMethod(success(''), ...rounds, ...rounds);
    const raw = await proved(bench(method, {}, { authChallengesMax: 2 }));
    for (let i = 0; i < 2; i += 1) {
      raw.send(authOf('', 0x19));
      await raw.expect(authOf('1'));
      raw.send(authOf(''));
      await raw.expect(authOf('2'));
      raw.send(authOf(''));
      await raw.expect({ type: auth, reasonCode: 0 });
    }
  });

  const refusals: [code: ReasonCode, sent: number][] = [
    [0x87, 0x87],
    [0x97, 0x97],
    [0x8c, 0x8c],
    // What only CONNACK can say.
    [0x86, 0x87],
    [0x8a, 0x87],
  ];
  for (const [reasonCode, sent] of refusals) {
    test(`[MQTT-4.12.1-2] refused with 0x${reasonCode.toString(16)}: DISCONNECT, the will goes out`, async () => {
      const refusal = { reasonCode, reasonString: 'why' } as AuthStep;
      const test = bench(new ScriptedMethod(success(''), refusal));
      const witness = await test.connected();
      await subscribe(witness, 'w');
      const raw = test.client();
      const will = { topic: 'w', payload: new Uint8Array(0), qos: 0, retain: false } as const;
      raw.send({ ...connectOf(), will });
      await raw.expect(connack);
      raw.send(authOf('', 0x19));
      await raw.expect({ type: disconnect, reasonCode: sent, properties: { reasonString: 'why' } });
      await raw.expectClosed();
      await witness.expect({ type: publish, topic: 'w' });
    });
  }

  test('as somebody else: 0x87, for permissions and subscriptions are not theirs', async () => {
    const other: AuthStep = { reasonCode: 0, username: 'bob' };
    const raw = await proved(bench(new ScriptedMethod(success(''), other)));
    raw.send(authOf('', 0x19));
    await raw.expect({ type: disconnect, reasonCode: 0x87 });
    await raw.expectClosed();
  });

  test('makes the broker ask again what the client may publish', async () => {
    let asked = 0;
    const raw = await proved(
      bench(new ScriptedMethod(success(''), success('')), {
        authorizePublish() {
          asked += 1;
          return true;
        },
      }),
    );
    for (const expected of [1, 1]) {
      raw.send(publishOf('t', '', { qos: 1 }));
      await raw.expect(puback);
      assert.equal(asked, expected);
    }
    raw.send(authOf('', 0x19));
    await raw.expect(auth);
    raw.send(publishOf('t', '', { qos: 1 }));
    await raw.expect(puback);
    assert.equal(asked, 2);
  });

  const wrongs: [string, Parameters<RawClient['send']>[0]][] = [
    ['AUTH 0x18 while none runs', authOf('')],
    ['AUTH 0x00', authOf('', 0)],
    ['AUTH without method', bytes`f0 00`],
    ['AUTH of another method [MQTT-4.12.1-1]', bytes`f0 06 19 04 15 00 01 78`],
  ];
  for (const [what, packet] of wrongs) {
    test(`${what}: 0x82`, async () => {
      const raw = await proved(bench(new ScriptedMethod(success(''))));
      raw.send(packet);
      await raw.expect({ type: disconnect, reasonCode: 0x82 });
      await raw.expectClosed();
    });
  }

  test('a second one while one runs: 0x82', async () => {
    const raw = await proved(bench(new ScriptedMethod(success(''), challenge(''))));
    raw.send(authOf('', 0x19));
    await raw.expect(auth);
    raw.send(authOf('', 0x19));
    await raw.expect({ type: disconnect, reasonCode: 0x82 });
    await raw.expectClosed();
  });

  test('[MQTT-4.12.0-7] of a client that named no method: 0x82', async () => {
    for (const packet of [authOf('', 0x19), authOf(''), bytes`f0 00`]) {
      const raw = await bench(new ScriptedMethod()).connected();
      raw.send(packet);
      await raw.expect({ type: disconnect, reasonCode: 0x82 });
      await raw.expectClosed();
    }
  });

  test('a method that fails: 0x83', async () => {
    const fault = (): AuthStep => {
      throw new Error('a fault');
    };
    const raw = await proved(bench(new ScriptedMethod(success(''), fault)));
    raw.send(authOf('', 0x19));
    await raw.expect({ type: disconnect, reasonCode: 0x83 });
    await raw.expectClosed();
  });

  test('[MQTT-3.15.2-3] what it adds to success goes where it fits and is wanted', async () => {
    const userProperties = [['k', 'v'.repeat(60)]] as const;
    const fine: AuthStep = { reasonCode: 0, username: 'ada', userProperties };
    const outcomes: [ConnectPacket['properties'], AuthProperties][] = [
      [{}, { userProperties }],
      [{ maximumPacketSize: 70 }, {}],
      [{ requestProblemInformation: false }, {}],
    ];
    for (const [properties, expected] of outcomes) {
      const raw = await proved(bench(new ScriptedMethod(success(''), fine)), properties);
      raw.send(authOf('', 0x19));
      const packet = await raw.expect({ type: auth, reasonCode: 0 });
      assert.deepEqual(packet.properties, { authenticationMethod, ...expected });
    }
  });

  test('what came behind it waits while the method thinks, and is not lost', async () => {
    const { promise, resolve } = Promise.withResolvers<AuthStep>();
    const raw = await proved(bench(new ScriptedMethod(success(''), promise)));
    raw.send(authOf('', 0x19));
    raw.send({
      type: PacketType.subscribe,
      packetId: 3,
      subscriptions: [
        { filter: 't', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
    });
    await raw.expectNothing();
    resolve(success(''));
    await raw.expect({ type: auth, reasonCode: 0 });
    await raw.expect({ type: suback, packetId: 3 });
  });
});
