import { deepEqual, equal, notDeepEqual } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Broker, type ClientInfo } from '@godwit/broker';
import { type ConnackPacket, type Packet, PacketType } from '@godwit/protocol';
import { RawClient, SeededRandom, VirtualClock } from '@godwit/testkit';
import { MemoryNetwork } from '@godwit/transport';
import { clientFinal, clientFirst } from '../testing/scram-client.ts';
import { scramCredential } from './scram-credential.ts';
import { type ScramLookup, scramMethod } from './scram-method.ts';

const { auth, connack, connect, disconnect } = PacketType;
const authenticationMethod = 'SCRAM-SHA-256';
const iterations = 4096;

const ada = scramCredential('engine', { hash: 'SHA-256', iterations });
const users: ScramLookup = async username => (username === 'ada' ? await ada : undefined);

interface Bench {
  readonly broker: Broker;
  readonly clients: ClientInfo[];
  client(): RawClient;
}

function bench(lookup: ScramLookup, secret?: Uint8Array): Bench {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock.defer);
  const random = new SeededRandom(1);
  const clients: ClientInfo[] = [];
  const options = { random, iterations, ...(secret && { secret }) };
  const broker = new Broker({
    clock,
    random,
    hooks: {
      authMethods: [scramMethod('SHA-256', lookup, options)],
      onConnect: client => void clients.push(client),
    },
  });
  network.listen('broker', stream => broker.accept(stream));
  return {
    broker,
    clients,
    client: () => new RawClient(network.connect('broker'), { clock }),
  };
}

function text(data: Uint8Array | undefined): string {
  return new TextDecoder().decode(data);
}

/** CONNECT, or the AUTH that begins again; answers the server's first message. */
async function begin(client: RawClient, first: string, again = false): Promise<string> {
  const properties = { authenticationMethod, authenticationData: Buffer.from(first) };
  const packet: Packet = again
    ? { type: auth, reasonCode: 0x19, properties }
    : {
        type: connect,
        protocolVersion: 5,
        cleanStart: true,
        keepAlive: 0,
        clientId: 'a',
        username: 'root',
        properties,
      };
  client.send(packet);
  const challenge = await client.expect({
    type: auth,
    reasonCode: 0x18,
    properties: { authenticationMethod },
  });
  return text(challenge.properties!.authenticationData);
}

function answer(client: RawClient, message: string): void {
  const authenticationData = Buffer.from(message);
  const properties = { authenticationMethod, authenticationData };
  client.send({ type: auth, reasonCode: 0x18, properties });
}

async function refused(client: RawClient, name: string): Promise<ConnackPacket> {
  const first = clientFirst(name, 'abc');
  const serverFirst = await begin(client, first);
  answer(client, clientFinal('sha256', 'guess', first, serverFirst).message);
  const packet = await client.expect(connack);
  await client.expectClosed();
  return packet;
}

suite('scramMethod', () => {
  test('lets a client in under the name it proved, and proves the server to it', async () => {
    const { client, clients } = bench(users);
    const raw = client();
    const first = clientFirst('ada', 'abc');
    const { message, expected } = clientFinal('sha256', 'engine', first, await begin(raw, first));
    answer(raw, message);
    const { properties } = await raw.expect({ type: connack, reasonCode: 0 });
    equal(properties!.authenticationMethod, authenticationMethod);
    equal(text(properties!.authenticationData), expected);
    deepEqual(
      clients.map(({ username }) => username),
      ['ada'],
    );
  });

  test('[MQTT-4.12.1-2] again on the open connection; a wrong proof then ends it', async () => {
    const { client } = bench(users);
    const raw = client();
    const first = clientFirst('ada', 'abc');
    answer(raw, clientFinal('sha256', 'engine', first, await begin(raw, first)).message);
    await raw.expect({ type: connack, reasonCode: 0 });
    const second = clientFirst('ada', 'def');
    const right = clientFinal('sha256', 'engine', second, await begin(raw, second, true));
    answer(raw, right.message);
    const { properties } = await raw.expect({ type: auth, reasonCode: 0 });
    equal(text(properties!.authenticationData), right.expected);
    const third = clientFirst('ada', 'ghi');
    answer(raw, clientFinal('sha256', 'wrong', third, await begin(raw, third, true)).message);
    await raw.expect({ type: disconnect, reasonCode: 0x87 });
    await raw.expectClosed();
  });

  test('a wrong password and an unknown user look the same, each time', async () => {
    const { client } = bench(users);
    deepEqual(await refused(client(), 'ada'), await refused(client(), 'nobody'));
    equal((await refused(client(), 'nobody')).reasonCode, 0x86);
    const saltOf = async (name: string): Promise<string> => {
      const raw = client();
      const serverFirst = await begin(raw, clientFirst(name, 'abc'));
      raw.stream.destroy();
      return /s=.+$/.exec(serverFirst)![0];
    };
    const salts = [await saltOf('nobody'), await saltOf('nobody'), await saltOf('other')];
    equal(salts[0], salts[1]);
    notDeepEqual(salts[0], salts[2]);
    equal(salts[0].length, (await saltOf('ada')).length);
  });

  test('servers of one secret make up the same salts', async () => {
    const secret = new Uint8Array(32).fill(7);
    const challenges = await Promise.all(
      [bench(users, secret), bench(users, secret)].map(({ client }) =>
        begin(client(), clientFirst('nobody', 'abc')),
      ),
    );
    equal(challenges[0], challenges[1]);
  });

  test('a malformed message: 0x87', async () => {
    const { client } = bench(users);
    const raw = client();
    const properties = { authenticationMethod, authenticationData: Buffer.from('p=tls,,n=a,r=b') };
    await raw.connect({ properties }).then(({ reasonCode }) => equal(reasonCode, 0x87));
    await raw.expectClosed();
  });

  test('users that cannot be looked up: 0x83', async () => {
    const { client } = bench(() => Promise.reject(new Error('no database')));
    const raw = client();
    const authenticationData = Buffer.from(clientFirst('ada', 'abc'));
    const properties = { authenticationMethod, authenticationData };
    equal((await raw.connect({ properties })).reasonCode, 0x83);
    await raw.expectClosed();
  });
});
