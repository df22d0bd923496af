/**
 * What a client sends when its server is back after it was away: 10,000 messages of QoS 1, published
 * offline, over a link of 50 ms there and back; this client beside MQTT.js, from memory and from
 * files. A client that is not done in time is measured by how far it came. MQTT.js keeps files by
 * `npm install --no-save mqtt-level-store@3.1.0`; without it that row is left out.
 *
 *     node --conditions=godwit-source bench/client-replay.ts
 */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Broker } from '@godwit/broker';
import { createClient, fileStore } from '@godwit/client/node';
import { listenTcp } from '@godwit/transport/node';
import { connect as connectMqttJs, type IClientOptions, type MqttClient } from 'mqtt';
import { table } from './report.ts';

const messages = 10_000;
const delayMs = 25;
const limitMs = 20_000;
const payload = Buffer.alloc(100, 'x');
const clientId = 'replay';

interface Figures {
  readonly acked: number;
  readonly elapsedMs: number;
}

/** A broker behind a link that is slow in both directions, in a thread of its own. */
async function serve(): Promise<number> {
  const broker = new Broker();
  const { port } = await listenTcp({ host: '127.0.0.1', port: 0 }, stream => {
    broker.accept(stream);
  });
  const carry = (from: Socket, to: Socket): void => {
    from.setNoDelay(true);
    from.on('data', chunk => setTimeout(() => to.write(chunk), delayMs));
    from.on('close', () => setTimeout(() => to.destroy(), delayMs));
    from.on('error', () => {});
  };
  const server = createServer(near => {
    const far = connectSocket(port, '127.0.0.1');
    carry(near, far);
    carry(far, near);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Until all is acknowledged, or time is up. */
async function timed(acked: () => number): Promise<Figures> {
  const start = performance.now();
  while (acked() < messages && performance.now() - start < limitMs) {
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  return { acked: acked(), elapsedMs: performance.now() - start };
}

async function godwitFromMemory(port: number): Promise<Figures> {
  let isAway = true;
  const url = `mqtt://127.0.0.1:${port}`;
  const client = createClient(url, {
    clientId,
    session: { expiryMs: 60_000 },
    reconnect: { minMs: 1, maxMs: 1 },
    credentials: () => {
      if (isAway) throw new Error('the server is away');
      return {};
    },
  });
  for (let n = 0; n < messages; n += 1) {
    client.publish(`replay/${n % 100}`, payload, { qos: 1 }).catch(() => {});
  }
  isAway = false;
  const figures = await timed(() => messages - client.stats.queued - client.stats.inFlight);
  await client.close();
  return figures;
}

async function godwitFromFiles(port: number): Promise<Figures> {
  const directory = await mkdtemp(join(tmpdir(), 'godwit-replay-'));
  const session = { expiryMs: 60_000 } as const;
  const before = createClient('mqtt://127.0.0.1:1', {
    clientId,
    session: { ...session, store: fileStore(directory) },
  });
  const options = { qos: 1, until: 'stored' } as const;
  await Promise.all(
    Array.from({ length: messages }, (_, n) =>
      before.publish(`replay/${n % 100}`, payload, options),
    ),
  );
  await before.close();
  const client = createClient(`mqtt://127.0.0.1:${port}`, {
    clientId,
    session: { ...session, store: fileStore(directory) },
  });
  let isUp = false;
  client.on('up', () => {
    isUp = true;
  });
  const left = (): number => client.stats.queued + client.stats.inFlight;
  const figures = await timed(() => (isUp ? messages - left() : 0));
  await client.close();
  await rm(directory, { recursive: true });
  return figures;
}

function mqttJs(port: number, options: IClientOptions): MqttClient {
  return connectMqttJs(`mqtt://127.0.0.1:${port}`, {
    clientId,
    clean: false,
    protocolVersion: 5,
    properties: { sessionExpiryInterval: 60 },
    ...options,
  });
}

async function replayOf(client: MqttClient): Promise<Figures> {
  let acked = 0;
  client.on('packetreceive', ({ cmd }) => {
    if (cmd === 'puback') acked += 1;
  });
  const figures = await timed(() => acked);
  await client.endAsync(true);
  return figures;
}

function publishAll(client: MqttClient): void {
  for (let n = 0; n < messages; n += 1) {
    client.publish(`replay/${n % 100}`, payload, { qos: 1 }, () => {});
  }
}

async function mqttJsFromMemory(port: number): Promise<Figures> {
  const client = mqttJs(port, { manualConnect: true });
  publishAll(client);
  client.connect();
  return replayOf(client);
}

/** What `mqtt-level-store` exports. */
type OpenStores = (path: string) => {
  readonly incoming: IClientOptions['incomingStore'];
  readonly outgoing: IClientOptions['outgoingStore'];
  close(done: () => void): void;
};

/** Undefined when the package is not there. */
async function mqttJsFromFiles(port: number): Promise<Figures | undefined> {
  const name = 'mqtt-level-store';
  const open: OpenStores | undefined = await import(name).then(
    module => module.default,
    () => undefined,
  );
  if (open === undefined) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'godwit-replay-'));
  const before = open(directory);
  const writing = mqttJs(port, {
    manualConnect: true,
    incomingStore: before.incoming,
    outgoingStore: before.outgoing,
  });
  publishAll(writing);
  await stored(before.outgoing!);
  await new Promise<void>(resolve => before.close(resolve));
  const { incoming, outgoing } = open(directory);
  const client = mqttJs(port, { incomingStore: incoming, outgoingStore: outgoing });
  const figures = await replayOf(client);
  await rm(directory, { recursive: true });
  return figures;
}

/** Resolves when the store holds all messages. */
async function stored(store: NonNullable<IClientOptions['outgoingStore']>): Promise<void> {
  for (;;) {
    let count = 0;
    const stream = store.createStream().on('data', () => {
      count += 1;
    });
    await once(stream, 'end');
    if (count === messages) return;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

async function main(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url));
  const port = await new Promise<number>(resolve => worker.once('message', resolve));
  const subjects: Record<string, (port: number) => Promise<Figures | undefined>> = {
    'Godwit, memory': godwitFromMemory,
    'MQTT.js, memory': mqttJsFromMemory,
    'Godwit, files': godwitFromFiles,
    'MQTT.js, files': mqttJsFromFiles,
  };
  const rows: string[][] = [];
  for (const [name, run] of Object.entries(subjects)) {
    const figures = await run(port);
    if (figures === undefined) continue;
    const { acked, elapsedMs } = figures;
    const perSecond = Math.round((acked / elapsedMs) * 1000);
    rows.push([name, `${acked}`, `${Math.round(elapsedMs)}`, `${perSecond}`]);
  }
  table(['replay', 'acknowledged', 'ms', 'messages/s'], rows);
  await worker.terminate();
  process.exit(0);
}

if (isMainThread) await main();
else parentPort!.postMessage(await serve());
