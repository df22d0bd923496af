import { deepEqual, equal, match } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileHead, fileLength, functionLength, pathNames } from './shape-rules.ts';
import { SourceFile } from './source-file.ts';

const PATH = 'packages/broker/src/x.ts';

suite('shape rules', () => {
  test('fileLength allows 600 lines and no more', () => {
    deepEqual(fileLength(new SourceFile(PATH, 'f();\n'.repeat(600))), []);
    match(fileLength(new SourceFile(PATH, 'f();\n'.repeat(601)))[0], /601 lines, at most 600/);
    deepEqual(fileLength(new SourceFile('packages/a/api/b.d.ts', 'export {};\n'.repeat(601))), []);
  });

  test('functionLength allows 70 lines and no more, except in tests', () => {
    const body = (lines: number): string => `function f() {\n${'g();\n'.repeat(lines - 2)}}`;
    const arrow = `\nconst f = () => {\n${'g();\n'.repeat(69)}};`;
    deepEqual(functionLength(new SourceFile(PATH, body(70))), []);
    match(functionLength(new SourceFile(PATH, body(71)))[0], /x\.ts:1: a function of 71 lines/);
    match(functionLength(new SourceFile(PATH, arrow))[0], /x\.ts:2: a function of 71 lines/);
    for (const exempt of ['src/x.test.ts', 'src/contract/x.ts', 'src/x-contract.ts']) {
      deepEqual(functionLength(new SourceFile(`packages/broker/${exempt}`, body(71))), [], exempt);
    }
  });

  test('fileHead asks for a comment before anything else', () => {
    deepEqual(fileHead(new SourceFile(PATH, '\n/** Owns x. */\nf();')), []);
    match(fileHead(new SourceFile(PATH, 'f();\n/** Owns x. */'))[0], /say at the head/);
    match(fileHead(new SourceFile(PATH, 'f();'))[0], /say at the head/);
    deepEqual(fileHead(new SourceFile(PATH, "export { a, type B } from './a.ts';")), []);
    deepEqual(fileHead(new SourceFile('packages/broker/src/x.test.ts', 'f();')), []);
  });

  test('pathNames asks for kebab-case and for names that say something', () => {
    const names = (path: string): string[] => pathNames(new Map([[path, '']]));
    for (const path of ['packages/a/src/filter-tree.test.ts', 'x/mqtt5.ts', 'LICENSE.md']) {
      deepEqual(names(path), [], path);
    }
    for (const path of ['a/FilterTree.ts', 'a/filter_tree.ts', 'a/-x.mjs']) {
      match(names(path)[0], /kebab-case/, path);
    }
    for (const folder of ['utils', 'common', 'helpers', 'core', 'lib']) {
      match(names(`packages/a/${folder}/x.ts`)[0], /after what it holds/, folder);
    }
    equal(names('packages/a/src/core.ts').length, 0);
  });
});
