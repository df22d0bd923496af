/**
 * Who may import whom. Imports run downward only; siblings do not know each other; a package is
 * entered through what it exports; and what must run in a browser reaches for nothing of Node's.
 */
import { dirname, join } from 'node:path/posix';
import type { SourceFile } from './source-file.ts';
import type { Tree } from './tree.ts';

/** The floors of the house: package → the packages it may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  runtime: [],
  protocol: ['runtime'],
  transport: ['runtime'],
  storage: ['runtime', 'protocol'],
  'storage-local': ['runtime', 'storage'],
  client: ['runtime', 'protocol', 'transport'],
  broker: ['runtime', 'protocol', 'transport', 'storage'],
  auth: ['runtime', 'protocol', 'transport', 'broker'],
  testkit: ['runtime', 'protocol', 'transport'],
  conformance: ['runtime', 'protocol', 'transport', 'broker', 'auth', 'testkit'],
  admin: ['runtime', 'protocol', 'transport', 'broker'],
  server: [
    'runtime',
    'protocol',
    'transport',
    'storage',
    'storage-local',
    'broker',
    'auth',
    'admin',
  ],
  bench: ['runtime', 'protocol', 'transport'],
  simulator: ['runtime', 'protocol', 'transport', 'storage', 'storage-local', 'broker', 'testkit'],
  cli: ['runtime', 'protocol', 'transport', 'client', 'broker', 'auth', 'admin', 'server', 'bench'],
};

/** Entries that, with all they lead to, also run in a browser. */
const BROWSER_SAFE = [
  'runtime/src/index.ts',
  'protocol/src/index.ts',
  'transport/src/index.ts',
  'client/src/index.ts',
  'client/src/scram.ts',
];

const PACKAGE_IMPORT = /^@godwit\/([^/]+)(?:\/(.+))?$/;

/** Imports between packages follow the floors; tests may also use the test kit. */
export function importDirection(file: SourceFile): string[] {
  const from = file.packageName;
  if (from === undefined) return [];
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) {
    return [`${file.path}: give the package '${from}' its floor in tools/tidy/import-rules.ts`];
  }
  return file.imports.flatMap(({ specifier, line }) => {
    const to = PACKAGE_IMPORT.exec(specifier)?.[1];
    if (to === undefined || allowed.includes(to) || (file.isTest && to === 'testkit')) return [];
    return [`${file.path}:${line}: '${from}' must not import '${to}': it is not on a lower floor`];
  });
}

/** A package is imported by name, and only what its manifest exports. */
export function noDeepImports(file: SourceFile, tree: Tree): string[] {
  return file.imports.flatMap(({ specifier, line }) => {
    if (specifier.startsWith('.')) {
      const home = /^packages\/[^/]+\//.exec(file.path)?.[0];
      const target = join(dirname(file.path), specifier);
      if (home === undefined ? !target.startsWith('packages/') : target.startsWith(home)) return [];
      return [`${file.path}:${line}: import '${specifier}' by the name of its package`];
    }
    const [, name, entry] = PACKAGE_IMPORT.exec(specifier) ?? [];
    if (name === undefined) return [];
    const manifest = JSON.parse(tree.get(`packages/${name}/package.json`) ?? '{}');
    if (manifest.exports?.[entry === undefined ? '.' : `./${entry}`] !== undefined) return [];
    return [`${file.path}:${line}: '${specifier}' is not exported by its package`];
  });
}

/** What a browser-safe entry leads to imports no module of Node's and does without its globals. */
export function browserSafe(files: ReadonlyMap<string, SourceFile>): string[] {
  const reached = new Set<SourceFile>();
  const follow = (path: string): void => {
    const file = files.get(path);
    if (file === undefined || reached.has(file)) return;
    reached.add(file);
    for (const { specifier } of file.imports) {
      if (specifier.startsWith('.')) follow(join(dirname(path), specifier));
    }
  };
  for (const entry of BROWSER_SAFE) follow(`packages/${entry}`);
  return [...reached].flatMap(file => [
    ...file.imports
      .filter(({ specifier }) => specifier.startsWith('node:'))
      .map(
        ({ specifier, line }) =>
          `${file.path}:${line}: '${specifier}' does not exist in a browser; ` +
          `have it handed in, or move this behind the entry './node'`,
      ),
    ...file
      .linesWith(/(?<![\w$.])(Buffer\b(?!\??:)|(process|global)\.|require\()/g)
      .map(line => `${file.path}:${line}: a global of Node's, which a browser lacks`),
  ]);
}
