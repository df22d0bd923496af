/** The brokers that clients are tried with: ours, in process, and those of others. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker, type BrokerOptions } from '@godwit/broker';
import { freePort } from '@godwit/testkit/free-port';
import { listenTcp } from '@godwit/transport/node';
import { Aedes } from 'aedes';
import { isInstalled, Program } from './program.ts';

/** Listens on 127.0.0.1; disposing of it ends it. */
export interface Server extends AsyncDisposable {
  readonly port: number;
}

export interface GodwitServer extends Server {
  readonly broker: Broker;
}

export async function startGodwit(options: BrokerOptions = {}): Promise<GodwitServer> {
  const broker = new Broker(options);
  const listener = await listenTcp({ host: '127.0.0.1', port: 0 }, stream => {
    broker.accept(stream);
  });
  return {
    broker,
    port: listener.port,
    [Symbol.asyncDispose]: async () => {
      await listener.close();
      await broker.close();
    },
  };
}

/** npm's aedes, in the process of the test: MQTT 3.1 and 3.1.1. */
export async function startAedes(): Promise<Server> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    aedes.handle(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>(resolve => aedes.close(resolve));
      await closed;
    },
  };
}

export const mosquitto = '/usr/sbin/mosquitto';

export const mosquittoMissing = isInstalled('sh', '-c', `command -v ${mosquitto}`)
  ? false
  : 'mosquitto is not installed';

/**
 * Debian's mosquitto, which says when it listens.
 * @param more lines of its configuration
 */
export async function startMosquitto(more: readonly string[] = []): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-interop-'));
  const config = join(folder, 'mosquitto.conf');
  const port = await freePort();
  const settings = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'log_dest stdout',
    'log_timestamp false',
    ...more,
  ];
  await writeFile(config, `${settings.join('\n')}\n`);
  const program = Program.writingLines(mosquitto, ['-c', config]);
  await program.line(/ running$/);
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await program.stop('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
