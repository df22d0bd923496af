import { equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configurationReference, referenceFile } from './reference.ts';

test('the reference of the configuration is what the schema says', () => {
  const hint = 'node --conditions=godwit-source packages/server/src/config/reference.ts renews it';
  equal(readFileSync(referenceFile, 'utf8'), configurationReference(), hint);
});
