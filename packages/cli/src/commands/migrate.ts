/** `godwit migrate`: takes over what another broker has left. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type MigrationReport, mapMosquittoConf, migrateMosquitto } from '@godwit/server/data';
import { Command } from 'commander';
import type { CliCommand } from '../cli-command.ts';
import { ExitCode } from '../exit-code.ts';
import { whenStopped } from '../store/when-stopped.ts';
import { UsageError } from '../usage-error.ts';

interface Values {
  readonly db?: string;
  readonly dataDir: string;
  readonly conf?: string;
  readonly passwd?: string;
  readonly acl?: string;
  readonly config: string;
  readonly replace?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

export function migrateCommand(): CliCommand {
  const parser = new Command('godwit migrate')
    .usage('<broker> [options]')
    .description('Takes over the data and the configuration of another broker.')
    .helpOption('--help', 'show this')
    .helpCommand(false);
  let run = async (): Promise<number> => ExitCode.failure;
  parser
    .command('mosquitto')
    .description('Takes over what Mosquitto 1.6 or later has saved. It must not be running.')
    .helpOption('--help', 'show this')
    .requiredOption('--data-dir <folder>', 'make the data directory of the broker there')
    .option('--db <file>', 'its mosquitto.db')
    .option('--conf <file>', 'its mosquitto.conf, for a configuration of ours')
    .option('--passwd <file>', 'its password_file, for a configuration of ours')
    .option('--acl <file>', 'its acl_file, for a configuration of ours')
    .option('--config <file>', 'write the configuration there', 'godwit.toml')
    .option('--replace', 'remove what the folder and the configuration hold')
    .option('-v, --verbose', 'list all that is not taken over')
    .option('--json', 'print JSON')
    .action(values => {
      run = () => migrate(values);
    });
  return { parser, run: () => whenStopped(run()) };
}

async function migrate(values: Values): Promise<number> {
  const { db, conf, passwd, acl, config, dataDir, replace = false } = values;
  const hasConfig = [conf, passwd, acl].some(file => file !== undefined);
  if (db === undefined && !hasConfig) {
    throw new UsageError('there is nothing to take over; expected --db, --conf, --passwd or --acl');
  }
  if (hasConfig && !replace && existsSync(config)) {
    throw new UsageError(`${config} is there already; expected a new file, or --replace`);
  }
  const mapped = mapMosquittoConf(
    conf === undefined ? '' : await readFile(conf, 'utf8'),
    resolve(dataDir),
    {
      passwordFile: passwd === undefined ? undefined : resolve(passwd),
      aclFile: acl === undefined ? undefined : resolve(acl),
    },
  );
  const report = db === undefined ? null : await migrateMosquitto({ db, dataDir, replace });
  if (hasConfig) await writeFile(config, mapped.toml);
  const { unmapped } = mapped;
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ ...report, unmapped })}\n`);
    return ExitCode.success;
  }
  if (report !== null) process.stdout.write(reportText(report, values.verbose === true));
  if (hasConfig) {
    const end = unmapped.length > 0 ? ', see its end' : '';
    process.stdout.write(`${config}: ${unmapped.length} settings without equivalent${end}\n`);
  }
  return ExitCode.success;
}

function reportText({ version, counts, left }: MigrationReport, isVerbose: boolean): string {
  const { session, subscription, message, retained, unpublished } = counts;
  const lines = [
    `version ${version} of mosquitto.db: taken over`,
    `  ${session} sessions, ${subscription} subscriptions, ${retained} retained messages`,
    `  ${message} messages that wait or are in flight`,
    `  ${unpublished} messages of QoS 2 that clients have not released yet`,
  ];
  const reasons = Map.groupBy(left, ({ reason }) => reason);
  if (left.length > 0) lines.push('not taken over');
  for (const [reason, items] of reasons) {
    lines.push(`  ${items.length} ${reason}`);
    // What they are called may hold anything, line feeds too.
    if (isVerbose) for (const { what } of items) lines.push(`    ${JSON.stringify(what)}`);
  }
  return `${lines.join('\n')}\n`;
}
