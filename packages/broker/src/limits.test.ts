import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { defaultLimits, type Limits, limitRanges, resolveLimits } from './limits.ts';

suite('limits', () => {
  test('every default lies within the range of its limit, and every limit has one', () => {
    assert.deepEqual(Object.keys(limitRanges).sort(), Object.keys(defaultLimits).sort());
    assert.deepEqual(resolveLimits(defaultLimits), { ...defaultLimits });
  });

  test('what is given is laid over the defaults; undefined means the default', () => {
    const limits = resolveLimits({ inflightMax: 7, queueMessagesMax: undefined });
    assert.deepEqual(limits, { ...defaultLimits, inflightMax: 7 });
  });

  test('the ends of each range are allowed, what lies beyond is not', () => {
    for (const name of Object.keys(limitRanges) as (keyof Limits)[]) {
      const [lowest, highest] = limitRanges[name];
      for (const value of [lowest, highest]) resolveLimits({ [name]: value });
      for (const value of [lowest - 1, highest + 1, 1.5, Number.NaN, '1']) {
        assert.throws(
          () => resolveLimits({ [name]: value } as Partial<Limits>),
          error => error instanceof RangeError && error.message.startsWith(`limits.${name}: is `),
        );
      }
    }
  });

  test('an unknown name is refused', () => {
    assert.throws(
      () => resolveLimits({ inflight: 7 } as Partial<Limits>),
      /^RangeError: limits\.inflight: there is no such limit$/,
    );
  });
});
