/**
 * Messages that have to survive: QoS 1 to persistent sessions, online and away, what each costs in
 * processor time, syncs and bytes, how soon a queue is drained, and how soon a broker with a million
 * messages is back.
 *
 *     npm run bench -- durable [--rounds n] [--seconds n] [--against mosquitto,aedes]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { RunningBroker } from './brokers.ts';
import { machine } from './comparison.ts';
import { type DurableBroker, durableBrokers } from './durable-brokers.ts';
import { load, type Measured, medians, type Times } from './measurement.ts';
import { RawClient } from './raw-client.ts';
import { table } from './report.ts';

const clientCounts = [1, 50, 1000] as const;
const drained = 100_000;
const recovered = 1_000_000;
const syncedClients = 50;
const syncedEach = 1_000;
const payloadBytes = 64;
const pageBytes = 4096;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    against: { type: 'string', default: '' },
  },
});
const rounds = Number(values.rounds);
const times: Times = { warmUpSeconds: 1, seconds: Number(values.seconds) };
const wanted = ['godwit', ...values.against.split(',').filter(name => name !== '')];
const contestants = durableBrokers.filter(({ name }) => wanted.includes(name));

/** Runs `use` with a broker on a folder that is new. */
async function withBroker<T>(
  broker: DurableBroker,
  use: (running: RunningBroker, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-bench-'));
  try {
    const running = await broker.start(folder);
    try {
      return await use(running, folder);
    } finally {
      await running.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Sessions of clients that are away, each with a subscription to a topic of its own. */
async function sessions(port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const client = await RawClient.open(port, `away-${i}`);
    await client.subscribe(`bench/${i}`);
    client.close();
  }
}

async function throughput(broker: DurableBroker, count: number): Promise<Measured> {
  const window = count === 1 ? 1000 : count === 1000 ? 20 : 100;
  const common = ['-n', String(count), '-q', '1', '-w', String(window), '-s', String(payloadBytes)];
  const online = await withBroker(broker, running =>
    load(['pair', ...common, '--session-expiry', '3600', '-V', '311'], running, times),
  );
  const offline = await withBroker(broker, async running => {
    await sessions(running.port, count);
    return load(['pub', ...common, '-V', '311'], running, times);
  });
  return {
    [`online ${count}: msgs/s`]: online.received,
    [`online ${count}: CPU µs`]: online.cpu,
    [`online ${count}: p99 ms`]: online.p99 / 1000,
    [`offline ${count}: acked msgs/s`]: offline.acknowledged,
    [`offline ${count}: CPU µs`]: offline.cpu,
    [`offline ${count}: p99 ms`]: offline.p99 / 1000,
  };
}

/** A queue of one session is filled, and fetched. */
async function drain(broker: DurableBroker): Promise<Measured> {
  return withBroker(broker, async ({ port }) => {
    await sessions(port, 1);
    const publisher = await RawClient.open(port, 'publisher');
    await publisher.publish('bench/0', payloadBytes, drained);
    publisher.close();
    const { firstMs, allMs } = await fetchAll(port, drained);
    return {
      'drain: first ms': firstMs,
      'drain: msgs/s': (drained / (allMs - firstMs)) * 1000,
    };
  });
}

async function fetchAll(port: number, count: number): Promise<{ firstMs: number; allMs: number }> {
  const done = Promise.withResolvers<void>();
  const startMs = performance.now();
  let firstMs = 0;
  let seen = 0;
  const client = await RawClient.open(port, 'away-0', type => {
    if (type !== 3) return;
    seen += 1;
    if (seen === 1) firstMs = performance.now() - startMs;
    if (seen === count) done.resolve();
  });
  await done.promise;
  const allMs = performance.now() - startMs;
  client.close();
  return { firstMs, allMs };
}

/** Syncs of the file system, as the kernel's tracer counts them. */
async function syncs(broker: DurableBroker): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-bench-'));
  const file = join(folder, 'strace');
  const trace = ['strace', '-D', '-f', '--seccomp-bpf', '-c', '-e', 'trace=fsync,fdatasync'];
  const running = await broker.start(folder, [...trace, '-o', file]);
  await sessions(running.port, syncedClients);
  const clients = await Promise.all(
    Array.from({ length: syncedClients }, (_, i) => RawClient.open(running.port, `from-${i}`)),
  );
  await Promise.all(clients.map((one, i) => one.publish(`bench/${i}`, payloadBytes, syncedEach)));
  for (const client of clients) client.close();
  await running.stop();
  const rows = (await readFile(file, 'utf8')).split('\n');
  await rm(folder, { recursive: true, force: true });
  const counts = rows
    .filter(row => /fsync|fdatasync/.test(row))
    .map(row => row.trim().split(/ +/)[3]);
  const count = counts.reduce((sum, text) => sum + Number(text), 0);
  return { 'syncs per 1,000 messages': count / ((syncedClients * syncedEach) / 1000) };
}

/** A million messages wait; the broker ends, and starts again. */
async function recovery(broker: DurableBroker): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-bench-'));
  let running = await broker.start(folder);
  try {
    await sessions(running.port, 1);
    const emptyBytes = rssBytes(running.pid);
    const publisher = await RawClient.open(running.port, 'publisher');
    await publisher.publish('bench/0', payloadBytes, recovered);
    publisher.close();
    const queuedBytes = rssBytes(running.pid);
    // Killed, it would have nothing to recover where only an orderly end saves.
    if (broker.name === 'godwit') process.kill(running.pid, 'SIGKILL');
    else process.kill(running.pid, 'SIGTERM');
    await running.stop();
    const startMs = performance.now();
    running = await broker.start(folder);
    const readyMs = performance.now() - startMs;
    return {
      '1 M queued: memory B per message': (queuedBytes - emptyBytes) / recovered,
      '1 M queued: ready after ms': readyMs,
      '1 M queued: memory after restart MB': rssBytes(running.pid) / 1e6,
    };
  } finally {
    await running.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function rssBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes;
}

const seen = new Map(contestants.map(({ name }) => [name, [] as Measured[]]));
for (let round = 1; round <= rounds; round += 1) {
  for (const broker of contestants) {
    const figures: Record<string, number> = {};
    const steps = [
      ...clientCounts.map(count => () => throughput(broker, count)),
      ...[() => drain(broker), () => syncs(broker)],
      // It takes aedes minutes.
      ...(broker.name === 'aedes' ? [] : [() => recovery(broker)]),
    ];
    for (const step of steps) {
      process.stderr.write(`round ${round} of ${rounds}, ${broker.name}\n`);
      try {
        Object.assign(figures, await step());
      } catch (error) {
        process.stderr.write(`${broker.name}: ${(error as Error).message}\n`);
      }
    }
    seen.get(broker.name)!.push(figures);
  }
}

const results = new Map([...seen].map(([name, measured]) => [name, medians(measured)]));
const metrics = new Set([...results.values()].flatMap(measured => Object.keys(measured)));
const cell = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value)
    ? '–'
    : value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
console.log(Object.values(machine()).join(', '), `load average ${loadavg().join(' ')}`);
for (const { name, version, promise } of contestants)
  console.log(`${name}: ${version()}: ${promise}`);
table(
  ['metric', ...results.keys()],
  [...metrics].map(metric => [metric, ...[...results.values()].map(one => cell(one[metric]))]),
);
const folder = fileURLToPath(new URL('results', import.meta.url));
mkdirSync(folder, { recursive: true });
const report = { machine: machine(), load: loadavg(), rounds, times, medians: [...results] };
writeFileSync(join(folder, 'durable.json'), `${JSON.stringify(report, null, 1)}\n`);
