import { deepEqual, equal, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isMet, metricNames, parseThreshold } from './threshold.ts';

suite('thresholds', () => {
  test('have a metric, an operator and a limit in its unit', () => {
    const parsed = (text: string): unknown[] => {
      const { metric, operator, limit } = parseThreshold(text);
      return [metric, operator, limit];
    };
    deepEqual(parsed('p99>5ms'), ['p99', '>', 5_000]);
    deepEqual(parsed(' p99.9 >= 1.5 s '), ['p99.9', '>=', 1_500_000]);
    deepEqual(parsed('cpu>2us'), ['cpu', '>', 2]);
    deepEqual(parsed('lost>0'), ['lost', '>', 0]);
    deepEqual(parsed('received<100k'), ['received', '<', 100_000]);
    deepEqual(parsed('rss<=1.5GB'), ['rss', '<=', 1.5e9]);
  });

  test('say what is wrong with them', () => {
    throws(() => parseThreshold('p99'), /'p99' is no condition; expected one as p99>5ms/);
    throws(() => parseThreshold('p98>5ms'), /there is no 'p98'; expected mean, p50/);
    throws(() => parseThreshold('p99>5'), /has no unit of p99; expected us, µs, ms, s/);
    throws(() => parseThreshold('lost>5ms'), /has no unit of lost; expected k, M/);
  });

  test('are met or not', () => {
    const metrics = new Map([['lost', 3]]);
    const met = (text: string): boolean => isMet(parseThreshold(text), metrics);
    deepEqual(['lost>2', 'lost>3', 'lost>=3', 'lost<3', 'lost<=3', 'lost<4'].map(met), [
      ...[true, false, true, false, true, true],
    ]);
    throws(() => met('bytes>1kB'), /this run has no bytes/);
  });

  test('every name can be written', () => {
    for (const name of metricNames) {
      const unit = ['', 'ms', 'kB'].find(unit => {
        try {
          return parseThreshold(`${name}>1${unit}`) !== undefined;
        } catch {
          return false;
        }
      });
      equal(typeof unit, 'string', name);
    }
  });
});
