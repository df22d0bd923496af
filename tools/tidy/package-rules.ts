/**
 * What holds for every package's manifest and for the lockfile: the same metadata, the same three
 * export conditions, a place in the build, and no trace of where npm downloaded from.
 */
import type { Tree } from './tree.ts';

const CONDITIONS = ['godwit-source', 'types', 'default'];

/** Folder names of all packages. */
function packagesOf(tree: Tree): string[] {
  return [...tree.keys()].flatMap(
    path => /^packages\/([^/]+)\/package\.json$/.exec(path)?.slice(1) ?? [],
  );
}

interface Manifest {
  readonly name?: string;
  readonly description?: string;
  readonly license?: string;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface BuildConfig {
  readonly references?: readonly { readonly path: string }[];
}

interface LockedPackage {
  readonly resolved?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lockfile {
  readonly packages?: Readonly<Record<string, LockedPackage>>;
}

function readJson<T>(tree: Tree, path: string): T {
  return JSON.parse(tree.get(path) ?? '{}');
}

/** Each package says what it is, under which licence, and exports source, types and code. */
export function packageManifests(tree: Tree): string[] {
  return packagesOf(tree).flatMap(name => {
    const path = `packages/${name}/package.json`;
    const manifest: Manifest = readJson(tree, path);
    const entries = Object.entries(manifest.exports ?? {});
    return [
      ...(manifest.name === `@godwit/${name}` ? [] : [`${path}: call it '@godwit/${name}'`]),
      ...(manifest.description ? [] : [`${path}: describe it`]),
      ...(manifest.license === 'Apache-2.0' ? [] : [`${path}: its license is Apache-2.0`]),
      ...(manifest.exports?.['.'] ? [] : [`${path}: it exports nothing`]),
      ...entries
        .filter(([, conditions]) => Object.keys(conditions).join() !== CONDITIONS.join())
        .map(([entry]) => `${path}: '${entry}' needs ${CONDITIONS.join(', ')}, in this order`),
      ...entries
        .map(([, conditions]) => conditions['godwit-source'] ?? '')
        .filter(source => !tree.has(`packages/${name}/${source.replace('./', '')}`))
        .map(source => `${path}: the source '${source}' does not exist`),
    ];
  });
}

/** What only tests need is not published. */
export function publishedFiles(tree: Tree): string[] {
  return packagesOf(tree).flatMap(name => {
    const path = `packages/${name}/package.json`;
    const { files = [] } = readJson<Manifest>(tree, path);
    const hasTesting = [...tree.keys()].some(key =>
      key.startsWith(`packages/${name}/src/testing/`),
    );
    return ['dist', '!dist/**/*.test.*', ...(hasTesting ? ['!dist/testing'] : [])]
      .filter(entry => !files.includes(entry))
      .map(entry => `${path}: 'files' lacks '${entry}'`);
  });
}

/** Each package is built: by the root, and after the packages it depends on. */
export function buildReferences(tree: Tree): string[] {
  const referencesOf = (path: string): string[] =>
    (readJson<BuildConfig>(tree, path).references ?? []).map(reference => reference.path);
  const root = referencesOf('tsconfig.json');
  return packagesOf(tree).flatMap(name => {
    const path = `packages/${name}/tsconfig.json`;
    const manifest: Manifest = readJson(tree, `packages/${name}/package.json`);
    const referenced = referencesOf(path);
    return [
      ...(root.includes(`packages/${name}`) ? [] : [`tsconfig.json: refer to packages/${name}`]),
      ...Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
        .filter(dependency => dependency.startsWith('@godwit/'))
        .map(dependency => dependency.replace('@godwit/', '../'))
        .filter(reference => !referenced.includes(reference))
        .map(reference => `${path}: refer to ${reference}, on which the package depends`),
    ];
  });
}

/** The lockfile names versions and checksums, not the registry they happened to come from. */
export function lockfileWithoutHosts(tree: Tree): string[] {
  const lockfile: Lockfile = readJson(tree, 'package-lock.json');
  return Object.entries(lockfile.packages ?? {})
    .filter(([, { resolved }]) => resolved?.includes('://'))
    .map(([path]) => `package-lock.json: '${path}' carries the address it was downloaded from`);
}

/**
 * The lockfile knows the packages of all platforms, not only of the one it was written on. Else
 * `npm ci` refuses it: pick versions of which every platform's package exists.
 */
export function lockfileOfAllPlatforms(tree: Tree): string[] {
  const lockfile: Lockfile = readJson(tree, 'package-lock.json');
  const packages = lockfile.packages ?? {};
  return Object.entries(packages).flatMap(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {})
      .map(name => `node_modules/${name}`)
      .filter(entry => !(entry in packages) && !(`${path}/${entry}` in packages))
      .map(entry => `package-lock.json: '${entry}', which '${path}' asks for, is missing`),
  );
}
