/** `godwit config`: what a server would run on, without running one. */
import {
  type Config,
  type ConfigChange,
  configDiff,
  defaultConfig,
  isLiveKey,
  loadConfig,
} from '@godwit/server';
import { configJsonSchema, configToml, referenceToml, shownConfig } from '@godwit/server/config';
import { Command } from 'commander';
import { append } from '../arguments/append.ts';
import type { CliCommand } from '../cli-command.ts';
import { ExitCode } from '../exit-code.ts';

interface Values {
  readonly set?: readonly string[];
  readonly json?: boolean;
  readonly jsonSchema?: boolean;
}

export function configCommand(): CliCommand {
  const parser = new Command('godwit config')
    .description('Checks, prints and compares configurations.')
    .helpOption('--help', 'show this')
    .helpCommand(false);
  let chosen = async (): Promise<void> => parser.help();
  const add = (name: string, description: string, run: Run): Command =>
    parser
      .command(name)
      .description(description)
      .helpOption('--help', 'show this')
      .action((...given: unknown[]) => {
        const files = given.slice(0, -2) as (string | undefined)[];
        chosen = () => run(files, given.at(-2) as Values);
      });
  withSources(add('check <file>', 'Says what is wrong with it, or that nothing is.', check));
  withSources(
    add('print [file]', 'Prints all a server would run on, secrets hidden.', print),
  ).option('--json', 'as JSON instead of TOML');
  add(
    'reference',
    'Prints every key, with its default and its meaning, as TOML.',
    reference,
  ).option('--json-schema', 'the schema instead, for editors');
  withSources(
    add('diff [file] [other]', 'Prints what differs from the defaults, or from another.', diff),
  );
  return {
    parser,
    async run() {
      await chosen();
      return ExitCode.success;
    },
  };
}

type Run = (files: readonly (string | undefined)[], values: Values) => Promise<void>;

function withSources(command: Command): Command {
  return command
    .option('--set <key=value>', 'one key of it, as limits.inflightMax=20; repeatable', append)
    .addHelpText('after', '\nVariables GODWIT__… count as they do for godwit serve.');
}

function load(file: string | undefined, { set }: Values): Promise<Config> {
  return loadConfig({ file, set, environment: process.env });
}

async function check([file]: readonly (string | undefined)[], values: Values): Promise<void> {
  await load(file, values);
  process.stdout.write(`${file} is valid\n`);
}

async function print([file]: readonly (string | undefined)[], values: Values): Promise<void> {
  const config = await load(file, values);
  process.stdout.write(
    values.json === true ? `${JSON.stringify(shownConfig(config), null, 2)}\n` : configToml(config),
  );
}

async function reference(_: unknown, { jsonSchema }: Values): Promise<void> {
  const schema = (): string => `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
  process.stdout.write(jsonSchema === true ? schema() : referenceToml());
}

async function diff([file, other]: readonly (string | undefined)[], values: Values): Promise<void> {
  const isPair = other !== undefined;
  const before = isPair ? await load(file, {}) : defaultConfig;
  const after = await load(isPair ? other : file, values);
  const changes = configDiff(shownConfig(before), shownConfig(after));
  for (const change of changes) process.stdout.write(line(change, isPair));
}

/** @param isPair the change would be one of a running server's */
function line({ path, before, after }: ConfigChange, isPair: boolean): string {
  const note = isPair && !isLiveKey(path) ? '  (needs a restart)' : '';
  return `${path}: ${shown(before)} → ${shown(after)}${note}\n`;
}

function shown(value: unknown): string {
  return value === undefined ? '(none)' : JSON.stringify(value);
}
