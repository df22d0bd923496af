/** The brokers that are compared: how each is started, as a process of its own on one processor. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@godwit/testkit/free-port';
import { pinned, serverCore } from './pinning.ts';

export interface RunningBroker {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

export interface Broker {
  readonly name: string;
  /** @throws Error when it is not installed */
  version(): string;
  start(): Promise<RunningBroker>;
}

export const launcher: string = fileURLToPath(
  new URL('../packages/cli/bin/godwit.js', import.meta.url),
);
const startMs = 10_000;
const stopMs = 5_000;

const godwit: Broker = {
  name: 'godwit',
  version: () =>
    execFileSync(process.execPath, [launcher, '--version'], { encoding: 'utf8' }).trim(),
  async start() {
    const port = await freePort();
    const args = [launcher, 'serve', '-p', String(port), '--set', 'log.level=warn'];
    return running(process.execPath, args, port);
  },
};

const mosquitto: Broker = {
  name: 'mosquitto',
  // it has no option for this: an unknown one makes it introduce itself, and fail
  version: () => /mosquitto version \S+/.exec(mosquittoHelp())?.[0] ?? 'mosquitto',
  async start() {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'godwit-bench-'));
    const config = join(folder, 'mosquitto.conf');
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'set_tcp_nodelay true',
      'max_inflight_messages 1000',
      'max_queued_messages 100000',
      'log_type error',
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    const broker = await running('mosquitto', ['-c', config], port);
    return {
      ...broker,
      async stop() {
        await broker.stop();
        await rm(folder, { recursive: true });
      },
    };
  },
};

const aedes: Broker = {
  name: 'aedes',
  version() {
    const manifest = new URL('../node_modules/aedes/package.json', import.meta.url);
    return `aedes ${JSON.parse(readFileSync(manifest, 'utf8')).version}`;
  },
  async start() {
    const port = await freePort();
    const file = fileURLToPath(new URL('aedes-server.ts', import.meta.url));
    return running(process.execPath, [file, String(port)], port);
  },
};

export const brokers: readonly Broker[] = [godwit, mosquitto, aedes];

function mosquittoHelp(): string {
  try {
    return execFileSync('mosquitto', ['-h'], { encoding: 'utf8' });
  } catch (error) {
    const { stdout, code } = error as { stdout?: string; code?: string };
    if (code === 'ENOENT') throw new Error('mosquitto is not installed');
    return stdout ?? '';
  }
}

/** A process that listens on `port` of loopback. */
export async function running(
  command: string,
  args: readonly string[],
  port: number,
): Promise<RunningBroker> {
  const [file, ...rest] = pinned(serverCore, [command, ...args]);
  const child = spawn(file, rest, { stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  await listening(child, port);
  return {
    pid: child.pid as number,
    port,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await exited;
      clearTimeout(timer);
      process.off('exit', kill);
    },
  };
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const endMs = performance.now() + startMs;
  while (performance.now() < endMs && child.exitCode === null) {
    const socket = connect({ host: '127.0.0.1', port });
    const isUp = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  child.kill('SIGKILL');
  throw new Error(`${child.spawnargs.join(' ')} did not begin to listen`);
}
