/**
 * The brokers that keep messages on the disk: how each is started on a folder, as a process of its
 * own on one processor, and what its acknowledgements promise.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@godwit/testkit/free-port';
import { type Broker, brokers, launcher, type RunningBroker, running } from './brokers.ts';

export interface DurableBroker {
  readonly name: string;
  version(): string;
  /** What survives of what was acknowledged. */
  readonly promise: string;
  /** Starts on what the folder has; `under` is a command line that runs another one. */
  start(folder: string, under?: readonly string[]): Promise<RunningBroker>;
}

const queueMessagesMax = 10_000_000;
const queueBytesMax = 8 * 1024 ** 3;

const godwit: DurableBroker = {
  ...versionOf('godwit'),
  promise: 'synced to the disk before PUBACK: survives a crash and a power cut',
  async start(folder, under = []) {
    const port = await freePort();
    const settings = [
      'log.level=warn',
      `limits.queueMessagesMax=${queueMessagesMax}`,
      `limits.queueBytesMax=${queueBytesMax}`,
    ].flatMap(setting => ['--set', setting]);
    const serve = [launcher, 'serve', '-p', String(port), '--data-dir', join(folder, 'data')];
    const [command, ...args] = [...under, process.execPath, ...serve, ...settings];
    return running(command, args, port);
  },
};

const mosquitto: DurableBroker = {
  ...versionOf('mosquitto'),
  promise: 'in memory, saved every 30 minutes and on a clean stop: a crash loses what came since',
  async start(folder, under = []) {
    const port = await freePort();
    const config = join(folder, 'mosquitto.conf');
    const lines = [
      `listener ${port} 127.0.0.1`,
      'allow_anonymous true',
      'set_tcp_nodelay true',
      'max_inflight_messages 1000',
      'max_queued_messages 0',
      'persistence true',
      `persistence_location ${folder}/`,
      'user root',
      'log_type error',
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    const [command, ...args] = [...under, 'mosquitto', '-c', config];
    return running(command, args, port);
  },
};

const aedes: DurableBroker = {
  ...versionOf('aedes'),
  promise:
    'PUBACK before LevelDB has it, and LevelDB does not sync: a crash may lose what it acknowledged',
  async start(folder, under = []) {
    const port = await freePort();
    const file = fileURLToPath(new URL('aedes-server.ts', import.meta.url));
    const [command, ...args] = [
      ...under,
      process.execPath,
      file,
      String(port),
      join(folder, 'level'),
    ];
    return running(command, args, port);
  },
};

export const durableBrokers: readonly DurableBroker[] = [godwit, mosquitto, aedes];

function versionOf(name: string): Pick<Broker, 'name' | 'version'> {
  const { version } = brokers.find(broker => broker.name === name)!;
  return { name, version };
}
