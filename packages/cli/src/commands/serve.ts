/** `godwit serve`: runs a server until it is told to stop. */

import { systemClock } from '@godwit/runtime';
import { type ConfigSources, defaultConfig, loadConfig, portMax, Server } from '@godwit/server';
import { Command } from 'commander';
import { append } from '../arguments/append.ts';
import { integer } from '../arguments/numbers.ts';
import type { CliCommand } from '../cli-command.ts';
import { ExitCode } from '../exit-code.ts';
import { version } from '../main.ts';
import { ServiceManager } from '../service-manager.ts';
import { onStopSignals } from '../stop-signals.ts';

interface Values {
  readonly host?: string;
  readonly port?: number;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly dataDir?: string;
}

const [{ host, port }] = defaultConfig.listeners;

export function serveCommand(): CliCommand {
  const parser = new Command('godwit serve')
    .usage('[options]')
    .description(
      'Runs a broker until SIGINT or SIGTERM; SIGHUP has it read its configuration, certificates, ' +
        'users and rules again. Without a data directory all it has ends with it.',
    )
    .helpOption('--help', 'show this')
    .option('-h, --host <address>', `where to listen (default: ${host}, this machine only)`)
    .option(
      '-p, --port <port>',
      `TCP port; 0 lets the system choose (default: ${port})`,
      integer(0, portMax),
    )
    .option('-c, --config <file>', 'configuration in TOML')
    .option('--set <key=value>', 'one key of it, as limits.inflightMax=20; repeatable', append)
    .option('--data-dir <folder>', 'keep sessions, messages and wills in this folder')
    .addHelpText('after', '\nAlso read: variables GODWIT__…; see docs/reference/configuration.md.');
  return { parser, run: () => serve(parser.opts<Values>()) };
}

async function serve({ host, port, config: file, set, dataDir }: Values): Promise<number> {
  const sources: ConfigSources = {
    file,
    set,
    environment: process.env,
    dataDir,
    firstListener: { ...(host !== undefined && { host }), ...(port !== undefined && { port }) },
  };
  const stopped = Promise.withResolvers<void>();
  let exitCode: number = ExitCode.success;
  const server = await Server.start(await loadConfig(sources), process.stderr);
  const manager = new ServiceManager(process.env, systemClock, error =>
    server.log.warn('cannot tell the service manager', { error: error.message }),
  );
  const ignoreSignals = onStopSignals(
    signal => {
      server.log.info('stopping', { signal });
      stop();
    },
    () => process.exit(ExitCode.failure),
  );
  const stop = (): void => {
    manager.stopping();
    server.close().then(stopped.resolve, stopped.reject);
  };
  void server.failed.then(() => {
    exitCode = ExitCode.failure;
    stop();
  });
  const onHangup = (): void => void manager.reloading(reload(server, sources));
  process.on('SIGHUP', onHangup);
  for (const url of server.urls) {
    process.stdout.write(`godwit ${version()} listening on ${url}\n`);
  }
  manager.ready(`listening on ${server.urls.join(', ')}`);
  await server.log.open();
  try {
    await stopped.promise;
  } finally {
    await manager.close();
  }
  ignoreSignals();
  process.off('SIGHUP', onHangup);
  return exitCode;
}

/** Reads the configuration again; one with faults changes nothing. */
async function reload(server: Server, sources: ConfigSources): Promise<void> {
  try {
    await server.apply(await loadConfig(sources));
  } catch (error) {
    server.log.error('the configuration stays as it was', { error: (error as Error).message });
  }
}
