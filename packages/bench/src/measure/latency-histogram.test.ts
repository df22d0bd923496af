import { deepEqual, equal, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { durationMaxUs, LatencyHistogram } from './latency-histogram.ts';

function recorded(...durations: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const us of durations) histogram.record(us);
  return histogram;
}

suite('LatencyHistogram', () => {
  test('is exact for short durations', () => {
    const thousand = Array.from({ length: 1_000 }, (_, i) => i + 1);
    const { count, meanUs, p50Us, p90Us, p99Us, p999Us, maxUs } = recorded(...thousand).summary();
    deepEqual(
      [count, meanUs, p50Us, p90Us, p99Us, p999Us, maxUs],
      [1_000, 500.5, 500, 900, 990, 999, 1_000],
    );
  });

  test('says 0 when it is empty, and again after a reset', () => {
    const histogram = recorded(5, 6_000_000);
    histogram.reset();
    const nothing = { count: 0, meanUs: 0, p50Us: 0, p90Us: 0, p99Us: 0, p999Us: 0, maxUs: 0 };
    deepEqual(histogram.summary(), nothing);
  });

  test('counts what is negative as 0 and what is too long as the longest', () => {
    equal(recorded(-5).quantileUs(1), 0);
    equal(recorded(1e12).quantileUs(1), durationMaxUs);
  });

  test('adds another one', () => {
    const sum = recorded(1, 2, 3);
    sum.add(recorded(50_000, 60_000, 70_000));
    deepEqual([sum.count, sum.quantileUs(0.5), sum.summary().maxUs], [6, 3, 70_000]);
    ok(Math.abs(sum.quantileUs(0.8) - 60_000) <= 60);
  });

  test('is never off by more than a thousandth', () => {
    const duration = fc.integer({ min: 0, max: durationMaxUs });
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (all, share) => {
          const sorted = all.toSorted((a, b) => a - b);
          const exact = sorted[Math.max(1, Math.ceil(share * all.length)) - 1];
          const found = recorded(...all).quantileUs(share);
          ok(found >= exact && found <= exact * 1.001, `${found} is not ${exact}`);
        },
      ),
    );
  });
});
