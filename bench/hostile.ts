/**
 * What hostile clients cost the honest ones: 200 subscribers of one publisher are measured beside
 * each attack in turn, with the bounds that a server has by default and with tighter ones, and alone
 * before and after. Prints a table; judges nothing but that frozen clients meet a bound.
 *
 *   node --conditions=godwit-source bench/hostile.ts [words of the attacks wanted]
 */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@godwit/testkit/free-port';
import { testCertificates } from '@godwit/transport/test-certificates';
import { type RunningBroker, running } from './brokers.ts';
import {
  Attackers,
  aliases,
  type Begin,
  deepTopics,
  flooding,
  frozen,
  packet,
  properties,
  retaining,
  subscribing,
  text,
  trickling,
} from './hostile-clients.ts';
import type { Observed } from './hostile-server.ts';
import { type Measured, measure } from './measurement.ts';

interface Ports {
  readonly plain: number;
  readonly tls: number;
  readonly web: number;
}

interface Attack {
  readonly name: string;
  readonly port: keyof Ports;
  readonly begin: Begin;
  /** Longer than the others: what is to be seen takes its time. */
  readonly seconds?: number;
}

interface Row {
  readonly measured: Measured;
  readonly observed: Observed;
}

const host = '127.0.0.1';
const trickleMs = 1_000;
const seconds = 10;
const longSeconds = 32;
const healthy = { args: ['fan', '-n', '200', '-r', '50', '-s', '4096', '-t', 'healthy'] };
const serverFile = fileURLToPath(new URL('hostile-server.ts', import.meta.url));

/** The bounds that are off, or wide, by default. */
const tightLimits = [
  'publishMessagesPerSecond = 500',
  'publishBytesPerSecond = 4_000_000',
  'subscribesPerSecond = 100',
  'subscriptionsPerSessionMax = 1_000',
  'topicLevelsMax = 32',
  'topicBytesMax = 1_024',
  'retainedMessagesMax = 10_000',
  'packetBytesMax = 65_536',
  'slowClientTimeoutMs = 10_000',
  'outboundBytesMax = 1_048_576',
];

const connectPacket = packet(0x10, [...text('MQTT'), 4, 2, 0, 0, ...text('x')]);
/** The beginning of a ClientHello, long enough for every second of a run. */
const helloBytes = Buffer.from(`16030102000100${'01'.repeat(64)}`, 'hex');
const upgradeText = Buffer.from(`GET /mqtt HTTP/1.1\r\nX-Slow: ${'x'.repeat(64)}`);

/** 2,000 connections that write a byte a second each, and are opened again when they are closed. */
function trickled(bytes: Buffer): Begin {
  return async (attackers, port) => {
    const { sockets } = attackers;
    await attackers.openMany(port, 2_000);
    const offsets = sockets.map(() => 0);
    for (const socket of sockets) socket.resume();
    attackers.every(trickleMs, () => {
      for (const [at, socket] of sockets.entries()) {
        if (socket.destroyed) {
          sockets[at] = connect(port, host).on('error', () => {});
          sockets[at].resume();
          offsets[at] = 0;
        } else socket.write(bytes.subarray(offsets[at], ++offsets[at]));
      }
    });
  };
}

const nobody: Attack = { name: 'nobody', port: 'plain', begin: async () => {} };

const attacks: readonly Attack[] = [
  nobody,
  {
    name: '10,000 connections without a word',
    port: 'plain',
    begin: async (attackers, port) => void (await attackers.openMany(port, 10_000)),
  },
  { name: '2,000 CONNECTs, a byte a second', port: 'plain', begin: trickled(connectPacket) },
  { name: '2,000 TLS handshakes, a byte a second', port: 'tls', begin: trickled(helloBytes) },
  { name: '2,000 WebSocket requests, a byte a second', port: 'web', begin: trickled(upgradeText) },
  { name: 'a frozen subscriber', port: 'plain', begin: frozen(1, 1), seconds: longSeconds },
  { name: '50 frozen subscribers', port: 'plain', begin: frozen(50, 32), seconds: longSeconds },
  { name: 'a subscriber that reads a byte a second', port: 'plain', begin: trickling },
  { name: 'a publisher that floods', port: 'plain', begin: flooding },
  { name: 'a subscriber that subscribes without end', port: 'plain', begin: subscribing },
  { name: 'a flood of retained messages', port: 'plain', begin: retaining },
  { name: 'topics of 60,000 levels', port: 'plain', begin: deepTopics },
  { name: 'a flood of topic aliases', port: 'plain', begin: aliases },
  { name: 'a flood of user properties', port: 'plain', begin: properties },
  nobody,
];

