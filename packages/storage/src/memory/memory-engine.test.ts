import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clock, systemClock } from '@godwit/runtime';
import { type EngineUnderTest, engineContract } from '../contract/index.ts';
import type { EngineHealth } from '../engine.ts';
import type { EngineErrorCode } from '../engine-error.ts';
import { MemoryDisk } from './memory-disk.ts';
import { MemoryEngine } from './memory-engine.ts';
import type { MemoryLimits } from './memory-limits.ts';

const MIB = 1024 * 1024;

/** Time that moves only by hand; `defer` is the system's. */
class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { atMs: number; call: () => void }[] = [];

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  get pending(): number {
    return this.#timers.length;
  }

  after(delayMs: number, call: () => void) {
    const timer = { atMs: this.#nowMs + delayMs, call };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter(other => other !== timer);
      },
    };
  }

  defer(call: () => void): void {
    systemClock.defer(call);
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await this.settle();
      const due = this.#timers.filter(timer => timer.atMs <= untilMs);
      if (due.length === 0) break;
      const next = due.reduce((a, b) => (b.atMs < a.atMs ? b : a));
      this.#timers = this.#timers.filter(other => other !== next);
      this.#nowMs = next.atMs;
      next.call();
    }
    this.#nowMs = untilMs;
  }

  /** Lets deferred calls run, and those that they defer. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise<void>(resolve => systemClock.defer(resolve));
    }
  }
}

async function openSubject(): Promise<EngineUnderTest> {
  const clock = new ManualClock();
  const disk = new MemoryDisk({ acceptBytesMax: 20 * MIB });
  const engines = [new MemoryEngine({ clock, disk })];
  const succeed = async () => {
    const engine = new MemoryEngine({ clock, disk });
    engines.push(engine);
    return engine;
  };
  return {
    engine: engines[0],
    clock,
    advance: ms => clock.advance(ms),
    stall(ms) {
      disk.faults.stalled = true;
      clock.after(ms, () => {
        disk.faults.stalled = false;
      });
    },
    crash() {
      engines.at(-1)?.kill();
      return succeed();
    },
    succeed,
    async close() {
      disk.faults.stalled = false;
      for (const engine of engines) {
        const stopping = engine.stop(0);
        await clock.advance(0);
        await stopping;
      }
    },
  };
}

engineContract('memory', openSubject);

async function started(limits: Partial<MemoryLimits> = {}) {
  const clock = new ManualClock();
  const disk = new MemoryDisk(limits);
  const engine = new MemoryEngine({ clock, disk });
  const health: EngineHealth[] = [];
  engine.onHealth(now => health.push(now));
  await engine.start();
  return { clock, disk, engine, health };
}

async function stop(engine: MemoryEngine, clock: ManualClock): Promise<void> {
  const stopping = engine.stop(0);
  await clock.advance(0);
  await stopping;
}

const ref = (engine: MemoryEngine, sequence: number) => ({ node: engine.self, sequence, index: 0 });
const full = { name: 'EngineError', code: 'full' };

describe('MemoryEngine', () => {
  test('a slow disk delays a batch, and what arrives meanwhile is the next', async () => {
    const { clock, disk, engine } = await started();
    disk.faults.delayMs = 10;
    const done: string[] = [];
    engine.accepts.offer(new Uint8Array(1), (_error, at) => done.push(`a ${at?.sequence}`));
    engine.accepts.offer(new Uint8Array(1), (_error, at) => done.push(`b ${at?.sequence}`));
    await clock.advance(5);
    engine.accepts.offer(new Uint8Array(1), (_error, at) => done.push(`c ${at?.sequence}`));
    await clock.advance(5);
    await clock.settle();
    assert.deepEqual(done, ['a 1', 'b 1']);
    await clock.advance(10);
    assert.deepEqual(done, ['a 1', 'b 1', 'c 2']);
    await stop(engine, clock);
  });

  test('a failing disk ends the engine with io', async () => {
    const { clock, disk, engine, health } = await started();
    disk.faults.failing = true;
    const codes: (EngineErrorCode | undefined)[] = [];
    engine.accepts.offer(new Uint8Array(1), (error, _at) => codes.push(error?.code));
    await assert.rejects(engine.retained.put('t', new Uint8Array(1)), { code: 'io' });
    disk.faults.failing = false;
    engine.accepts.offer(new Uint8Array(1), (error, _at) => codes.push(error?.code));
    await clock.settle();
    assert.deepEqual(codes, ['io', 'io']);
    assert.deepEqual(health, ['ready', 'failed']);
    assert.equal(disk.quotas.accepts.used + disk.quotas.retained.used, 0);
    await stop(engine, clock);
  });

  test('a full disk fails what was taken, refuses the rest, and drains', async () => {
    const { clock, disk, engine } = await started();
    const codes: (EngineErrorCode | undefined)[] = [];
    let drains = 0;
    engine.accepts.onDrain(() => {
      drains += 1;
    });
    engine.accepts.offer(new Uint8Array(1), (error, _at) => codes.push(error?.code));
    disk.faults.full = true;
    assert.equal(
      engine.accepts.offer(new Uint8Array(1), () => codes.push(undefined)),
      false,
    );
    await assert.rejects(engine.inboxes.append('k', ref(engine, 1), new Uint8Array(1)), full);
    await engine.inboxes.drop('k');
    assert.equal(await engine.sessions.read('k'), null);
    assert.deepEqual(codes, ['full']);
    disk.faults.full = false;
    assert.equal(drains, 1);
    assert.ok(engine.accepts.offer(new Uint8Array(1), (error, _at) => codes.push(error?.code)));
    await clock.settle();
    assert.deepEqual(codes, ['full', undefined]);
    await stop(engine, clock);
  });

  test('a fenced engine says so at once', async () => {
    const { clock, engine, health } = await started();
    const codes: (EngineErrorCode | undefined)[] = [];
    engine.accepts.offer(new Uint8Array(1), (error, _at) => codes.push(error?.code));
    engine.fence();
    assert.deepEqual(codes, ['fenced']);
    assert.deepEqual(health, ['ready', 'fenced']);
    await stop(engine, clock);
  });

  test('an older run cannot start after a newer one', async () => {
    const { clock, disk } = await started();
    const older = new MemoryEngine({ clock, disk });
    const newer = new MemoryEngine({ clock, disk });
    await newer.start();
    await assert.rejects(older.start(), { code: 'fenced' });
    await stop(newer, clock);
  });

  test('a killed engine calls nobody and leaves no timer', async () => {
    const { clock, disk, engine } = await started();
    await engine.sessions.claim('k', new Uint8Array(1), 0, { durable: true, expiresInMs: 10 });
    await engine.wills.put('k', new Uint8Array(1), clock.wallMs() + 10);
    await engine.retained.put('t', new Uint8Array(1), clock.wallMs() + 10);
    const used = disk.quotas.sessions.used;
    engine.sessions.onExpired(() => assert.fail('killed'));
    engine.accepts.offer(new Uint8Array(1), () => assert.fail('killed'));
    void engine.sessions
      .claim('j', new Uint8Array(1), 0, { durable: true })
      .then(() => assert.fail());
    engine.kill();
    engine.accepts.offer(new Uint8Array(1), () => assert.fail('killed'));
    await clock.advance(1000);
    assert.equal(clock.pending, 0);
    assert.equal(disk.quotas.accepts.used, 0);
    assert.equal(disk.quotas.sessions.used, used);
  });

  test('each quota refuses with full, counts it, and frees what is removed', async () => {
    const { clock, disk, engine } = await started({
      inboxBytesMax: 1000,
      sessionBytesMax: 1000,
      retainedBytesMax: 1000,
      willBytesMax: 1000,
    });
    const big = new Uint8Array(600);
    const durable = { durable: true };
    const claimed = await engine.sessions.claim('a', big, 0, durable);
    assert.ok(claimed.won);
    await assert.rejects(engine.sessions.claim('b', big, 0, durable), full);
    await engine.sessions.end('a', claimed.revision);
    await engine.sessions.claim('b', big, 0, durable);
    await engine.retained.put('a', big);
    await assert.rejects(engine.retained.put('b', big), full);
    await engine.retained.put('a', null);
    await engine.retained.put('b', big);
    await engine.wills.put('a', big);
    await assert.rejects(engine.wills.put('b', big), full);
    await engine.wills.cancel('a');
    await engine.wills.put('b', big);
    await engine.inboxes.append('a', ref(engine, 1), big);
    await assert.rejects(engine.inboxes.append('b', ref(engine, 1), big), full);
    await engine.inboxes.drop('a');
    await engine.inboxes.append('b', ref(engine, 1), big);
    for (const name of ['sessions', 'retained', 'wills', 'inboxes'] as const) {
      assert.equal(disk.quotas[name].hits, 1, name);
    }
    await stop(engine, clock);
  });

  test('lost claims, repeated ids and expired data give their room back', async () => {
    const { clock, disk, engine } = await started();
    const some = new Uint8Array(100);
    const options = { durable: true, expiresInMs: 1000 };
    await Promise.all([1, 2, 3].map(() => engine.sessions.claim('k', some, 0, options)));
    await engine.retained.put('t', some, clock.wallMs() + 1000);
    await Promise.all(
      [1, 2].map(() => engine.inboxes.append('k', ref(engine, 1), some, clock.wallMs() + 1000)),
    );
    await clock.advance(1000);
    await engine.inboxes.read('k', 0, 1);
    await engine.wills.put('k', some, clock.wallMs() + 1000);
    await engine.wills.cancel('k');
    assert.equal(clock.pending, 0);
    for (const quota of Object.values(disk.quotas)) assert.equal(quota.used, 0, quota.name);
    await stop(engine, clock);
  });

  test('expired inbox entries make room when it is short', async () => {
    const { clock, engine } = await started({ inboxBytesMax: 1000 });
    const big = new Uint8Array(600);
    await clock.advance(1);
    await engine.inboxes.append('away', ref(engine, 1), big, clock.wallMs() + 1000);
    await clock.advance(1000);
    await engine.inboxes.append('other', ref(engine, 2), big);
    assert.equal((await engine.inboxes.read('other', 0, 1)).entries.length, 1);
    await stop(engine, clock);
  });

  test('messages that expire after a restart give their room back too', async () => {
    const { clock, disk, engine } = await started();
    await engine.retained.put('t', new Uint8Array(1), clock.wallMs() + 1000);
    engine.kill();
    const next = new MemoryEngine({ clock, disk });
    await next.start();
    await clock.advance(1000);
    assert.equal(disk.quotas.retained.used, 0);
    await stop(next, clock);
  });

  test('an inbox forgets the ids that it has let go', async () => {
    const { clock, engine } = await started();
    const append = (n: number) => engine.inboxes.append('k', ref(engine, n), new Uint8Array(n));
    await append(1);
    await append(2);
    const { entries } = await engine.inboxes.read('k', 0, 1);
    await engine.inboxes.trim('k', entries[0].position);
    await append(1);
    const after = await engine.inboxes.read('k', 0, 9);
    assert.deepEqual(
      after.entries.map(entry => entry.bytes.length),
      [2, 1],
    );
    await stop(engine, clock);
  });

  test('orphans count until they are finished', async () => {
    const { clock, disk, engine } = await started({
      acceptBytesMax: 1000,
      entryBytesMax: 600,
    });
    engine.accepts.offer(new Uint8Array(600), () => {});
    await clock.settle();
    engine.kill();
    const next = new MemoryEngine({ clock, disk });
    await next.start();
    let drains = 0;
    next.accepts.onDrain(() => {
      drains += 1;
    });
    assert.equal(
      next.accepts.offer(new Uint8Array(600), () => {}),
      false,
    );
    for await (const log of next.accepts.orphans()) await log.finish();
    assert.equal(drains, 1);
    assert.ok(next.accepts.offer(new Uint8Array(600), () => {}));
    await stop(next, clock);
  });

  test('limits that cannot work are a mistake', () => {
    assert.throws(() => new MemoryDisk({ acceptBytesMax: MIB, entryBytesMax: MIB }), RangeError);
  });
});
