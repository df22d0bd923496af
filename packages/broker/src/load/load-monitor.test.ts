import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Limits, resolveLimits } from '../limits.ts';
import { Metrics } from '../metrics.ts';
import { type Load, LoadMonitor } from './load-monitor.ts';

interface Watched {
  readonly monitor: LoadMonitor;
  readonly metrics: Metrics;
  readonly changes: Load[];
  memory: number;
}

function watched(limits: Partial<Limits>): Watched {
  const metrics = new Metrics();
  const changes: Load[] = [];
  const watched: Watched = {
    metrics,
    changes,
    memory: 0,
    monitor: new LoadMonitor(
      resolveLimits(limits),
      metrics,
      () => watched.memory,
      load => changes.push(load),
    ),
  };
  return watched;
}

function look({ monitor }: Watched, lateMs: number, times: number): void {
  for (let count = 0; count < times; count += 1) monitor.look(lateMs);
}

suite('LoadMonitor', () => {
  test('three looks in a row raise it, five well below lower it, by one step', () => {
    const bench = watched({ loopDelayMaxMs: 100 });
    const { monitor, metrics, changes } = bench;
    look(bench, 90, 2);
    look(bench, 10, 1);
    look(bench, 90, 2);
    assert.equal(monitor.state, 'normal');
    look(bench, 90, 1);
    assert.equal(monitor.state, 'busy');
    assert.equal(monitor.isOverloaded, false);
    look(bench, 300, 3);
    assert.equal(monitor.state, 'overloaded');
    assert.equal(monitor.isOverloaded, true);
    assert.equal(metrics.loadLevel, 2);
    look(bench, 95, 50);
    assert.equal(monitor.state, 'overloaded', 'not so much better');
    look(bench, 89, 5);
    assert.equal(monitor.state, 'busy');
    look(bench, 75, 50);
    assert.equal(monitor.state, 'busy', 'not so much better');
    look(bench, 69, 4);
    assert.equal(monitor.state, 'busy');
    look(bench, 69, 1);
    assert.equal(monitor.state, 'normal');
    const states = changes.map(({ state }) => state);
    assert.deepEqual(states, ['busy', 'overloaded', 'busy', 'normal']);
    assert.deepEqual(changes[0].reasons, ['timers are 90 ms late']);
    assert.deepEqual(changes[3].reasons, []);
  });

  test('may be overloaded at once', () => {
    const bench = watched({ loopDelayMaxMs: 100 });
    look(bench, 1000, 3);
    assert.equal(bench.monitor.state, 'overloaded');
  });

  test('memory counts as well, and is looked at only where it is bounded', () => {
    const bench = watched({ memoryBytesMax: 1000 });
    bench.memory = 850;
    look(bench, 999_999, 3);
    const { state, reasons, memoryBytes } = bench.monitor.load;
    assert.deepEqual([state, memoryBytes], ['busy', 850]);
    assert.deepEqual(reasons, ['850 bytes of memory are held']);
    const unbounded = watched({});
    unbounded.memory = 1e12;
    look(unbounded, 1e9, 10);
    assert.equal(unbounded.monitor.load.state, 'normal');
    assert.equal(unbounded.monitor.load.memoryBytes, 0);
  });
});
