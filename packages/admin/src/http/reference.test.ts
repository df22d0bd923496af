import { equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { apiPage, apiReference } from './reference.ts';

test('the reference of the API names all routes', () => {
  const hint = 'node --conditions=godwit-source packages/admin/src/http/reference.ts renews it';
  equal(readFileSync(apiPage, 'utf8'), apiReference(), hint);
});
