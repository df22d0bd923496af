import { deepEqual, equal, throws } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { SourceFile } from './source-file.ts';

const file = new SourceFile(
  'packages/broker/src/x.test.ts',
  [
    '// a comment with setTimeout',
    "import { a } from './a.ts';",
    "import type { B } from '@godwit/b';",
    "export { c } from './c.ts';",
    "const d = await import('./d.ts');",
    "type E = import('./e.ts').E;",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the sample holds a template
    "call('text', `template ${inner} end`, /pattern/, 1);",
  ].join('\n'),
);

suite('SourceFile', () => {
  test('finds every kind of import with its line', () => {
    deepEqual(
      file.imports.toSorted((a, b) => a.line - b.line),
      [
        { specifier: './a.ts', line: 2 },
        { specifier: '@godwit/b', line: 3 },
        { specifier: './c.ts', line: 4 },
        { specifier: './d.ts', line: 5 },
        { specifier: './e.ts', line: 6 },
      ],
    );
  });

  test('blanks comments and literals, and keeps lines and code', () => {
    equal(file.code.length, file.text.length);
    for (const word of ['setTimeout', 'text', 'template', 'end', 'pattern']) {
      equal(file.code.includes(word), false, word);
    }
    deepEqual(file.linesWith(/\binner\b/g), [7]);
    deepEqual(file.linesWith(/, 1\)/g), [7]);
  });

  test('knows its package and that it is a test', () => {
    equal(file.packageName, 'broker');
    equal(file.isTest, true);
    equal(new SourceFile('tools/x.ts', '').packageName, undefined);
    equal(new SourceFile('packages/broker/src/x.ts', '').isTest, false);
    equal(new SourceFile('packages/broker/bench/x.ts', '').isTest, true);
  });

  test('refuses what does not parse', () => {
    throws(() => new SourceFile('x.ts', 'const = 1;'), /x\.ts/);
  });
});
