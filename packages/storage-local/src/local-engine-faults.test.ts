import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { EngineError, type EngineHealth, type EntryRef } from '@godwit/storage';
import { SeededRandom } from '@godwit/testkit';
import { DataDirectory } from './data-directory.ts';
import { NodeDisk } from './disk/node-disk.ts';
import { SimulatedDisk } from './disk/simulated-disk.ts';
import { LocalEngine } from './local-engine.ts';
import { HandClock } from './testing/hand-clock.ts';

const KIB = 1024;
const limits = { acceptBytesMax: 512 * KIB, entryBytesMax: 256 * KIB, segmentBytes: 16 * KIB };

async function world() {
  const clock = new HandClock();
  const disk = new SimulatedDisk({ random: new SeededRandom(7), clock });
  const start = async (): Promise<LocalEngine> => {
    const data = await DataDirectory.open(disk);
    const engine = new LocalEngine({ clock, data, limits });
    await engine.start();
    return engine;
  };
  return { clock, disk, start };
}

function accept(engine: LocalEngine, bytes: Uint8Array): Promise<EntryRef> {
  const { promise, resolve, reject } = Promise.withResolvers<EntryRef>();
  const taken = engine.accepts.offer(bytes, (error, at) => (error ? reject(error) : resolve(at)));
  if (!taken) reject(new EngineError('full', 'refused'));
  return promise;
}

async function orphans(engine: LocalEngine): Promise<number[]> {
  const found: number[] = [];
  for await (const log of engine.accepts.orphans()) {
    for await (const { bytes } of log.entries()) found.push(bytes[0]);
  }
  return found;
}

async function fill(engine: LocalEngine, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await accept(engine, new Uint8Array(100).fill(n + 1));
}

const fileOf = (disk: SimulatedDisk, names: readonly string[], prefix: string): Uint8Array =>
  disk.content(names.find(name => name.startsWith(prefix))!);

suite('damage and torn ends', () => {
  for (const prefix of ['accept-', 'state-']) {
    test(`a flipped bit in the middle of ${prefix}* is refused, with its place`, async () => {
      const { disk, start } = await world();
      const engine = await start();
      await fill(engine, 5);
      for (let n = 0; n < 5; n += 1) await engine.retained.put(`t${n}`, new Uint8Array(100));
      engine.kill();
      disk.crash();
      const bytes = fileOf(disk, await disk.list(), prefix);
      bytes[200] ^= 4;
      const place = new RegExp(
        `simulated/${prefix}(?:.*-)?00000001\\.log is damaged at byte \\d+: `,
      );
      await assert.rejects(start(), { code: 'corrupt', message: place });
      disk.crash();
      bytes[200] ^= 4;
      assert.deepEqual(await orphans(await start()), [1, 2, 3, 4, 5]);
    });
  }

  test('the last record of a run that ended in order is proved by its seal', async () => {
    const { clock, disk, start } = await world();
    const engine = await start();
    await fill(engine, 2);
    await engine.retained.put('t', new Uint8Array(100).fill(9));
    const stopping = engine.stop(100);
    await clock.advance(100);
    await stopping;
    await engine.fence();
    disk.crash();
    const state = fileOf(disk, await disk.list(), 'state-');
    state[state.indexOf(9)] = 8;
    await assert.rejects(start(), { code: 'corrupt' });
  });

  test('a torn end is cut, and what was before it is there', async () => {
    const { disk, start } = await world();
    const engine = await start();
    await fill(engine, 3);
    engine.kill();
    disk.crash();
    const bytes = fileOf(disk, await disk.list(), 'accept-');
    bytes.fill(0, bytes.lastIndexOf(3) - 20);
    assert.deepEqual(await orphans(await start()), [1, 2]);
  });

  test('a missing file is damage', async () => {
    const { disk, start } = await world();
    const engine = await start();
    await fill(engine, 400);
    engine.kill();
    disk.crash();
    const names = (await disk.list()).filter(name => name.startsWith('accept-'));
    await disk.remove(names[1]);
    await assert.rejects(start(), { code: 'corrupt', message: new RegExp(names[1]) });
  });

  test('data of a newer format is refused', async () => {
    const { disk, start } = await world();
    (await start()).kill();
    disk.crash();
    const file = await disk.open('godwit.json', false);
    const json = '{"format":2,"node":"x","opened":1}';
    await file.truncate(0);
    await file.write(Buffer.from(`${json}\n${crc32(json)}\n`), 0);
    await assert.rejects(start(), { code: 'version', message: /format 2.*format 1/ });
  });
});

