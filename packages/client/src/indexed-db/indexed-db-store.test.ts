import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexedDbStore } from './indexed-db-store.ts';

test('without IndexedDB there is no such store', () => {
  assert.throws(() => indexedDbStore('session'), TypeError);
});
