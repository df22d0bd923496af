/** Our client proves itself to our broker by SCRAM, over TCP, and again while messages flow. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { scramCredential, scramMethod } from '@godwit/auth';
import { Broker } from '@godwit/broker';
import { type Client, type EnhancedAuth, ErrorCode, type MqttError } from '@godwit/client';
import { connect } from '@godwit/client/node';
import { scramSha256, scramSha512 } from '@godwit/client/scram';
import type { Listener } from '@godwit/transport';
import { listenTcp } from '@godwit/transport/node';
import { suiteMs } from './support/inbox.ts';

const timeoutMs = 10_000;
const iterations = 4_096;
const host = '127.0.0.1';

suite('the client and SCRAM', { timeout: suiteMs }, () => {
  let broker: Broker;
  let listener: Listener;
  let url = '';
  /** Names as the broker knows them, one for each proof. */
  const proved: string[] = [];

  before(async () => {
    const ada = await scramCredential('engine', { hash: 'SHA-256', iterations });
    const emmy = await scramCredential('ring, = =2C', { hash: 'SHA-512', iterations });
    const strict = await scramCredential('engine', { hash: 'SHA-256', iterations: 20_000 });
    const users = new Map([
      ['ada', ada],
      ['strict', strict],
    ]);
    broker = new Broker({
      hooks: {
        authMethods: [
          scramMethod('SHA-256', name => {
            proved.push(name);
            return users.get(name);
          }),
          scramMethod('SHA-512', name => (name === 'emmy, =' ? emmy : undefined)),
        ],
      },
    });
    listener = await listenTcp({ host, port: 0 }, stream => broker.accept(stream));
    url = `mqtt://${listener.address}`;
  });
  after(async () => {
    await listener.close();
    await broker.close();
  });

  const open = (auth: EnhancedAuth): Promise<Client> => connect(url, { auth, timeoutMs });

  test('SHA-256 and SHA-512', async () => {
    for (const auth of [scramSha256('ada', 'engine'), scramSha512('emmy, =', 'ring, = =2C')]) {
      await using client = await open(auth);
      equal((await client.publish('t', 'x', { qos: 1, timeoutMs })).reasonCode, 0x10);
    }
  });

  test('a wrong password, an unknown user, another hash', async () => {
    for (const [auth, reasonCode] of [
      [scramSha256('ada', 'machine'), 0x86],
      [scramSha256('nobody', 'engine', { iterationsMax: 1_000_000 }), 0x86],
      [{ ...scramSha256('ada', 'engine'), method: 'SCRAM-SHA-1' }, 0x8c],
    ] as const) {
      await rejects(open(auth), { code: ErrorCode.connectRefused, reasonCode });
    }
  });

  test('too many iterations', async () => {
    const refused = open(scramSha256('strict', 'engine', { iterationsMax: 10_000 }));
    await rejects(refused, (error: MqttError) => {
      equal(error.code, ErrorCode.authenticationFailed);
      match((error.cause as Error).message, /20000 iterations/);
      return true;
    });
  });

  test('proves itself again while messages flow, and with the next connection', async () => {
    const auth = scramSha256('ada', 'engine');
    const options = { auth, timeoutMs, session: { expiryMs: 60_000 }, reconnect: { minMs: 1 } };
    await using client = await connect(url, options);
    await using subscription = await client.subscribe('flow', { qos: 2, timeoutMs });
    const count = 2_000;
    const sending = Promise.all(
      Array.from({ length: count }, (_, at) =>
        client.publish('flow', `${at}`, { qos: (1 + (at % 2)) as 1 | 2, timeoutMs }),
      ),
    );
    proved.length = 0;
    let again = 0;
    const received: number[] = [];
    for await (const message of subscription) {
      received.push(Number(message.text()));
      message.ack();
      if (received.length % 500 === 0) {
        await client.reauthenticate({ timeoutMs });
        again += 1;
      }
      if (received.length === count) break;
    }
    await sending;
    equal(again, 4);
    deepEqual(proved, ['ada', 'ada', 'ada', 'ada']);
    for (const parity of [0, 1]) {
      const ofOne = received.filter(at => at % 2 === parity);
      deepEqual(
        ofOne,
        ofOne.toSorted((a, b) => a - b),
      );
    }
    equal(new Set(received).size, count);
    const up = new Promise(resolve => client.on('up', resolve, { once: true }));
    ok(client.server !== undefined);
    broker.disconnect(client.server.clientId, { reasonCode: 0x8b });
    await up;
    equal(proved.length, 5);
  });

  test('a server that forgot the user ends the re-authentication', async () => {
    const auth = scramSha256('ada', 'engine');
    let name = auth;
    const changing: EnhancedAuth = { method: auth.method, begin: () => name.begin() };
    const client = await open(changing);
    name = scramSha256('eve', 'engine');
    await rejects(client.reauthenticate({ timeoutMs }), {
      code: ErrorCode.serverDisconnected,
      retryable: false,
    });
    equal((await client.closed)?.code, ErrorCode.serverDisconnected);
  });
});
