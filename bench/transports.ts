/**
 * Plain TCP, TLS, WebSocket and both, of Godwit beside mosquitto: messages per second, processor
 * time of a message and of a connection, memory of an idle one. Prints a table.
 *
 *   node --conditions=godwit-source bench/transports.ts [tcp] [tls] [ws] [wss]
 */

import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@godwit/testkit/free-port';
import type { ByteStream } from '@godwit/transport';
import { connectTcp, connectTls, connectWebSocket } from '@godwit/transport/node';
import { testCertificates } from '@godwit/transport/test-certificates';
import { launcher, type RunningBroker, running } from './brokers.ts';
import { median } from './report.ts';

type Kind = 'tcp' | 'tls' | 'ws' | 'wss';

const host = '127.0.0.1';
const allKinds: readonly Kind[] = ['tcp', 'tls', 'ws', 'wss'];
const asked = process.argv.slice(2);
const kinds = allKinds.filter(kind => asked.length === 0 || asked.includes(kind));
const rounds = 3;
const pairs = 20;
const windowMessages = 100;
const payloadBytes = 64;
const loopMs = 3_000;
const idleConnections = 1_000;

interface Figures {
  readonly rate: number;
  readonly messageUs: number;
  readonly connects: number;
  readonly connectUs: number;
  readonly idleBytes: number;
}

const { ca, server } = await testCertificates();
const folder = await mkdtemp(join(tmpdir(), 'godwit-transports-'));
const [cert, key] = [join(folder, 'a.crt'), join(folder, 'a.key')];
await writeFile(cert, server.cert);
await writeFile(key, server.key);

function isTls(kind: Kind): boolean {
  return kind === 'tls' || kind === 'wss';
}

const starts: Record<string, (kind: Kind, port: number) => Promise<RunningBroker>> = {
  async godwit(kind, port) {
    const type = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' }[kind];
    const files = isTls(kind) ? `cert = "${cert}"\nkey = "${key}"\n` : '';
    const file = join(folder, 'godwit.toml');
    const text = `[[listeners]]\ntype = "${type}"\nport = ${port}\n${files}[log]\nlevel = "error"\n`;
    await writeFile(file, text);
    return await running(process.execPath, [launcher, 'serve', '--config', file], port);
  },
  async mosquitto(kind, port) {
    const lines = [
      `listener ${port} ${host}`,
      ...(kind.startsWith('ws') ? ['protocol websockets'] : []),
      ...(isTls(kind) ? [`certfile ${cert}`, `keyfile ${key}`] : []),
      'allow_anonymous true',
      'set_tcp_nodelay true',
      'max_queued_messages 100000',
      'log_type error',
      'user root',
    ];
    const file = join(folder, 'mosquitto.conf');
    await writeFile(file, `${lines.join('\n')}\n`);
    return await running('mosquitto', ['-c', file], port);
  },
};

function connected(kind: Kind, port: number): Promise<ByteStream> {
  if (kind === 'tcp') return connectTcp({ host, port });
  if (kind === 'tls') return connectTls({ host, port, tls: { ca } });
  return connectWebSocket({ url: `${kind}://${host}:${port}/mqtt`, tls: { ca } });
}

/** A client of MQTT 3.1.1 that counts bytes. */
class Client {
  readonly #stream: ByteStream;
  #receivedBytes = 0;
  #awaited = 0;
  #wake = (): void => {};

