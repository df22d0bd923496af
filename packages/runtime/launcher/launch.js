/**
 * Starts a command on a Node that is new enough: this one, or the one that npm brought along. It
 * is what an old Node meets first, so it is plain JavaScript without dependencies, for Node 18 and
 * later. In a source checkout it runs the TypeScript sources.
 */
import { existsSync } from 'node:fs';
import module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MIN = [24, 11];
const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs a command, and exits with the code that it returns.
 *
 * @typedef {{ main: (args: readonly string[]) => Promise<number> }} Command
 * @param {string} bin `import.meta.url` of the file in the package's folder `bin`
 * @param {{ source: () => Promise<Command>, built: () => Promise<Command> }} command where it is in
 *   a checkout, and in a package as it is published
 * @returns {Promise<void>}
 */
export async function launch(bin, command) {
  if (isNodeNewEnough()) {
    await run(bin, command);
    return;
  }
  const launcher = fileURLToPath(bin);
  const node = bundledNode(launcher);
  if (node !== undefined) await runOn(node, launcher);
  else {
    const name = basename(launcher, '.js');
    const wanted = NODE_MIN.join('.');
    process.stderr.write(`${name} needs Node ${wanted} or later; this is ${process.version}\n`);
    process.exitCode = 1;
  }
}

function isNodeNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/**
 * @param {string} bin
 * @param {{ source: () => Promise<Command>, built: () => Promise<Command> }} command
 */
async function run(bin, { source, built }) {
  module.enableCompileCache();
  const isCheckout = existsSync(new URL('../src', bin));
  if (isCheckout) {
    // the same as --conditions=godwit-source, without a second process
    module.registerHooks({
      resolve: (specifier, context, next) =>
        specifier.startsWith('@godwit/')
          ? next(specifier, { ...context, conditions: [...context.conditions, 'godwit-source'] })
          : next(specifier, context),
    });
  }
  const { main } = await (isCheckout ? source() : built());
  process.exitCode = await main(process.argv.slice(2));
}

/**
 * Path of the Node that npm installed for this platform, in the launcher's folder or one above.
 *
 * @param {string} launcher
 */
function bundledNode(launcher) {
  const isWindows = process.platform === 'win32';
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`;
  for (let folder = dirname(launcher); ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name, 'bin', isWindows ? 'node.exe' : 'node');
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * @param {string} node
 * @param {string} launcher
 */
async function runOn(node, launcher) {
  const { spawn } = await import('node:child_process');
  const child = spawn(node, [launcher, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const forwarded of FORWARDED) process.removeAllListeners(forwarded);
    process.kill(process.pid, signal);
  });
}
