/**
 * The client library beside MQTT.js, against our broker, round after round: rates, memory, time to
 * import and bytes to ship. Each number is taken in a process of its own, of built packages.
 *
 *     npm run build && npm run bench -- client [rounds]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { brokers } from './brokers.ts';
import { machine } from './comparison.ts';
import { loadCore, pinned } from './pinning.ts';

const program = fileURLToPath(new URL('client-load.ts', import.meta.url));
const libraries = ['godwit', 'mqtt.js'] as const;
type Library = (typeof libraries)[number];

interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly messages: number;
  /** What a second process does meanwhile. */
  readonly peer?: string;
}

const measures: readonly Measure[] = [
  { name: 'publish-qos0', title: 'publish, QoS 0', unit: 'msgs/s', messages: 300_000 },
  { name: 'publish-qos1-1', title: 'publish, QoS 1, window 1', unit: 'msgs/s', messages: 10_000 },
  { name: 'publish-qos1-16', title: 'publish, QoS 1, window 16', unit: 'msgs/s', messages: 50_000 },
  {
    name: 'publish-qos1-256',
    title: 'publish, QoS 1, window 256',
    unit: 'msgs/s',
    messages: 100_000,
  },
  { name: 'receive-1', title: 'receive', unit: 'msgs/s', messages: 200_000, peer: 'send-1' },
  {
    name: 'receive-10000',
    title: 'receive, 10,000 topics',
    unit: 'msgs/s',
    messages: 200_000,
    peer: 'send-10000',
  },
  { name: 'heap', title: 'heap after 10⁶ messages', unit: 'bytes', messages: 1_000_000 },
  { name: 'import', title: 'import', unit: 'ms', messages: 0 },
];

function start(library: Library, name: string, port: number, messages: number): ChildProcess {
  const args = ['--expose-gc', program, library, name, String(port), String(messages)];
  const [file, ...rest] = pinned(loadCore, [process.execPath, ...args]);
  return spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
}

async function take(library: Library, measure: Measure, port: number): Promise<number> {
  const child = start(library, measure.name, port, measure.messages);
  let output = '';
  child.stdout?.on('data', chunk => {
    output += chunk;
  });
  let peer: ChildProcess | undefined;
  // the same for both, so that only the receiver differs
  child.once('message', () => {
    peer = start('godwit', measure.peer ?? '', port, measure.messages);
    peer.stdout?.resume();
  });
  const [code] = await once(child, 'exit');
  if (peer !== undefined && peer.exitCode === null) await once(peer, 'exit');
  if (code !== 0) throw new Error(`${library}: ${measure.name} failed`);
  return Number(output);
}

/** What a browser has to load, compressed. */
async function bundleBytes(library: Library): Promise<number> {
  const source =
    library === 'godwit'
      ? `export { connect, createClient } from '@godwit/client';`
      : `export { default } from 'mqtt';`;
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function row(title: string, unit: string, numbers: readonly number[]): void {
  const digits = unit === 'ms' ? 1 : 0;
  const shown = numbers.map(number => number.toFixed(digits).padStart(12));
  console.log(`${title.padEnd(30)}${shown.join('')}  ${unit}`);
}

const rounds = Number(process.argv[2] ?? 3);
if (!(Number.isInteger(rounds) && rounds > 0)) throw new RangeError(`rounds is ${rounds}`);
const godwitBroker = brokers.find(({ name }) => name === 'godwit');
if (godwitBroker === undefined) throw new Error('there is no broker to run');
const broker = await godwitBroker.start();
try {
  console.log(Object.values(machine()).join(', '));
  console.log(`${''.padEnd(30)}${libraries.map(name => name.padStart(12)).join('')}`);
  for (const measure of measures) {
    const seen = new Map(libraries.map(library => [library, [] as number[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const library of libraries) {
        seen.get(library)?.push(await take(library, measure, broker.port));
      }
    }
    row(measure.title, measure.unit, [...seen.values()].map(median));
  }
  row('bundle, gzip', 'bytes', await Promise.all(libraries.map(bundleBytes)));
} finally {
  await broker.stop();
}