  constructor(stream: ByteStream) {
    this.#stream = stream;
    stream.open({
      onData: chunk => {
        this.#receivedBytes += chunk.length;
        if (this.#receivedBytes >= this.#awaited) this.#wake();
      },
      onEnd: () => stream.end(),
      onDrain() {},
      onClose() {},
    });
  }

  /** Writes, and waits for an answer of so many bytes. */
  async exchange(bytes: Uint8Array, answerBytes: number): Promise<void> {
    this.#awaited = this.#receivedBytes + answerBytes;
    const answered = new Promise<void>(resolve => {
      this.#wake = resolve;
    });
    this.#stream.write(bytes);
    await answered;
  }

  close(): void {
    this.#stream.destroy();
  }
}

function named(type: number, middle: readonly number[], name: string, rest: readonly number[]) {
  const body = Buffer.from([...middle, 0, name.length, ...Buffer.from(name), ...rest]);
  return Buffer.concat([Buffer.from([type, body.length]), body]);
}

async function client(kind: Kind, port: number, name: string): Promise<Client> {
  const made = new Client(await connected(kind, port));
  const head = [0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0];
  await made.exchange(named(0x10, head, name, []), 4);
  return made;
}

function cpuUs(pid: number): number {
  const [utime, stime] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .split(') ')[1]
    .split(' ')
    .slice(11);
  return (Number(utime) + Number(stime)) * 10_000;
}

function memoryBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** Each client gets what it publishes itself, a window at a time. */
async function traffic(kind: Kind, { pid, port }: RunningBroker): Promise<[number, number]> {
  const names = Array.from({ length: pairs }, (_, at) => `c${at + 10}`);
  const clients = await Promise.all(names.map(name => client(kind, port, name)));
  await Promise.all(clients.map((one, at) => one.exchange(named(0x82, [0, 1], names[at], [0]), 5)));
  const start = cpuUs(pid);
  const end = performance.now() + loopMs;
  let messages = 0;
  const run = async (one: Client, at: number): Promise<void> => {
    const publish = named(0x30, [], names[at], Array(payloadBytes).fill(0));
    const block = Buffer.concat(Array(windowMessages).fill(publish));
    while (performance.now() < end) {
      await one.exchange(block, block.length);
      messages += windowMessages;
    }
  };
  await Promise.all(clients.map(run));
  for (const one of clients) one.close();
  return [(messages / loopMs) * 1e3, (cpuUs(pid) - start) / messages];
}

async function figuresOf(kind: Kind, broker: RunningBroker): Promise<Figures> {
  const [rate, messageUs] = await traffic(kind, broker);
  const [memory, cpu, began] = [memoryBytes(broker.pid), cpuUs(broker.pid), performance.now()];
  const idle: Client[] = [];
  while (idle.length < idleConnections) {
    const some = Array.from({ length: 20 }, (_, at) =>
      client(kind, broker.port, `i${idle.length + at}`),
    );
    idle.push(...(await Promise.all(some)));
  }
  const connects = idleConnections / ((performance.now() - began) / 1e3);
  const connectUs = (cpuUs(broker.pid) - cpu) / idleConnections;
  const idleBytes = (memoryBytes(broker.pid) - memory) / idleConnections;
  for (const one of idle) one.close();
  return { rate, messageUs, connects, connectUs, idleBytes };
}

console.log('| | | msgs/s | CPU a message | connects/s | CPU a connect | idle memory |');
console.log('|---|---|---|---|---|---|---|');
for (const kind of kinds) {
  const found: Record<string, Figures[]> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, start] of Object.entries(starts)) {
      // Mosquitto's WebSockets depend on how its libwebsockets was built.
      const broker = await start(kind, await freePort()).catch((error: Error) => {
        console.error(error.message);
      });
      if (broker === undefined) continue;
      try {
        found[name] = [...(found[name] ?? []), await figuresOf(kind, broker)];
      } finally {
        await broker.stop();
      }
    }
  }
  for (const [name, figures] of Object.entries(found)) {
    const of = (figure: keyof Figures): number => median(figures.map(one => one[figure]));
    const cells = [
      kind,
      name,
      Math.round(of('rate')).toLocaleString('en'),
      `${of('messageUs').toFixed(2)} µs`,
      Math.round(of('connects')).toLocaleString('en'),
      `${Math.round(of('connectUs'))} µs`,
      `${(of('idleBytes') / 1e3).toFixed(1)} kB`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}
await rm(folder, { recursive: true });
