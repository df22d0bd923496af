import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { crc32 } from 'node:zlib';
import type { EngineError, EngineHealth } from '@godwit/storage';
import { DataDirectory } from './data-directory.ts';
import { NodeDisk } from './disk/node-disk.ts';
import type { SimulatedDisk } from './disk/simulated-disk.ts';
import { type StartedEngine, World } from './testing/world.ts';

const KIB = 1024;

async function fill(engine: StartedEngine, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await engine.accept(new Uint8Array(100).fill(n + 1));
}

/** First bytes of what was found, in order. */
function firstBytes(engine: StartedEngine): number[] {
  return [...engine.found].sort(([a], [b]) => a - b).map(([, bytes]) => bytes[0]);
}

const fileOf = (disk: SimulatedDisk, names: readonly string[], prefix: string): Uint8Array =>
  disk.content(names.find(name => name.startsWith(prefix))!);

suite('damage and torn ends', () => {
  for (const prefix of ['accept-', 'state-']) {
    test(`a flipped bit in the middle of ${prefix}* is refused, with its place`, async () => {
      const world = new World();
      const first = await world.start();
      await fill(first, 5);
      for (let n = 0; n < 5; n += 1) await first.engine.retained.put(`t${n}`, new Uint8Array(100));
      await world.crash();
      const bytes = fileOf(world.disk, await world.disk.list(), prefix);
      bytes[200] ^= 4;
      const place = new RegExp(`simulated/${prefix}00000001\\.log is damaged at byte \\d+: `);
      await assert.rejects(world.start(), { code: 'corrupt', message: place });
      await world.crash();
      assert.equal(world.open, 0, 'no file is left open');
      bytes[200] ^= 4;
      assert.deepEqual(firstBytes(await world.start()), [1, 2, 3, 4, 5]);
    });
  }

  test('the last record of a run that ended in order is proved by its seal', async () => {
    const world = new World();
    const { engine, accept } = await world.start();
    await accept(new Uint8Array(100).fill(9));
    await engine.stop(100);
    await world.crash();
    const log = fileOf(world.disk, await world.disk.list(), 'accept-');
    log[log.indexOf(9, 64)] = 8;
    await assert.rejects(world.start(), { code: 'corrupt' });
  });

  test('a torn end is cut, and what was before it is there', async () => {
    const world = new World();
    await fill(await world.start(), 3);
    await world.crash();
    const bytes = fileOf(world.disk, await world.disk.list(), 'accept-');
    bytes.fill(0, bytes.lastIndexOf(3) - 20);
    assert.deepEqual(firstBytes(await world.start()), [1, 2]);
  });

  test('a missing file is damage', async () => {
    const world = new World();
    await fill(await world.start(), 400);
    await world.crash();
    const names = (await world.disk.list()).filter(name => name.startsWith('accept-'));
    await world.disk.remove(names[1]);
    await assert.rejects(world.start(), { code: 'corrupt', message: new RegExp(names[1]) });
    assert.equal(world.open, 0, 'no file is left open');
  });

  test('what is damaged after the start is not given out, and ends the engine', async () => {
    const world = new World({ cacheBytesMax: 0 });
    const { engine, accept } = await world.start();
    const health: (string | undefined)[] = [];
    engine.onHealth((now, error) => health.push(now, error?.code));
    const good = await accept(new Uint8Array(100).fill(1));
    const bad = await accept(new Uint8Array(100).fill(2));
    assert.equal((await engine.accepts.read(good))[0], 1);
    const bytes = fileOf(world.disk, await world.disk.list(), 'accept-');
    bytes[bytes.lastIndexOf(2)] = 3;
    const place = /simulated\/accept-00000001\.log is damaged at byte \d+/;
    await assert.rejects(async () => engine.accepts.read(bad), {
      code: 'corrupt',
      message: place,
    });
    assert.deepEqual(health, ['failed', 'corrupt']);
    await assert.rejects(async () => engine.accepts.read(good), { code: 'corrupt' });
  });

  for (const [format, advice] of [
    [1, /format 1.*format 2: no release has written that/],
    [3, /format 3.*format 2: use the version/],
  ] as const) {
    test(`data of format ${format} is refused`, async () => {
      const world = new World();
      await world.start();
      await world.crash();
      const file = await world.disk.open('godwit.json', false);
      const json = `{"format":${format}}`;
      await file.truncate(0);
      await file.write(Buffer.from(`${json}\n${crc32(json)}\n`), 0);
      await assert.rejects(world.start(), { code: 'version', message: advice });
    });
  }
});

