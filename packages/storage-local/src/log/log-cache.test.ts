import { deepEqual, equal } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LogCache } from './log-cache.ts';

function numbers(from: number, length: number): Buffer {
  // With memory of its own: that is what counts.
  return Buffer.from(Uint8Array.from({ length }, (_, i) => from + i).buffer);
}

suite('LogCache', () => {
  test('gives what was read, and forgets what was used longest ago', () => {
    const cache = new LogCache(20);
    for (const from of [0, 10, 20]) {
      if (from === 20) cache.find(0, 1);
      cache.addRead(from, numbers(from, 10));
    }
    deepEqual([...cache.find(2, 3)!], [2, 3, 4]);
    equal(cache.find(10, 1), null);
    deepEqual([...cache.find(29, 1)!], [29]);
    equal(cache.find(29, 2), null);
  });

  test('what was written last is there, whatever its size and whatever was read since', () => {
    const cache = new LogCache(20);
    cache.addWritten(100, numbers(100, 50), 0, 50);
    for (const from of [0, 10, 20]) cache.addRead(from, numbers(from, 10));
    deepEqual([...cache.find(148, 2)!], [148, 149]);
    cache.addWritten(150, numbers(150, 5), 0, 5);
    equal(cache.find(148, 2), null);
    deepEqual([...cache.find(154, 1)!], [154]);
  });
});
