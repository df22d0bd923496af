/**
 * Runs the unit tests of the packages that support more than the bundled Node on other versions
 * of it: `node tools/node-matrix.ts 22.23.3 26.10.0`. npm fetches those, on Linux only.
 */
import { spawnSync } from 'node:child_process';

const PACKAGES = ['protocol', 'client'];

const globs = PACKAGES.map(name => `"packages/${name}/src/**/*.test.ts"`).join(' ');
const platform = `${process.platform}-${process.arch}`;

for (const version of process.argv.slice(2)) {
  const flags = '--conditions=godwit-source --test --experimental-test-isolation=none';
  const command = `node --version && node ${flags} --test-reporter=dot ${globs}`;
  const { status } = spawnSync(
    'npm',
    ['exec', '--yes', `--package=node-${platform}@${version}`, '-c', command],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}
