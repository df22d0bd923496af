import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PacketType, ReasonCode } from '@godwit/protocol';
import { RawClient, VirtualClock } from '@godwit/testkit';
import type { ByteStream } from '@godwit/transport';
import { MemoryNetwork } from '@godwit/transport';
import { Broker } from '../broker.ts';
import type { BrokerOptions } from '../broker-options.ts';
import type { EntranceOptions } from './entrance.ts';

const { disconnect } = PacketType;

interface Door {
  readonly broker: Broker;
  readonly clock: VirtualClock;
  /** A client from this address, which has sent nothing. */
  from(address: string, version?: 4 | 5): RawClient;
}

function door(options: BrokerOptions, entrance: EntranceOptions = {}): Door {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock.defer);
  const broker = new Broker({ ...options, clock });
  const accept = broker.entrance(entrance);
  let address = '';
  network.listen('broker', stream => {
    Object.defineProperty(stream, 'remoteAddress', { value: address });
    accept(stream as ByteStream);
  });
  return {
    broker,
    clock,
    from(remoteAddress, version = 5) {
      address = remoteAddress;
      return new RawClient(network.connect('broker'), { clock, version });
    },
  };
}

async function codes(bench: Door, addresses: readonly string[]): Promise<number[]> {
  const answers: number[] = [];
  for (const address of addresses) {
    answers.push((await bench.from(address).connect()).reasonCode);
  }
  return answers;
}

const rateExceeded = ReasonCode.connectionRateExceeded;

suite('connections and their rates', () => {
  test('an address may have so many connections, and one more when one is closed', async () => {
    const bench = door({ limits: { connectionsPerAddressMax: 1 } });
    const first = bench.from('192.0.2.1');
    await first.connect();
    await bench.from('192.0.2.1').expectClosed();
    assert.equal((await bench.from('192.0.2.2').connect()).reasonCode, 0);
    assert.equal(bench.broker.metrics.connectionsRefusedAddress, 1);
    first.stream.destroy();
    await bench.clock.settle();
    assert.equal((await bench.from('192.0.2.1').connect()).reasonCode, 0);
  });

  test('what has no IP address is not counted by it', async () => {
    const bench = door({ limits: { connectionsPerAddressMax: 1, connectsPerSecondPerAddress: 1 } });
    assert.deepEqual(await codes(bench, ['unix:/a', 'unix:/a', 'unix:/a']), [0, 0, 0]);
  });

  test('a listener may have so many connections', async () => {
    const bench = door({}, { connectionsMax: 1 });
    const first = bench.from('192.0.2.1');
    await first.connect();
    await bench.from('192.0.2.2').expectClosed();
    assert.equal(bench.broker.metrics.connectionsRefusedListener, 1);
    first.stream.destroy();
    await bench.clock.settle();
    assert.equal((await bench.from('192.0.2.2').connect()).reasonCode, 0);
    assert.throws(() => bench.broker.entrance({ connectionsMax: 0 }), RangeError);
  });

  test('above a rate 0x9F, in 3.1.1 server unavailable; by and by it is fine again', async () => {
    const bench = door({ limits: { connectsPerSecondPerAddress: 2 } });
    const one = '192.0.2.1';
    assert.deepEqual(await codes(bench, [one, one, one]), [0, 0, rateExceeded]);
    const old = await bench.from(one, 4).connect();
    assert.equal(old.reasonCode, ReasonCode.serverUnavailable);
    assert.deepEqual(await codes(bench, ['192.0.2.2', '2001:db8::1']), [0, 0]);
    assert.equal(bench.broker.metrics.connectsRefusedRate, 2);
    await bench.clock.advance(500);
    assert.deepEqual(await codes(bench, [one, one]), [0, rateExceeded]);
  });

  test('in all and by listener; an address above its own rate costs the others nothing', async () => {
    const limits = { connectsPerSecond: 3, connectsPerSecondPerAddress: 2 };
    const bench = door({ limits });
    const one = '192.0.2.1';
    assert.deepEqual(await codes(bench, [one, one, one, '192.0.2.2', '192.0.2.3']), [
      0,
      0,
      rateExceeded,
      0,
      rateExceeded,
    ]);
    const own = door({}, { connectsPerSecond: 1 });
    assert.deepEqual(await codes(own, [one, '192.0.2.2']), [0, rateExceeded]);
  });

  test('of remembered addresses the oldest is forgotten', async () => {
    const bench = door({ limits: { connectsPerSecondPerAddress: 1, addressesMax: 1 } });
    const [one, two] = ['192.0.2.1', '192.0.2.2'];
    assert.deepEqual(await codes(bench, [one, one, two, one]), [0, rateExceeded, 0, 0]);
  });

  test('a user name may have so many clients; one that takes its own session over is none more', async () => {
    const bench = door({ limits: { connectionsPerUsernameMax: 2 } });
    const connect = (clientId: string, username: string): Promise<number> =>
      bench
        .from('192.0.2.1')
        .connect({ clientId, username })
        .then(({ reasonCode }) => reasonCode);
    assert.equal(await connect('a', 'u'), 0);
    assert.equal(await connect('b', 'u'), 0);
    assert.equal(await connect('c', 'u'), ReasonCode.quotaExceeded);
    assert.equal(await connect('b', 'u'), 0);
    assert.equal(await connect('b', 'v'), 0);
    assert.equal(await connect('c', 'u'), 0);
    assert.equal(await connect('d', 'u'), ReasonCode.quotaExceeded);
    assert.equal(bench.broker.metrics.connectionsRefusedUsername, 2);
  });
});

