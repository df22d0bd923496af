import { deepEqual, equal, match } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { browserSafe, importDirection, noDeepImports } from './import-rules.ts';
import { SourceFile } from './source-file.ts';

const importing = (path: string, ...specifiers: string[]): SourceFile =>
  new SourceFile(path, specifiers.map(name => `import '${name}';`).join('\n'));

suite('importDirection', () => {
  test('lets imports run downward', () => {
    const file = importing('packages/broker/src/x.ts', '@godwit/protocol', '@godwit/storage');
    deepEqual(importDirection(file), []);
  });

  test('refuses a sibling, a higher floor, and the test kit outside tests', () => {
    for (const [from, to] of [
      ['broker', 'client'],
      ['protocol', 'transport'],
      ['client', 'testkit'],
      ['transport', 'protocol'],
    ]) {
      const [fault] = importDirection(importing(`packages/${from}/src/x.ts`, `@godwit/${to}/node`));
      match(fault, new RegExp(`^packages/${from}/src/x.ts:1: '${from}' must not import '${to}'`));
    }
  });

  test('lets tests use the test kit', () => {
    deepEqual(importDirection(importing('packages/client/src/x.test.ts', '@godwit/testkit')), []);
  });

  test('asks for the floor of an unknown package', () => {
    match(
      importDirection(importing('packages/new/src/x.ts'))[0],
      /give the package 'new' its floor/,
    );
  });
});

suite('noDeepImports', () => {
  const manifest = JSON.stringify({ exports: { '.': {}, './node': {} } });
  const tree = new Map([['packages/transport/package.json', manifest]]);
  const faults = (...specifiers: string[]): string[] =>
    noDeepImports(importing('packages/broker/src/x.ts', ...specifiers), tree);

  test('lets through what a package exports, and files of its own', () => {
    deepEqual(faults('@godwit/transport', '@godwit/transport/node', './y.ts', '../bench/y.ts'), []);
  });

  test('refuses what is not exported', () => {
    match(faults('@godwit/transport/src/tcp.ts')[0], /is not exported by its package/);
  });

  test('refuses a way around the name', () => {
    match(faults('../../transport/src/tcp.ts')[0], /by the name of its package/);
    const tool = importing('tools/x.ts', '../packages/transport/src/tcp.ts');
    equal(noDeepImports(tool, tree).length, 1);
  });
});

suite('browserSafe', () => {
  const faults = (...files: [path: string, text: string][]): string[] =>
    browserSafe(new Map(files.map(([path, text]) => [path, new SourceFile(path, text)])));

  test('follows the main entry to what it leads to', () => {
    const [fault, ...others] = faults(
      ['packages/client/src/index.ts', "export { a } from './a.ts';"],
      ['packages/client/src/a.ts', "import './deep/b.ts';"],
      ['packages/client/src/deep/b.ts', "import 'node:net';"],
      ['packages/client/src/node.ts', "import 'node:tls';"],
    );
    match(fault, /^packages\/client\/src\/deep\/b\.ts:1: 'node:net' does not exist in a browser/);
    deepEqual(others, []);
  });

  test('refuses the globals of Node, but not words that look like them', () => {
    const path = 'packages/protocol/src/index.ts';
    for (const text of ['Buffer.alloc(1);', 'f(process.env);', "require('x');"]) {
      match(faults([path, text])[0], /a global of Node's/, text);
    }
    for (const text of ['a.Buffer.b;', 'class A { process() {} }', 'f({ process: 1 });']) {
      deepEqual(faults([path, text]), [], text);
    }
  });
});