async function started(folder: string, ports: Ports, isTight: boolean): Promise<RunningBroker> {
  const config = [
    `[[listeners]]\ntype = "mqtts"\nport = ${ports.tls}`,
    `cert = "${join(folder, 'a.crt')}"\nkey = "${join(folder, 'a.key')}"`,
    `[[listeners]]\ntype = "ws"\nport = ${ports.web}`,
    // The last to be opened: when it listens, all do.
    `[[listeners]]\nport = ${ports.plain}`,
    '[log]\nlevel = "error"',
    ...(isTight ? ['[limits]', ...tightLimits] : []),
  ];
  const file = join(folder, 'godwit.toml');
  await writeFile(file, config.join('\n'));
  const args = ['--conditions=godwit-source', serverFile, file, join(folder, 'counts.json')];
  return await running(process.execPath, args, ports.plain);
}

async function beside(attack: Attack, folder: string, isTight: boolean): Promise<Row> {
  const ports = { plain: await freePort(), tls: await freePort(), web: await freePort() };
  const broker = await started(folder, ports, isTight);
  const attackers = new Attackers();
  let measured: Measured;
  try {
    await attack.begin(attackers, ports[attack.port]);
    const times = { warmUpSeconds: 1, seconds: attack.seconds ?? seconds };
    measured = await measure(healthy, broker, times);
  } finally {
    // Its counts are to be those of the attack, not of its end.
    await broker.stop();
    attackers.stop();
  }
  const observed = JSON.parse(await readFile(join(folder, 'counts.json'), 'utf8')) as Observed;
  return { measured, observed };
}

/** Counters that say what the bounds did. */
function done({ counts }: Observed): string {
  const names = Object.keys(counts).filter(
    name =>
      /Refused|Dropped|Paused|slowClients|Timeouts|protocolErrors/.test(name) && counts[name] > 0,
  );
  return names.map(name => `${name} ${counts[name].toLocaleString('en')}`).join(', ');
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)}`;
}

function row({ name }: Attack, bounds: string, { measured, observed }: Row): string {
  const { p50, p99, lost, closed, cores } = measured;
  const { memory } = observed;
  const ms = (microseconds: number): string => `${(microseconds / 1e3).toFixed(1)} ms`;
  const course = [0.33, 0.66, 1].map(at => memory[Math.ceil(at * memory.length) - 1] ?? 0);
  const cells = [
    ...[name, bounds, ms(p50), ms(p99), lost, closed, cores?.toFixed(2)],
    `${course.map(megabytes).join(', ')} MB`,
    done(observed),
  ];
  return `| ${cells.join(' | ')} |`;
}

const words = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'godwit-hostile-'));
const { server } = await testCertificates();
await writeFile(join(folder, 'a.crt'), server.cert);
await writeFile(join(folder, 'a.key'), server.key);
console.log('| Beside the 200 | bounds | p50 | p99 | lost | closed | CPU | memory | counted |');
console.log('|---|---|---|---|---|---|---|---|---|');
for (const attack of attacks) {
  if (words.length > 0 && !words.some(word => attack.name.includes(word))) continue;
  for (const bounds of attack === nobody ? ['default'] : ['default', 'tight']) {
    const found = await beside(attack, folder, bounds === 'tight');
    console.log(row(attack, bounds, found));
    if (!attack.name.includes('frozen')) continue;
    const { messagesDroppedSlowClient, publishersPaused } = found.observed.counts;
    assert(messagesDroppedSlowClient + publishersPaused > 0, 'no bound was met');
  }
}
await rm(folder, { recursive: true });
