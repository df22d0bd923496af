import { equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { metricsPage, metricsReference } from './reference.ts';

test('the reference of metrics names all there are', () => {
  const hint = 'node --conditions=godwit-source packages/admin/src/metrics/reference.ts renews it';
  equal(readFileSync(metricsPage, 'utf8'), metricsReference(), hint);
});
