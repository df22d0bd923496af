import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { configDiff } from './config-diff.ts';

test('configDiff names each value that is not the same, and those there is only one of', () => {
  const before = { a: 1, b: { c: 'x', d: ['1'] }, e: [{ f: 1 }, { f: 2 }], g: undefined };
  const after = { a: 1, b: { c: 'y', d: ['1', '2'] }, e: [{ f: 1, h: true }] };
  deepEqual(configDiff(before, after), [
    { path: 'b.c', before: 'x', after: 'y' },
    { path: 'b.d', before: ['1'], after: ['1', '2'] },
    { path: 'e.1.f', before: 2, after: undefined },
    { path: 'e.0.h', before: undefined, after: true },
  ]);
  deepEqual(configDiff(before, before), []);
});
