/**
 * What hostile connections cost the honest ones: 200 subscribers of one publisher are measured
 * beside each attack in turn, and alone before and after. Prints a table; judges nothing.
 *
 *   node --conditions=godwit-source bench/hostile.ts
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testCertificates } from '@godwit/transport/test-certificates';
import { freePort, launcher, type RunningBroker, running } from './brokers.ts';
import { type Measured, measure } from './measurement.ts';

interface Ports {
  readonly plain: number;
  readonly tls: number;
  readonly web: number;
}

interface Attack {
  readonly name: string;
  begin(ports: Ports): Promise<readonly Socket[]>;
}

const host = '127.0.0.1';
const topic = 'hostile';
const trickleMs = 1_000;
const times = { warmUpSeconds: 1, seconds: 12 };
const healthy = { args: ['fan', '-n', '200', '-r', '50', '-s', '4096', '-t', topic] };

/** CONNECT of MQTT 3.1.1 with Keep Alive 0, SUBSCRIBE to what the others get. */
const connectPacket = Buffer.from('100d00044d515454040200000001', 'hex');
const subscribePacket = packet(0x82, Buffer.from([0, 1, ...text(topic), 0]));
/** The beginning of a ClientHello, long enough for every second of a run. */
const helloBytes = Buffer.from(`16030102000100${'01'.repeat(64)}`, 'hex');
const upgradeText = Buffer.from(`GET /mqtt HTTP/1.1\r\nX-Slow: ${'x'.repeat(64)}`);

function text(value: string): readonly number[] {
  return [0, value.length, ...Buffer.from(value)];
}

function packet(type: number, rest: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, rest.length]), rest]);
}

function identified(name: string): Buffer {
  const head = connectPacket.subarray(2, 12);
  return packet(0x10, Buffer.concat([head, Buffer.from(text(name))]));
}

/** Opens connections, a hundred at a time. */
async function opened(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () =>
      connect(port, host),
    );
    for (const socket of some) socket.on('error', () => {});
    await Promise.all(some.map(socket => once(socket, 'connect')));
    sockets.push(...some);
  }
  return sockets;
}

/** Writes a byte a second to each, and opens those again that were closed. */
async function trickled(port: number, count: number, bytes: Buffer): Promise<Socket[]> {
  const sockets = await opened(port, count);
  const offsets = sockets.map(() => 0);
  const timer = setInterval(() => {
    for (const [at, socket] of sockets.entries()) {
      if (socket.destroyed) {
        sockets[at] = connect(port, host).on('error', () => {});
        sockets[at].resume();
        offsets[at] = 0;
      } else socket.write(bytes.subarray(offsets[at], ++offsets[at]));
    }
    if (isStopped) clearInterval(timer);
  }, trickleMs);
  for (const socket of sockets) socket.resume();
  return sockets;
}

let isStopped = false;

async function subscribed(port: number, name: string): Promise<Socket> {
  const [socket] = await opened(port, 1);
  socket.write(Buffer.concat([identified(name), subscribePacket]));
  await once(socket, 'data');
  socket.pause();
  return socket;
}

async function flooding(port: number): Promise<Socket> {
  const socket = await subscribed(port, 'flood');
  const publish = packet(0x30, Buffer.from([...text('flood'), ...Buffer.alloc(64)]));
  const block = Buffer.concat(Array.from({ length: 1_000 }, () => publish));
  const more = (): void => {
    if (!isStopped) socket.write(block, more);
  };
  socket.resume();
  more();
  return socket;
}

async function trickling(port: number): Promise<Socket> {
  const socket = await subscribed(port, 'trickle');
  const timer = setInterval(() => {
    socket.read(1);
    if (isStopped) clearInterval(timer);
  }, trickleMs);
  return socket;
}

const nobody: Attack = { name: 'nobody', begin: async () => [] };

const attacks: readonly Attack[] = [
  nobody,
  { name: '10,000 connections without a word', begin: ({ plain }) => opened(plain, 10_000) },
  {
    name: '2,000 CONNECTs, a byte a second',
    begin: ({ plain }) => trickled(plain, 2_000, connectPacket),
  },
  {
    name: '2,000 TLS handshakes, a byte a second',
    begin: ({ tls }) => trickled(tls, 2_000, helloBytes),
  },
  {
    name: '2,000 WebSocket requests, a byte a second',
    begin: ({ web }) => trickled(web, 2_000, upgradeText),
  },
  {
    name: 'a subscriber that is frozen',
    begin: async ({ plain }) => [await subscribed(plain, 'f')],
  },
  {
    name: 'a subscriber that reads a byte a second',
    begin: async ({ plain }) => [await trickling(plain)],
  },
  { name: 'a subscriber that floods', begin: async ({ plain }) => [await flooding(plain)] },
  nobody,
];

async function started(folder: string, ports: Ports): Promise<RunningBroker> {
  const { server } = await testCertificates();
  await writeFile(join(folder, 'a.crt'), server.cert);
  await writeFile(join(folder, 'a.key'), server.key);
  const config = [
    `[[listeners]]\ntype = "mqtts"\nport = ${ports.tls}`,
    `cert = "${join(folder, 'a.crt')}"\nkey = "${join(folder, 'a.key')}"`,
    `[[listeners]]\ntype = "ws"\nport = ${ports.web}`,
    // The last to be opened: when it listens, all do.
    `[[listeners]]\nport = ${ports.plain}`,
    '[log]\nlevel = "error"',
  ];
  const file = join(folder, 'godwit.toml');
  await writeFile(file, config.join('\n'));
  return await running(process.execPath, [launcher, 'serve', '--config', file], ports.plain);
}

async function beside(attack: Attack, folder: string): Promise<Measured> {
  const ports = { plain: await freePort(), tls: await freePort(), web: await freePort() };
  const broker = await started(folder, ports);
  isStopped = false;
  const sockets = await attack.begin(ports);
  try {
    return await measure(healthy, broker, times);
  } finally {
    isStopped = true;
    for (const socket of sockets) socket.destroy();
    await broker.stop();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'godwit-hostile-'));
console.log('| Beside the 200 | p50 | p99 | lost | closed | server CPU | memory |');
console.log('|---|---|---|---|---|---|---|');
for (const attack of attacks) {
  const { p50, p99, lost, closed, cores, rss } = await beside(attack, folder);
  const ms = (microseconds: number): string => `${(microseconds / 1e3).toFixed(1)} ms`;
  const cells = [
    attack.name,
    ms(p50),
    ms(p99),
    lost,
    closed,
    cores?.toFixed(2),
    `${Math.round(rss / 1e6)} MB`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
await rm(folder, { recursive: true });
