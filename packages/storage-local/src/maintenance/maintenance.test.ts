import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { World } from '../testing/world.ts';
import { compactData } from './compact-data.ts';
import { inspectData, verifyData } from './inspect-data.ts';

const limits = { acceptBytesMax: 512 * 1024, entryBytesMax: 256 * 1024, segmentBytes: 16 * 1024 };

/** Data of a broker that was stopped: 3 entries of 100 bytes, a mark, two sessions, one will. */
async function stoppedWorld(): Promise<World> {
  const world = new World();
  const { engine, accept } = await world.start();
  engine.accepts.onMark(() => 7);
  engine.accepts.touch(1);
  for (let n = 1; n <= 200; n += 1) {
    const at = await accept(new Uint8Array(1000).fill(n));
    engine.accepts.release(at);
  }
  for (let n = 1; n <= 3; n += 1) await accept(new Uint8Array(100).fill(n));
  for (let n = 0; n < 40; n += 1) await engine.sessions.put('anna', new Uint8Array(500));
  await engine.sessions.put('bert', new Uint8Array(50));
  await engine.wills.put('anna', new Uint8Array(9));
  await engine.wills.put('carl', new Uint8Array(9));
  await engine.wills.put('carl', null);
  await engine.stop(1000);
  await world.crash();
  return world;
}

suite('inspectData', () => {
  test('counts what is stored', async () => {
    const world = await stoppedWorld();
    const report = await inspectData(world.disk);
    assert.ok(report.entries.count >= 3 && report.entries.count < 203);
    assert.deepEqual(report.marks, { count: 1, bytes: 7 });
    assert.deepEqual(report.tables, {
      sessions: { count: 2, bytes: 550 },
      subscriptions: { count: 0, bytes: 0 },
      retained: { count: 0, bytes: 0 },
      wills: { count: 1, bytes: 9 },
    });
    assert.ok(report.state.deadBytes > 39 * 500 - 16 * 1024);
    assert.ok(report.accepts.size >= report.accepts.bytes);
    assert.deepEqual(report.problems, []);
  });

  test('a directory without data holds nothing', async () => {
    const world = new World();
    const report = await inspectData(world.disk);
    assert.deepEqual(report.entries, { count: 0, bytes: 0 });
    assert.deepEqual(report.problems, []);
  });

  test('a directory in use is refused, by all of them', async () => {
    const world = new World();
    await world.start();
    await assert.rejects(inspectData(world.disk), { code: 'locked' });
    await assert.rejects(verifyData(world.disk), { code: 'locked' });
    await assert.rejects(compactData(world.disk, world.clock, limits), { code: 'locked' });
  });
});

suite('verifyData', () => {
  test('what is whole has no problems', async () => {
    assert.deepEqual(await verifyData((await stoppedWorld()).disk), []);
  });

  test('damage is told with its place, each of it, and nothing is changed', async () => {
    const { disk } = await stoppedWorld();
    const names = await disk.list();
    const accept = names.find(name => name.startsWith('accept-'))!;
    const state = names.find(name => name.startsWith('state-'))!;
    for (const name of [accept, state]) disk.content(name)[100] ^= 1;
    disk.content('godwit.json')[3] ^= 1;
    const before = Buffer.from(disk.content(accept));
    const problems = await verifyData(disk);
    const places = problems.map(({ file, offset }) => `${file} ${offset}`);
    assert.deepEqual(places, ['godwit.json 0', `${accept} 32`, `${state} 32`]);
    assert.deepEqual(Buffer.from(disk.content(accept)), before);
    assert.deepEqual(await disk.list(), names);
  });

  test('a missing file is told', async () => {
    const world = new World();
    const { accept } = await world.start();
    for (let n = 0; n < 60; n += 1) await accept(new Uint8Array(1000));
    await world.crash();
    const names = (await world.disk.list()).filter(name => name.startsWith('accept-'));
    await world.disk.remove(names[1]);
    const problems = await verifyData(world.disk);
    assert.deepEqual(problems, [{ file: names[1], offset: 0, what: 'it is missing' }]);
  });
});

suite('compactData', () => {
  test('keeps everything that counts, in less room', async () => {
    const world = await stoppedWorld();
    const before = await inspectData(world.disk);
    const { sizeBefore, sizeAfter } = await compactData(world.disk, world.clock, limits);
    assert.ok(sizeAfter < sizeBefore, `${sizeBefore} before, ${sizeAfter} after`);
    const after = await inspectData(world.disk);
    assert.deepEqual(after.tables, before.tables);
    assert.deepEqual(after.marks, before.marks);
    assert.deepEqual(after.entries, before.entries);
    assert.ok(after.state.deadBytes < 500);
    assert.deepEqual(after.problems, []);
    const next = await world.start();
    const last = [...next.found.values()].slice(-3).map(([first]) => first);
    assert.deepEqual(last, [1, 2, 3]);
    assert.equal(next.marks.get(1)?.length, 7);
  });

  test('what is damaged is not compacted', async () => {
    const { disk, clock } = await stoppedWorld();
    const state = (await disk.list()).find(name => name.startsWith('state-'))!;
    disk.content(state)[100] ^= 1;
    await assert.rejects(compactData(disk, clock, limits), { code: 'corrupt' });
    assert.equal((await verifyData(disk)).length, 1, 'it is not locked any more');
  });

  test('a directory without data stays as it is', async () => {
    const { disk, clock } = new World();
    assert.deepEqual(await compactData(disk, clock, limits), { sizeBefore: 0, sizeAfter: 0 });
    assert.deepEqual(await disk.list(), []);
  });
});