suite('a disk that fails', () => {
  test('an error of the medium ends the engine, once and for all', async () => {
    const { disk, start } = await world();
    const engine = await start();
    const health: EngineHealth[] = [];
    engine.onHealth(now => health.push(now));
    await fill(engine, 1);
    disk.failingCall = disk.calls + 2; // The write succeeds, its sync does not.
    await assert.rejects(accept(engine, new Uint8Array(1)), { code: 'io', message: /EIO/ });
    const { calls } = disk;
    await assert.rejects(accept(engine, new Uint8Array(1)), { code: 'io' });
    await assert.rejects(engine.retained.put('t', new Uint8Array(1)), { code: 'io' });
    assert.deepEqual(health, ['failed']);
    await engine.fence();
    assert.ok(disk.calls <= calls + 4, 'it only closes its files');
    disk.powerCut();
    assert.ok([1, 2].includes((await orphans(await start())).length));
  });

  test('without room, what adds is refused, the rest goes on; with room, all does', async () => {
    const { clock, disk, start } = await world();
    const engine = await start();
    await engine.retained.put('t', new Uint8Array(1));
    await clock.settle();
    let drains = 0;
    engine.accepts.onDrain(() => {
      drains += 1;
    });
    disk.bytesMax = disk.bytesUsed;
    const places: EntryRef[] = [];
    const filling = async (bytes: number): Promise<void> => {
      for (;;) places.push(await accept(engine, new Uint8Array(bytes)));
    };
    await assert.rejects(filling(3 * KIB), { code: 'full' });
    await assert.rejects(filling(1), { code: 'full', message: 'refused' });
    assert.ok(places.length >= 8, 'the files that were ready are used');
    const putting = async (): Promise<void> => {
      for (let n = 0; ; n += 1) await engine.retained.put(`t${n}`, new Uint8Array(3 * KIB));
    };
    await assert.rejects(putting(), { code: 'full' });
    await engine.retained.put('t', null);
    assert.equal(await engine.sessions.read('anna'), null);
    engine.accepts.release(places[0]);
    await clock.advance(5000);
    disk.bytesMax = Number.POSITIVE_INFINITY;
    await clock.advance(5000);
    assert.ok(drains >= 1);
    await accept(engine, new Uint8Array(3 * KIB));
    await engine.retained.put('t', new Uint8Array(3 * KIB));
    engine.kill();
  });

  test('a disk without room for a log cannot be started on', async () => {
    const { disk, start } = await world();
    disk.bytesMax = 8 * KIB;
    await assert.rejects(start(), { code: 'full' });
  });
});

suite('room', () => {
  test('an entry that is never released does not hold up the log', async () => {
    const { clock, disk, start } = await world();
    const engine = await start();
    const kept = await accept(engine, new Uint8Array(10).fill(77));
    for (let n = 0; n < 200; n += 1) {
      engine.accepts.release(await accept(engine, new Uint8Array(4 * KIB)));
    }
    await clock.settle();
    const files = (await disk.list()).filter(name => name.startsWith('accept-'));
    assert.ok(files.length <= 6, `${files.length} files`);
    engine.kill();
    disk.powerCut();
    const next = await start();
    const found: EntryRef[] = [];
    for await (const log of next.accepts.orphans()) {
      for await (const { at, bytes } of log.entries()) if (bytes[0] === 77) found.push(at);
    }
    assert.deepEqual(found, [kept]);
  });

  test('values that never change do not hold up the state log', async () => {
    const { clock, disk, start } = await world();
    const engine = await start();
    await engine.retained.put('kept', new Uint8Array(10).fill(77));
    const id = { node: engine.self, sequence: 1, index: 0 };
    await engine.inboxes.append('anna', id, new Uint8Array(10).fill(78));
    for (let n = 0; n < 200; n += 1) await engine.retained.put('t', new Uint8Array(4 * KIB));
    await clock.settle();
    const files = (await disk.list()).filter(name => name.startsWith('state-'));
    assert.ok(files.length <= 6, `${files.length} files`);
    for (const run of [engine, null]) {
      if (run !== null) engine.kill();
      if (run === null) disk.powerCut();
      else disk.crash();
      const next = await start();
      const { entries } = await next.inboxes.read('anna', 0, 10);
      assert.deepEqual(
        entries.map(({ bytes }) => bytes[0]),
        [78],
      );
      const topics: string[] = [];
      for await (const { topic } of next.retained.load()) topics.push(topic);
      assert.deepEqual(topics.sort(), ['kept', 't']);
      next.kill();
    }
  });
});

suite('NodeDisk', () => {
  test('a directory in use says by whom', async () => {
    const path = await mkdtemp(join(tmpdir(), 'godwit-storage-'));
    const disk = await NodeDisk.open(path);
    const data = await DataDirectory.open(disk);
    const holder = new RegExp(`in use by process ${process.pid} on .*ps -fp ${process.pid}`);
    await assert.rejects(DataDirectory.open(disk), { code: 'locked', message: holder });
    await data.close();
    await (await DataDirectory.open(disk)).close();
    await rm(path, { recursive: true });
  });
});