suite('a disk that fails', () => {
  test('an error of the medium ends the engine, once and for all', async () => {
    const world = new World();
    const { engine, accept } = await world.start();
    const health: [EngineHealth, EngineError | null][] = [];
    engine.onHealth((...now) => health.push(now));
    await accept(new Uint8Array(100).fill(1));
    world.disk.failingCall = world.disk.calls + 2; // The write succeeds, its sync does not.
    const failed = Promise.withResolvers<void>();
    engine.onHealth(() => failed.resolve());
    const at = engine.accepts.offer(new Uint8Array(100).fill(2), 0, 100, 1);
    assert.ok(at > 0);
    await failed.promise;
    const { calls } = world.disk;
    assert.deepEqual(
      health.map(([now, error]) => [now, error?.code]),
      [['failed', 'io']],
    );
    assert.match(health[0][1]!.message, /EIO/);
    assert.equal(engine.accepts.offer(new Uint8Array(1), 0, 1, 1), 0);
    await assert.rejects(engine.retained.put('t', new Uint8Array(1)), { code: 'io' });
    await assert.rejects(async () => engine.accepts.read(at), { code: 'io' });
    await engine.stop(1000);
    assert.ok(world.disk.calls <= calls + 4, 'it only closes its files');
    world.disk.powerCut();
    assert.ok([1, 2].includes((await world.start()).found.size));
  });

  test('without room entries wait and what adds is refused; removals and marks go on', async () => {
    const world = new World();
    const { engine, accept } = await world.start();
    const { accepts, retained } = engine;
    await retained.put('t', new Uint8Array(1));
    await world.clock.settle();
    const health: string[] = [];
    engine.onHealth(now => health.push(now));
    let drains = 0;
    accepts.onDrain(() => {
      drains += 1;
    });
    accepts.onMark(() => 1);
    world.disk.bytesMax = world.disk.bytesUsed;
    const taken: number[] = [];
    for (let at = 1; at > 0; await world.clock.settle()) {
      at = accepts.offer(new Uint8Array(3 * KIB), 0, 3 * KIB, 1);
      if (at > 0) taken.push(at);
    }
    assert.deepEqual(health, ['full']);
    assert.ok(taken.length >= 8, 'the files that were ready are used');
    const putting = async (): Promise<void> => {
      for (let n = 0; ; n += 1) await retained.put(`t${n}`, new Uint8Array(3 * KIB));
    };
    await assert.rejects(putting(), { code: 'full' });
    await retained.put('t', null);
    accepts.touch(1);
    await world.clock.advance(5000);
    assert.equal(drains, 0);
    world.disk.bytesMax = Number.POSITIVE_INFINITY;
    await world.clock.advance(5000);
    assert.equal(drains, 1);
    assert.deepEqual(health, ['full', 'ready']);
    await accept(new Uint8Array(3 * KIB));
    await retained.put('t', new Uint8Array(3 * KIB));
    await world.crash();
    assert.equal((await world.start()).found.size, taken.length + 1);
  });

  test('a disk without room for a log cannot be started on', async () => {
    const world = new World();
    world.disk.bytesMax = 8 * KIB;
    await assert.rejects(world.start(), { code: 'full' });
    assert.equal(world.open, 0, 'no file is left open');
  });
});

suite('room', () => {
  test('an entry and a mark that stay do not hold up the log', async () => {
    const world = new World();
    const { engine, accept } = await world.start();
    const kept = await accept(new Uint8Array(10).fill(77));
    engine.accepts.onMark((_key, into) => {
      into[0] = 78;
      return 1;
    });
    engine.accepts.touch(1);
    for (let n = 0; n < 200; n += 1) {
      engine.accepts.release(await accept(new Uint8Array(4 * KIB)));
    }
    await world.clock.settle();
    const files = (await world.disk.list()).filter(name => name.startsWith('accept-'));
    assert.ok(files.length <= 6, `${files.length} files`);
    assert.ok(engine.stats.cleanedBytes > 0);
    assert.equal((await engine.accepts.read(kept))[0], 77);
    world.disk.powerCut();
    const next = await world.start();
    assert.equal(next.found.get(kept)?.[0], 77);
    assert.deepEqual([...next.marks.get(1)!], [78]);
  });

  test('values that never change do not hold up the state log', async () => {
    const world = new World();
    const { engine } = await world.start();
    await engine.retained.put('kept', new Uint8Array(10).fill(77));
    for (let n = 0; n < 200; n += 1) await engine.retained.put('t', new Uint8Array(4 * KIB));
    await world.clock.settle();
    const files = (await world.disk.list()).filter(name => name.startsWith('state-'));
    assert.ok(files.length <= 6, `${files.length} files`);
    world.disk.powerCut();
    const next = await world.start();
    const topics: string[] = [];
    for await (const { key } of next.engine.retained.load()) topics.push(key);
    assert.deepEqual(topics.sort(), ['kept', 't']);
  });
});

suite('NodeDisk', () => {
  test('a directory in use says by whom', async () => {
    const path = await mkdtemp(join(tmpdir(), 'godwit-storage-'));
    const disk = await NodeDisk.open(path);
    const data = await DataDirectory.open(disk);
    const holder = new RegExp(`in use by process ${process.pid} on .*ps -fp ${process.pid}`);
    await assert.rejects(DataDirectory.open(disk), { code: 'locked', message: holder });
    data.close();
    (await DataDirectory.open(disk)).close();
    await rm(path, { recursive: true });
  });
});
