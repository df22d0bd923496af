import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { systemClock } from '@godwit/runtime';
import { type ByteStream, memoryPair } from '@godwit/transport';
import { byteStreamContract } from '@godwit/transport/contract';
import type { Faults } from './fault-link.ts';
import { FaultNetwork } from './fault-network.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

byteStreamContract('fault network', async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  const network = new FaultNetwork({
    clock: systemClock,
    random: new SeededRandom(1),
    splitChance: 0.9,
  });
  network.listen('broker', accepted.resolve);
  const near = network.connect('broker');
  return { near, far: await accepted.promise, close: async () => {} };
});

interface Recording {
  readonly stream: ByteStream;
  readonly chunks: Uint8Array[];
  readonly events: string[];
}

function record(stream: ByteStream, clock: VirtualClock): Recording {
  const recording: Recording = { stream, chunks: [], events: [] };
  const note = (event: string): void => {
    recording.events.push(`${clock.monotonicMs()} ${event}`);
  };
  stream.open({
    onData(chunk) {
      recording.chunks.push(chunk.slice());
      note(`${chunk.length} bytes`);
    },
    onEnd: () => note('end'),
    onDrain() {},
    onClose: error => note(`close ${(error as NodeJS.ErrnoException | null)?.code}`),
  });
  return recording;
}

async function connected(
  seed: number,
  faults: Faults,
): Promise<{ clock: VirtualClock; network: FaultNetwork; near: Recording; far: Recording }> {
  const clock = new VirtualClock();
  const network = new FaultNetwork({ clock, random: new SeededRandom(seed), ...faults });
  const accepted: ByteStream[] = [];
  network.listen('broker', stream => void accepted.push(stream));
  const near = record(network.connect('broker'), clock);
  await clock.settle();
  return { clock, network, near, far: record(accepted[0], clock) };
}

const message = Uint8Array.from({ length: 500 }, (_, index) => index);

test('splits, joins and delays, keeps every byte in its order', async () => {
  const { clock, near, far } = await connected(5, { splitChance: 0.8, delayMsMax: 10 });
  for (let index = 0; index < 4; index += 1) near.stream.write(message);
  await clock.advance(10_000);
  const received = far.chunks.flatMap(chunk => [...chunk]);
  assert.deepEqual(received, [...message, ...message, ...message, ...message]);
  assert.ok(
    far.chunks.some(chunk => chunk.length % message.length !== 0),
    'was not split',
  );
  assert.ok(
    far.chunks.some(chunk => chunk.length > message.length),
    'was not joined',
  );
  const times = new Set(far.events.map(event => event.split(' ')[0]));
  assert.ok(times.size > 1, 'was not delayed');
});

test('a seed reproduces a run to the millisecond', async () => {
  const run = async (seed: number): Promise<string[]> => {
    const faults = { splitChance: 0.7, delayMsMax: 30, cutChance: 0.02 };
    const { clock, near, far } = await connected(seed, faults);
    for (let index = 0; index < 20; index += 1) {
      near.stream.write(message);
      await clock.advance(10);
    }
    await clock.advance(10_000);
    return far.events;
  };
  assert.deepEqual(await run(11), await run(11));
  assert.notDeepEqual(await run(11), await run(12));
});

test('a cut resets both ends and forgets the link', async () => {
  const { clock, network, near, far } = await connected(1, { delayMsMax: 10 });
  near.stream.write(message);
  network.links[0].cut();
  await clock.settle();
  assert.deepEqual(near.events, ['0 close ECONNRESET']);
  assert.deepEqual(far.events, ['0 close ECONNRESET']);
  assert.deepEqual(network.links, []);
});

test('cuts by chance', async () => {
  const { clock, near, far } = await connected(1, { cutChance: 1 });
  near.stream.write(message);
  await clock.settle();
  assert.deepEqual(near.events, ['0 close ECONNRESET']);
  assert.deepEqual(far.events, ['0 close ECONNRESET']);
});

test('a frozen direction loses nothing and slows the writer down; the other goes on', async () => {
  const { clock, network, near, far } = await connected(1, {});
  network.links[0].freeze('toListener');
  for (let index = 0; index < 400; index += 1) near.stream.write(message);
  far.stream.write(message);
  await clock.advance(1_000);
  assert.deepEqual(far.events, []);
  assert.deepEqual(near.events, ['0 500 bytes']);
  assert.ok(near.stream.bufferedBytes > 0);
  network.links[0].thaw('toListener');
  await clock.settle();
  assert.equal(far.chunks.flatMap(chunk => [...chunk]).length, 400 * message.length);
  assert.equal(near.stream.bufferedBytes, 0);
});

test('an orderly end goes through, and forgets the link', async () => {
  const { clock, network, near, far } = await connected(1, { delayMsMax: 10 });
  near.stream.write(message);
  near.stream.end();
  await clock.advance(100);
  far.stream.end();
  await clock.advance(100);
  assert.equal(far.chunks.length, 1);
  assert.match(far.events[1], /end$/);
  assert.match(near.events[0], /close undefined$/);
  assert.deepEqual(network.links, []);
});

test('one end that is destroyed takes the other with it', async () => {
  const { clock, network, near, far } = await connected(1, {});
  near.stream.destroy();
  await clock.settle();
  assert.deepEqual(far.events, ['0 close ECONNRESET']);
  assert.deepEqual(network.links, []);
});

test('memory pairs deliver on virtual time without any of it passing', async () => {
  const clock = new VirtualClock();
  const [first, second] = memoryPair(clock.defer);
  const { events } = record(second, clock);
  first.write(message);
  first.end();
  await clock.settle();
  assert.deepEqual(events, ['0 500 bytes', '0 end']);
});
