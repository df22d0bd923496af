/** The broker that is killed: its process, its data folder, and how it is started again. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@godwit/testkit/free-port';
import { Program } from '../support/program.ts';

const launcher = fileURLToPath(new URL('../../packages/cli/bin/godwit.js', import.meta.url));
const lifeMs = 3_600_000;

/** One life of a broker. */
export interface Life {
  /** Resolves with the port when it listens; rejects when it ends before. */
  readonly listening: Promise<number>;
  /** Resolves when it has ended. */
  readonly ended: Promise<Error>;
  kill(): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

export interface Victim {
  /** Where it keeps what it has, and its configuration. */
  readonly folder: string;
  start(): Life;
  remove(): Promise<void>;
}

const godwitConfig = `
[log]
level = "warn"

[limits]
queueMessagesMax = 1_000_000

[[storage.ackRules]]
filter = "c/+/from-volatile/#"
ack = "memory"
`;

/**
 * `godwit serve --data-dir`, from this checkout.
 * @param under a command line that runs another one
 */
export async function godwitVictim(
  under: (folder: string) => readonly string[] = () => [],
): Promise<Victim> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-crash-'));
  const config = join(folder, 'godwit.toml');
  await writeFile(config, godwitConfig);
  const serve = [launcher, 'serve', '-p', '0', '-c', config, '--data-dir', join(folder, 'data')];
  const [command, ...args] = [...under(folder), process.execPath, ...serve];
  return {
    folder,
    start() {
      const program = new Program(command, args, undefined, lifeMs);
      const port = (line: string): number => Number(/:(\d+)$/.exec(line)![1]);
      return lifeOf(program, program.line(/listening on/).then(port));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Debian's mosquitto, which saves what it has as often as it does by default. */
export async function mosquittoVictim(command: string): Promise<Victim> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-crash-'));
  const config = join(folder, 'mosquitto.conf');
  const port = await freePort();
  const settings = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'log_dest stdout',
    'log_timestamp false',
    'persistence true',
    `persistence_location ${folder}/`,
    'max_queued_messages 0',
    'user root',
  ];
  await writeFile(config, `${settings.join('\n')}\n`);
  return {
    folder,
    start() {
      const program = Program.writingLines(command, ['-c', config]);
      return lifeOf(
        program,
        program.line(/ running$/).then(() => port),
      );
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function lifeOf(program: Program, listening: Promise<number>): Life {
  // Who does not wait for it need not hear that it never did.
  listening.catch(() => {});
  return {
    listening,
    ended: program.ended,
    kill: () => program.stop('SIGKILL'),
    stop: () => program.stop('SIGTERM'),
  };
}