suite('bans', () => {
  test('are refused with 0x8A before anybody is asked, and end who is there', async () => {
    let asked = 0;
    const authenticate = (): true => {
      asked += 1;
      return true;
    };
    const bench = door({ hooks: { authenticate } });
    const { broker } = bench;
    const here = bench.from('198.51.100.9');
    await here.connect({ clientId: 'here' });
    assert.equal(broker.ban({ kind: 'address', value: '198.51.100.0/24' }), 1);
    await here.expect({ type: disconnect, reasonCode: ReasonCode.administrativeAction });
    broker.ban({ kind: 'clientId', value: 'bad' });
    broker.ban({ kind: 'username', value: 'eve', seconds: 60 });
    assert.deepEqual(await codes(bench, ['198.51.100.1']), [ReasonCode.banned]);
    for (const names of [{ clientId: 'bad' }, { username: 'eve' }]) {
      const { reasonCode } = await bench.from('192.0.2.1').connect(names);
      assert.equal(reasonCode, ReasonCode.banned);
    }
    assert.equal(asked, 1);
    assert.equal(broker.metrics.connectsRefusedBanned, 3);
    assert.deepEqual(
      broker.bans.map(({ value }) => value),
      ['198.51.100.0/24', 'bad', 'eve'],
    );
    assert.equal(broker.unban('address', '198.51.100.0/24'), true);
    assert.deepEqual(await codes(bench, ['198.51.100.1']), [0]);
    await bench.clock.advance(60_000);
    assert.equal((await bench.from('192.0.2.1').connect({ username: 'eve' })).reasonCode, 0);
  });

  test('the user name counts that a client was let in with', async () => {
    const bench = door({ hooks: { authenticate: () => ({ reasonCode: 0, username: 'eve' }) } });
    bench.broker.ban({ kind: 'username', value: 'eve' });
    assert.deepEqual(await codes(bench, ['192.0.2.1']), [ReasonCode.banned]);
  });

  test('a client that connects too often is banned for a while', async () => {
    const limits = { flappingConnectsMax: 2, flappingWindowSeconds: 10, flappingBanSeconds: 30 };
    const bench = door({ limits });
    const connect = async (clientId: string): Promise<number> => {
      const client = bench.from('192.0.2.1');
      const { reasonCode } = await client.connect({ clientId });
      client.stream.destroy();
      await bench.clock.settle();
      return reasonCode;
    };
    for (let round = 0; round < 3; round += 1) {
      assert.deepEqual([await connect('a'), await connect('a')], [0, 0]);
      await bench.clock.advance(10_000);
    }
    assert.deepEqual([await connect('a'), await connect('a')], [0, 0]);
    assert.equal(await connect('a'), ReasonCode.banned);
    assert.equal(await connect('b'), 0);
    assert.equal(bench.broker.metrics.clientsFlapping, 1);
    await bench.clock.advance(29_000);
    assert.equal(await connect('a'), ReasonCode.banned);
    await bench.clock.advance(1000);
    assert.equal(await connect('a'), 0);
  });
});

suite('a broker that is busy', () => {
  test('lets nobody new in: 0x89, in 3.1.1 server unavailable', async () => {
    let memory = 0;
    const states: string[] = [];
    const bench = door({
      limits: { memoryBytesMax: 100 },
      memoryBytes: () => memory,
      hooks: { onLoad: ({ state }) => void states.push(state) },
    });
    memory = 85;
    await bench.clock.advance(3000);
    assert.equal(bench.broker.load.state, 'busy');
    assert.deepEqual(await codes(bench, ['192.0.2.1']), [ReasonCode.serverBusy]);
    const old = bench.from('192.0.2.1', 4);
    assert.equal((await old.connect()).reasonCode, ReasonCode.serverUnavailable);
    assert.equal(bench.broker.metrics.connectsRefusedBusy, 2);
    memory = 0;
    await bench.clock.advance(5000);
    assert.deepEqual(await codes(bench, ['192.0.2.1']), [0]);
    assert.deepEqual(states, ['busy', 'normal']);
  });
});
