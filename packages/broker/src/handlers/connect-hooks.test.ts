import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type ConnectPacket, encodePacket, PacketType } from '@godwit/protocol';
import { bytes } from '@godwit/testkit';
import type { AuthenticateAnswer, ClientInfo, ConnectRequest, Hooks } from '../hooks.ts';
import { publishOf, subscribe, testBroker } from '../testing/test-broker.ts';

const { connect, connack, disconnect, puback, publish } = PacketType;

const packet: ConnectPacket = {
  type: connect,
  protocolVersion: 5,
  cleanStart: true,
  keepAlive: 0,
  clientId: 'a',
};
const will = { topic: 'w', payload: new Uint8Array(1), qos: 1, retain: true } as const;

/** A hook that answers when the test says so. */
class Question<Answer> {
  #resolve: (answer: Answer) => void = () => {};
  #reject: (error: Error) => void = () => {};
  asked = 0;

  readonly ask = (): Promise<Answer> => {
    this.asked += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#resolve = resolve;
    this.#reject = reject;
    return promise;
  };

  answer(answer: Answer): void {
    this.#resolve(answer);
  }

  fail(): void {
    this.#reject(new Error('the authority is away'));
  }
}

suite('authenticate', () => {
  test('is told who asks, and from where', async () => {
    const requests: ConnectRequest[] = [];
    const { client } = testBroker({
      hooks: {
        authenticate(request) {
          requests.push(request);
          return true;
        },
      },
    });
    await client().connect({
      clientId: 'a',
      username: 'u',
      password: bytes`00 ff`,
      properties: { userProperties: [['k', 'v']] },
    });
    await client(4).connect({ cleanStart: true });
    assert.deepEqual(requests[0], {
      clientId: 'a',
      username: 'u',
      password: bytes`00 ff`,
      protocolVersion: 5,
      cleanStart: true,
      remoteAddress: '',
      remotePort: 0,
      peerCertificate: undefined,
      userProperties: [['k', 'v']],
    });
    const { clientId, username, password, userProperties, protocolVersion } = requests[1];
    assert.match(clientId, /^godwit-[0-9a-f]{32}$/);
    assert.deepEqual(
      [username, password, userProperties, protocolVersion],
      [undefined, undefined, [], 4],
    );
  });

  const ways: [string, (answer: AuthenticateAnswer) => Hooks['authenticate']][] = [
    ['at once', answer => () => answer],
    ['later', answer => async () => answer],
  ];
  for (const [way, hook] of ways) {
    test(`[MQTT-3.1.4-2] refuses ${way} with its reason; 3.x gets the nearest return code`, async () => {
      const answer = { reasonCode: 0x86, reasonString: 'no such user' } as const;
      const { client, broker } = testBroker({ hooks: { authenticate: hook(answer) } });
      const five = client();
      five.send(packet);
      const { properties } = await five.expect({ type: connack, reasonCode: 0x86 });
      assert.equal(properties!.reasonString, 'no such user');
      await five.expectClosed();
      const four = client(4);
      four.send({ ...packet, protocolVersion: 4 });
      await four.expectBytes(bytes`20 02 00 04`);
      await four.expectClosed();
      assert.equal(broker.metrics.sessions, 0);
    });

    test(`welcomes ${way}, and reads on only then`, async () => {
      const { client } = testBroker({ hooks: { authenticate: hook(true) } });
      const raw = client();
      raw.send(packet);
      raw.send(publishOf('t', '', { qos: 1 }));
      await raw.expect({ type: connack, reasonCode: 0 });
      await raw.expect({ type: puback, packetId: 1 });
    });
  }

  test('[MQTT-3.2.2-19] its reason string is left out where it does not fit, or is not wanted', async () => {
    const reasonString = 'x'.repeat(100);
    const hooks: Hooks = { authenticate: () => ({ reasonCode: 0x87, reasonString }) };
    const { client } = testBroker({ hooks });
    for (const properties of [{ maximumPacketSize: 50 }, { requestProblemInformation: false }]) {
      const raw = client();
      raw.send({ ...packet, properties });
      await raw.expectBytes(bytes`20 03 00 87 00`);
      await raw.expectClosed();
    }
  });

  const failures: [string, Hooks['authenticate']][] = [
    [
      'throws',
      () => {
        throw new Error('a fault');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a fault'))],
    ['answers nonsense', () => undefined as unknown as true],
    ['answers nonsense later', async () => false as unknown as true],
  ];
  for (const [what, authenticate] of failures) {
    test(`that ${what} lets nobody in: 0x83, before 5.0 "server unavailable"`, async () => {
      const faults: [ClientInfo, number][] = [];
      const { client, broker } = testBroker({
        hooks: { authenticate, onProtocolError: (who, code) => void faults.push([who, code]) },
      });
      const five = client();
      five.send(packet);
      await five.expect({ type: connack, reasonCode: 0x83 });
      await five.expectClosed();
      const four = client(4);
      four.send({ ...packet, protocolVersion: 4 });
      await four.expectBytes(bytes`20 02 00 03`);
      await four.expectClosed();
      assert.deepEqual(
        faults.map(([{ clientId }, code]) => [clientId, code]),
        [
          ['a', 0x83],
          ['a', 0x83],
        ],
      );
      assert.equal(broker.metrics.sessions, 0);
    });
  }

  test('an answer that comes late is in the version of its CONNECT, whatever was read since', async () => {
    const question = new Question<AuthenticateAnswer>();
    const { client, settle } = testBroker({ hooks: { authenticate: question.ask } });
    const raw = client();
    const chunk = encodePacket(packet, 5)!;
    raw.send(chunk);
    await settle();
    chunk.fill(4); // the memory of a chunk is used again
    question.fail();
    await raw.expectBytes(bytes`20 03 00 83 00`);
    await raw.expectClosed();
  });

  test('that never answers: the connect timeout ends it, and a later answer changes nothing', async () => {
    for (const late of [true, { reasonCode: 0x87 }, null] as const) {
      const question = new Question<AuthenticateAnswer>();
      const { client, broker, clock, settle } = testBroker({
        hooks: { authenticate: question.ask },
        limits: { connectTimeoutMs: 5_000 },
      });
      const raw = client();
      raw.send({ ...packet, will });
      raw.send(publishOf('t', ''));
      await clock.advance(4_000);
      await raw.expectNothing();
      await clock.advance(1_000);
      await raw.expectClosed();
      if (late === null) question.fail();
      else question.answer(late);
      await settle();
      const { sessions, connectionsOpen, messagesReceived, willsPublished } = broker.metrics;
      assert.deepEqual([sessions, connectionsOpen, messagesReceived, willsPublished], [0, 0, 0, 0]);
    }
  });

  test('a client that goes while it is asked about leaves nothing, and takes nobody over', async () => {
    const question = new Question<AuthenticateAnswer>();
    const hooked: string[] = [];
    const { client, broker, settle } = testBroker({
      hooks: {
        authenticate: question.ask,
        onConnect: () => void hooked.push('connect'),
        onDisconnect: () => void hooked.push('disconnect'),
      },
    });
    const there = client();
    there.send(packet);
    await settle();
    question.answer(true);
    await there.expect({ type: connack, reasonCode: 0 });
    const gone = client();
    gone.send({ ...packet, will });
    await settle();
    gone.stream.destroy();
    await settle();
    question.answer(true);
    await settle();
    await there.expectNothing();
    assert.deepEqual(hooked, ['connect']);
    assert.equal(broker.metrics.sessions, 1);
    assert.equal(broker.metrics.connectionsOpen, 1);
  });

  test('two with one identifier, asked about at once: the one answered last has it', async () => {
    const answers: ((answer: AuthenticateAnswer) => void)[] = [];
    const { client, broker, settle } = testBroker({
      hooks: { authenticate: () => new Promise(resolve => void answers.push(resolve)) },
    });
    const [first, second] = [client(), client()];
    first.send(packet);
    second.send(packet);
    await settle();
    answers[1](true);
    await second.expect({ type: connack, reasonCode: 0 });
    answers[0](true);
    await first.expect({ type: connack, reasonCode: 0 });
    await second.expect({ type: disconnect, reasonCode: 0x8e });
    assert.equal(broker.metrics.sessions, 1);
  });
});

suite('authorizePublish for a will', () => {
  for (const later of [false, true]) {
    test(`is asked at CONNECT; no: 0x87, later: ${later}`, async () => {
      const asked: unknown[] = [];
      const { client, broker } = testBroker({
        hooks: {
          authorizePublish(_, { topic, qos, retain }) {
            asked.push([topic, qos, retain]);
            const answer = topic === 'w';
            return later ? Promise.resolve(answer) : answer;
          },
        },
      });
      await client().connect({ will });
      await client().connect();
      const refused = client();
      refused.send({ ...packet, will: { ...will, topic: 'x', qos: 2, retain: false } });
      await refused.expect({ type: connack, reasonCode: 0x87 });
      await refused.expectClosed();
      assert.deepEqual(asked, [
        ['w', 1, true],
        ['x', 2, false],
      ]);
      assert.equal(broker.metrics.willsPublished, 0);
    });
  }
});

suite('onConnect', () => {
  test('comes after CONNACK, with what became of the session', async () => {
    const connects: [string, boolean][] = [];
    const { connected } = testBroker({
      hooks: { onConnect: ({ clientId }, present) => void connects.push([clientId, present]) },
    });
    const properties = { sessionExpiryInterval: 60 };
    await connected({ clientId: 'a', properties });
    await connected({ clientId: 'a', properties, cleanStart: false });
    await connected({ clientId: 'a', properties });
    assert.deepEqual(connects, [
      ['a', false],
      ['a', true],
      ['a', false],
    ]);
  });

  test('that throws costs this connection only', async () => {
    let fails = true;
    const { client, connected, broker } = testBroker({
      hooks: {
        onConnect() {
          if (fails) throw new Error('a fault');
        },
      },
    });
    const raw = client();
    await raw.connect();
    await raw.expect({ type: disconnect, reasonCode: 0x83 });
    await raw.expectClosed();
    assert.equal(broker.metrics.sessions, 0);
    fails = false;
    await connected();
  });
});

suite('a client that is held while a hook is asked', () => {
  test('[MQTT-3.3.4-7] sends one message after the other, so QoS 1 exceeds no Receive Maximum', async () => {
    const { connected } = testBroker({
      limits: { receiveMaximum: 1 },
      hooks: { authorizePublish: async () => true },
    });
    const client = await connected();
    const ids = [1, 2, 3, 4];
    for (const packetId of ids) client.send(publishOf(`t/${packetId}`, '', { qos: 1, packetId }));
    for (const packetId of ids) await client.expect({ type: puback, packetId });
  });

  test('[MQTT-3.3.4-7] is held to Receive Maximum with QoS 2 all the same: 0x93', async () => {
    const { connected } = testBroker({
      limits: { receiveMaximum: 2 },
      hooks: { authorizePublish: async () => true },
    });
    const client = await connected();
    for (const packetId of [1, 2, 3]) {
      client.send(publishOf(`t/${packetId}`, '', { qos: 2, packetId }));
    }
    await client.expect({ type: PacketType.pubrec, packetId: 1 });
    await client.expect({ type: PacketType.pubrec, packetId: 2 });
    await client.expect({ type: disconnect, reasonCode: 0x93 });
    await client.expectClosed();
  });

  test('and is cut by its keep alive when the hook never answers', async () => {
    const question = new Question<boolean>();
    const { connected, clock, broker, settle } = testBroker({
      hooks: { authorizePublish: question.ask },
    });
    const client = await connected({ keepAlive: 10 });
    const listener = await connected();
    await subscribe(listener, 't');
    client.send(publishOf('t', '', { qos: 1 }));
    await clock.advance(17_000);
    await client.expect({ type: disconnect, reasonCode: 0x8d });
    await client.expectClosed();
    assert.equal(broker.metrics.connectionsOpen, 1);
    question.answer(true);
    await settle();
    // What was allowed is delivered; there is nobody to acknowledge it to.
    await listener.expect({ type: publish, topic: 't' });
  });

  test('is let go with what came in the same chunk, and in those after it, in order', async () => {
    const question = new Question<boolean>();
    const { connected, settle } = testBroker({ hooks: { authorizePublish: question.ask } });
    const raw = await connected();
    const listener = await connected();
    await subscribe(listener, '#');
    const publishes = ['a', 'b', 'c'].map(topic => encodePacket(publishOf(topic, topic), 5)!);
    const chunk = Uint8Array.of(...publishes[0], ...publishes[1], ...publishes[2].subarray(0, 3));
    raw.send(chunk);
    await settle();
    chunk.fill(0);
    raw.send(publishes[2].subarray(3));
    for (const topic of ['a', 'b', 'c']) {
      await listener.expectNothing();
      question.answer(true);
      await listener.expect({ type: publish, topic });
    }
    assert.equal(question.asked, 3);
  });
});
