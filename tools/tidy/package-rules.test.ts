import { deepEqual, match } from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  buildReferences,
  lockfileOfAllPlatforms,
  lockfileWithoutHosts,
  packageManifests,
  publishedFiles,
} from './package-rules.ts';

const MANIFEST = {
  name: '@godwit/a',
  description: 'An example',
  license: 'Apache-2.0',
  exports: {
    '.': {
      'godwit-source': './src/index.ts',
      types: './dist/index.d.ts',
      default: './dist/index.js',
    },
  },
};

const treeOf = (files: Record<string, unknown>): Map<string, string> =>
  new Map(Object.entries(files).map(([path, content]) => [path, JSON.stringify(content)]));

suite('packageManifests', () => {
  const faults = (change: object): string[] =>
    packageManifests(
      treeOf({
        'packages/a/package.json': { ...MANIFEST, ...change },
        'packages/a/src/index.ts': '',
      }),
    );

  test('accepts a complete manifest', () => deepEqual(faults({}), []));

  test('names what is missing', () => {
    const { 'godwit-source': source, ...others } = MANIFEST.exports['.'];
    for (const [change, fault] of [
      [{ name: 'a' }, /call it '@godwit\/a'/],
      [{ description: '' }, /describe it/],
      [{ license: 'MIT' }, /Apache-2\.0/],
      [{ exports: {} }, /exports nothing/],
      [{ exports: { '.': { ...others, 'godwit-source': source } } }, /in this order/],
      [
        { exports: { ...MANIFEST.exports, './b': { ...others, 'godwit-source': './src/b.ts' } } },
        /'\.\/src\/b\.ts' does not exist/,
      ],
    ] as const) {
      match(faults(change).join('\n'), fault);
    }
  });
});

test('publishedFiles leaves out tests and what serves them', () => {
  const faults = (...files: string[]): string[] =>
    publishedFiles(
      treeOf({ 'packages/a/package.json': { files }, 'packages/a/src/testing/x.ts': '' }),
    );
  deepEqual(faults('dist', '!dist/**/*.test.*', '!dist/testing'), []);
  match(faults('dist', '!dist/**/*.test.*')[0], /'files' lacks '!dist\/testing'/);
  match(faults('dist', '!dist/testing')[0], /'files' lacks '!dist\/\*\*\/\*\.test/);
});

suite('buildReferences', () => {
  const manifest = {
    ...MANIFEST,
    dependencies: { zod: '1' },
    devDependencies: { '@godwit/b': '1' },
  };

  test('accepts a package that is built after what it depends on', () => {
    const tree = treeOf({
      'tsconfig.json': { references: [{ path: 'packages/a' }] },
      'packages/a/package.json': manifest,
      'packages/a/tsconfig.json': { references: [{ path: '../b' }] },
    });
    deepEqual(buildReferences(tree), []);
  });

  test('misses a reference of the root, and one of the package', () => {
    const tree = treeOf({ 'packages/a/package.json': manifest });
    deepEqual(buildReferences(tree), [
      'tsconfig.json: refer to packages/a',
      'packages/a/tsconfig.json: refer to ../b, on which the package depends',
    ]);
  });
});

test('lockfileWithoutHosts allows a workspace link and no address', () => {
  const faults = (resolved: string): string[] =>
    lockfileWithoutHosts(treeOf({ 'package-lock.json': { packages: { x: { resolved } } } }));
  deepEqual(faults('packages/a'), []);
  match(faults('https://example.org/x.tgz')[0], /'x' carries the address/);
});

test('lockfileOfAllPlatforms misses the package of another platform', () => {
  const faults = (packages: object): string[] =>
    lockfileOfAllPlatforms(treeOf({ 'package-lock.json': { packages } }));
  const tool = { optionalDependencies: { 'tool-linux': '1', 'tool-darwin': '1' } };
  const all = { 'node_modules/a': tool, 'node_modules/tool-linux': {} };
  match(faults(all)[0], /'node_modules\/tool-darwin', which 'node_modules\/a' asks for/);
  deepEqual(faults({ ...all, 'node_modules/a/node_modules/tool-darwin': {} }), []);
});
