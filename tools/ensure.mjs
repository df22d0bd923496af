/**
 * Runs before `npm start` and `npm test`: installs what a fresh machine lacks. It is what an old
 * Node meets first, so it is plain JavaScript without dependencies, for Node 18 and later.
 * With `--tests` it also brings the Debian packages that the tests talk to.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The oldest Node that broker, server and command line run on. */
const NODE_MIN = [24, 11];

/** What the interoperability tests run or load; on other systems those tests are skipped. */
const DEBIAN_PACKAGES = [
  'chromium',
  'haproxy',
  'libnginx-mod-stream',
  'microsocks',
  'mosquitto',
  'mosquitto-clients',
  'nginx-light',
  'openssl',
  'python3-paho-mqtt',
  'slapd',
  'strace',
  'systemd',
  'tinyproxy',
  'tshark',
];

const POLICY_FILE = '/usr/sbin/policy-rc.d';

/**
 * Whether what npm installed (its hidden lockfile) is what the lockfile asks for. Contents are
 * compared, not times: a checkout touches every file.
 *
 * @param {{ packages: Record<string, any> }} wanted package-lock.json
 * @param {{ packages: Record<string, any> } | undefined} installed node_modules/.package-lock.json
 * @returns {boolean}
 */
export function isInstalled(wanted, installed) {
  if (installed === undefined) return false;
  return Object.entries(wanted.packages)
    .filter(([path]) => path.startsWith('node_modules/'))
    .every(([path, entry]) => {
      const found = installed.packages[path];
      if (found === undefined) return entry.optional === true;
      return found.version === entry.version && found.integrity === entry.integrity;
    });
}

/**
 * Whether a Node version, such as 'v24.11.0', is new enough.
 *
 * @param {string} version
 * @returns {boolean}
 */
export function isNodeNewEnough(version) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
}

/**
 * @param {string} path
 * @returns {any}
 */
function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * @param {string} line
 * @returns {never}
 */
function fail(line) {
  say(line);
  process.exit(1);
}

/** @param {string} root */
function ensureNpmPackages(root) {
  const wanted = readJson(join(root, 'package-lock.json'));
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'));
  if (isInstalled(wanted, installed)) return;
  say('Installing npm packages (npm ci) ...');
  const { status } = spawnSync(
    'npm',
    ['ci', '--include=dev', '--include=optional', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    },
  );
  if (status !== 0) fail('npm ci failed: see above.');
}

/**
 * Checks the Node that the scripts will find: the bundled one, for npm puts .bin in front.
 *
 * @param {string} root
 */
function ensureNode(root) {
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const version = execFileSync('node', ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
    shell: process.platform === 'win32',
  }).trim();
  if (isNodeNewEnough(version)) return;
  fail(
    `Godwit needs Node ${NODE_MIN.join('.')} or later, found ${version}, ` +
      `and npm has no Node for ${process.platform}-${process.arch}: please install it yourself.`,
  );
}

function missingDebianPackages() {
  return DEBIAN_PACKAGES.filter(name => {
    const { stdout } = spawnSync('dpkg', ['--status', name], { encoding: 'utf8' });
    return !/^Status: install ok installed$/m.test(stdout ?? '');
  });
}

/**
 * Runs apt-get, and once again should it fail.
 *
 * @param {string[]} args
 */
function apt(...args) {
  const run = () =>
    spawnSync('apt-get', ['-q', ...args], {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  return run() || run();
}

/**
 * Installs packages without letting any of them start its service.
 *
 * @param {string[]} names
 */
function aptInstall(names) {
  const ownPolicy = !existsSync(POLICY_FILE);
  if (ownPolicy) writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return apt('update') && apt('install', '-y', '--no-install-recommends', ...names);
  } finally {
    if (ownPolicy) rmSync(POLICY_FILE);
  }
}

function ensureDebianPackages() {
  const isDebian = existsSync('/etc/debian_version');
  const missing = isDebian ? missingDebianPackages() : DEBIAN_PACKAGES;
  if (missing.length === 0) return;
  if (isDebian && process.getuid?.() === 0) {
    say(`Installing ${missing.join(', ')} (apt-get) ...`);
    if (aptInstall(missing)) return;
  }
  const why = isDebian ? 'apt-get failed, or needs root' : 'this is not Debian';
  const line = `Could not install ${missing.join(', ')}: ${why}.`;
  if (process.env.CI) fail(line);
  say(`${line} Tests that do not find what they need will be skipped.`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  ensureNpmPackages(root);
  ensureNode(root);
  if (process.argv.includes('--tests')) ensureDebianPackages();
}
