import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '@godwit/testkit';
import { Backoff } from './backoff.ts';

const random = new SeededRandom(7);

function delays(jitter: 'full' | 'decorrelated' | 'none'): number[] {
  const backoff = new Backoff({ minMs: 100, maxMs: 1_000, jitter }, random);
  return Array.from({ length: 200 }, () => backoff.next());
}

test('without jitter the delay doubles up to its maximum, and resets', () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 1_000, jitter: 'none' }, random);
  const next = (): number => backoff.next();
  assert.deepEqual(Array.from({ length: 6 }, next), [100, 200, 400, 800, 1_000, 1_000]);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});

test('full jitter spreads from 1 to the bound', () => {
  const late = delays('full').slice(4);
  assert.ok(late.every(delay => delay >= 1 && delay <= 1_000 && Number.isInteger(delay)));
  assert.ok(Math.min(...late) < 50 && Math.max(...late) > 950);
});

test('decorrelated jitter stays between the bounds', () => {
  const all = delays('decorrelated');
  assert.ok(all.every(delay => delay >= 100 && delay <= 1_000 && Number.isInteger(delay)));
  assert.ok(new Set(all).size > 50);
});
