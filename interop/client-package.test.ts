/**
 * The client as others get it: packed, unpacked beside a program that has nothing else, imported by
 * Node and bundled for a browser, whose bundle has a bound.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build as buildByEsbuild } from 'esbuild';
import { build as buildByVite, type Rolldown } from 'vite';
import { suiteMs } from './support/inbox.ts';

/** Of core and WebSocket, in bytes, minified and compressed. */
const bundleBytesMax = 31_000;

const packages = ['runtime', 'protocol', 'transport', 'client'];
const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
}

suite('the client’s package', { timeout: suiteMs }, () => {
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-package-'));
    await run('tsc', ['-b', 'packages/client'], { cwd: root });
    const packed = packages.flatMap(name => ['-w', `packages/${name}`]);
    await run('npm', ['pack', '--silent', '--pack-destination', folder, ...packed], { cwd: root });
    for (const name of packages) {
      const home = join(folder, 'node_modules', '@godwit', name);
      await mkdir(home, { recursive: true });
      const archive = join(folder, `godwit-${name}-0.1.0.tgz`);
      await run('tar', ['-xzf', archive, '-C', home, '--strip-components=1']);
    }
    await symlink(join(root, 'node_modules', 'ws'), join(folder, 'node_modules', 'ws'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  });
  after(() => rm(folder, { recursive: true }));

  async function program(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  test('has all that it exports, and no test', async () => {
    const home = join(folder, 'node_modules', '@godwit', 'client');
    const { exports }: Manifest = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
    deepEqual(Object.keys(exports).slice(0, 2), ['.', './node']);
    for (const entry of Object.values(exports)) {
      ok((await readFile(join(home, entry.types), 'utf8')).length > 0);
      ok((await readFile(join(home, entry.default), 'utf8')).length > 0);
    }
    const { stdout } = await run('find', [home, '-name', '*.test.*']);
    equal(stdout, '');
  });

  test('Node imports every entry', async () => {
    const path = await program(
      'imports.js',
      `import { connect } from '@godwit/client';
       import { connect as connectOnNode } from '@godwit/client/node';
       import { scramSha256 } from '@godwit/client/scram';
       console.log(connect.name, connectOnNode.name, scramSha256('a', 'b').method);`,
    );
    const { stdout, stderr } = await run(process.execPath, [path], { cwd: folder });
    deepEqual([stdout, stderr], ['connect connect SCRAM-SHA-256\n', '']);
  });

  const entry = `import { connect, createClient } from '@godwit/client';
    export { connect, createClient };`;

  test(`esbuild: at most ${bundleBytesMax} bytes, and nothing of Node`, async t => {
    const path = await program('bundled.js', entry);
    const { outputFiles, metafile } = await buildByEsbuild({
      entryPoints: [path],
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      absWorkingDir: folder,
    });
    const inputs = Object.keys(metafile.inputs);
    deepEqual(
      inputs.filter(input => input.startsWith('node:') || input.includes('node_modules/ws/')),
      [],
    );
    const [{ contents }] = outputFiles;
    const { length } = gzipSync(contents, { level: 9 });
    const brotli = brotliCompressSync(contents).length;
    t.diagnostic(`${contents.length} bytes, ${length} by gzip, ${brotli} by brotli`);
    ok(length <= bundleBytesMax, `${length} bytes`);
  });

  test('vite', async () => {
    const path = await program('by-vite.js', entry);
    const built = await buildByVite({
      root: folder,
      configFile: false,
      logLevel: 'error',
      build: { write: false, lib: { entry: path, formats: ['es'], fileName: 'client' } },
    });
    const [{ output }] = built as Rolldown.RolldownOutput[];
    const imported = output.flatMap(chunk => (chunk.type === 'chunk' ? chunk.imports : []));
    deepEqual(imported, []);
  });
});
