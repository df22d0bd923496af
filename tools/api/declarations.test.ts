import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { declarationsOf, linesWithBuffer } from './declarations.ts';

test('an entry is all that it leads to, without comments', t => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-declarations-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const write = (path: string, text: string): void => writeFileSync(join(folder, path), text);
  mkdirSync(join(folder, 'dist', 'part'), { recursive: true });
  const exports = {
    '.': { types: './dist/index.d.ts' },
    './part': { types: './dist/part/a.d.ts' },
  };
  write('package.json', JSON.stringify({ exports }));
  write(
    'dist/index.d.ts',
    `/** Says. */\nexport { a } from './part/a.ts';\nexport type B = string;\n`,
  );
  write(
    'dist/part/a.d.ts',
    `import type { B } from '../index.ts';\n// why\nexport declare const a: B;\n`,
  );
  write('dist/other.d.ts', 'export type Other = 1;\n');
  const declarations = declarationsOf(folder);
  deepEqual([...declarations.keys()], ['index.d.ts', 'part.d.ts']);
  equal(
    declarations.get('index.d.ts'),
    `// index.d.ts\nexport { a } from './part/a.ts';\nexport type B = string;\n\n` +
      `// part/a.d.ts\nimport type { B } from '../index.ts';\nexport declare const a: B;\n`,
  );
  match(declarations.get('part.d.ts') ?? '', /^\/\/ part\/a\.d\.ts\n/);
});

test('Buffer is found, and nothing that only contains the word', () => {
  deepEqual(linesWithBuffer('a: Buffer;\nb: ArrayBuffer;\nc: Buffer<x>'), [
    'a: Buffer;',
    'c: Buffer<x>',
  ]);
});
