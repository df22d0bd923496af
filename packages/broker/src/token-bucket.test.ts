import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bucketOf, TokenBucket } from './token-bucket.ts';

suite('TokenBucket', () => {
  test('gives a burst, then the rate, whatever the steps', () => {
    const bucket = new TokenBucket(10, 500, 0);
    let taken = 0;
    for (let ms = 0; ms <= 10_000; ms += 7) if (bucket.tryTake(ms)) taken += 1;
    assert(taken >= 104 && taken <= 106, `${taken}`);
  });

  test('holds one at least, and no more than the burst', () => {
    const bucket = new TokenBucket(1, 10, 0);
    assert.equal(bucket.tryTake(3_600_000), true);
    assert.equal(bucket.tryTake(3_600_000), false);
    assert.equal(bucket.tryTake(3_601_000), true);
  });

  test('a debt is waited for', () => {
    const bucket = new TokenBucket(1000, 1000, 0);
    bucket.take(5000);
    assert.equal(bucket.isEmpty, true);
    assert.equal(bucket.waitMs, 4001);
    bucket.fill(4000);
    assert.equal(bucket.isEmpty, true);
    bucket.fill(4001);
    assert.equal(bucket.waitMs, 0);
  });

  test('0 is no bound', () => assert.equal(bucketOf(0, 1000, 0), null));
});
