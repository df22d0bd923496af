import { ok } from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { matrixPage } from './matrix.ts';
import { matrixFile } from './matrix-file.ts';

test('docs/reference/conformance.md is what the statements and cases say now', () => {
  const written = existsSync(matrixFile) ? readFileSync(matrixFile, 'utf8') : '';
  ok(
    written === matrixPage(),
    'write it: node --conditions=godwit-source packages/conformance/src/matrix/matrix-file.ts',
  );
});
