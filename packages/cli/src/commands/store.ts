/** `godwit store`: looks after the data directory of a broker that is stopped. */
import { createReadStream } from 'node:fs';
import {
  compactStore,
  DamageError,
  exportStore,
  importStore,
  inspectStore,
  verifyStore,
} from '@godwit/server/data';
import { Command } from 'commander';
import { integer } from '../arguments/numbers.ts';
import type { CliCommand } from '../cli-command.ts';
import { ExitCode } from '../exit-code.ts';
import { linesOf } from '../lines.ts';
import { damageText, storeText } from '../store/store-text.ts';
import { TextFile } from '../store/text-file.ts';
import { whenStopped } from '../store/when-stopped.ts';

interface Values {
  readonly json?: boolean;
  readonly top: number;
  readonly out?: string;
  readonly replace?: boolean;
}

const queuesMax = 1_000_000;
/** Of JSON; what a string can hold. */
const archiveLineBytesMax = 500_000_000;

export function storeCommand(): CliCommand {
  const parser = new Command('godwit store')
    .usage('<action> [options]')
    .description('Looks after the data directory of a broker that is stopped.')
    .helpOption('--help', 'show this')
    .helpCommand(false);
  let run = async (): Promise<number> => ExitCode.failure;
  const action = (name: string, description: string): Command =>
    parser
      .command(name)
      .description(description)
      .helpOption('--help', 'show this')
      .argument('<folder>', 'the data directory');
  const json = ['--json', 'print JSON'] as const;
  action('inspect', 'Says what is in it.')
    .option('--top <count>', 'sessions shown, longest queues first', integer(0, queuesMax), 10)
    .option(...json)
    .action((folder, values) => {
      run = () => inspect(folder, values);
    });
  action('verify', 'Reads everything; ends with 1 when something is damaged.')
    .option(...json)
    .action((folder, values) => {
      run = () => verify(folder, values);
    });
  action('compact', 'Makes its files as small as what they hold.')
    .option(...json)
    .action((folder, values) => {
      run = () => compact(folder, values);
    });
  action('export', 'Writes all of it as lines of JSON.')
    .option('-o, --out <file>', 'write there instead of standard output')
    .action((folder, values) => {
      run = () => exportTo(folder, values);
    });
  action('import', 'Makes it from what was exported.')
    .argument('[file]', 'read this instead of standard input')
    .option('--replace', 'remove what the folder holds')
    .action((folder, file, values) => {
      run = () => importFrom(folder, file, values);
    });
  return { parser, run: () => whenStopped(run()) };
}

async function inspect(folder: string, { json, top }: Values): Promise<number> {
  const report = await readable(inspectStore(folder, top), json);
  if (report === null) return ExitCode.failure;
  process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : storeText(report));
  return ExitCode.success;
}

async function verify(folder: string, { json }: Values): Promise<number> {
  const isGood = (await readable(verifyStore(folder), json)) !== null;
  if (!isGood) return ExitCode.failure;
  process.stdout.write(json === true ? '{"problems":[]}\n' : 'everything is as it was written\n');
  return ExitCode.success;
}

async function compact(folder: string, { json }: Values): Promise<number> {
  const sizes = await compactStore(folder);
  const { sizeBefore, sizeAfter } = sizes;
  const text = `${sizeBefore.toLocaleString('en')} bytes before, ${sizeAfter.toLocaleString('en')} after\n`;
  process.stdout.write(json === true ? `${JSON.stringify(sizes)}\n` : text);
  return ExitCode.success;
}

async function exportTo(folder: string, { out }: Values): Promise<number> {
  if (out === undefined) {
    const { stdout } = process;
    await exportStore(folder, async line => {
      if (!stdout.write(line)) await new Promise(resolve => stdout.once('drain', resolve));
    });
  } else await TextFile.write(out, file => exportStore(folder, line => file.add(line)));
  return ExitCode.success;
}

async function importFrom(
  folder: string,
  file: string | undefined,
  { replace }: Values,
): Promise<number> {
  const input = file === undefined ? process.stdin : createReadStream(file);
  const lines = linesOf(input, archiveLineBytesMax);
  const count = await importStore(folder, lines, replace === true);
  process.stderr.write(`godwit store: took ${count.toLocaleString('en')} records\n`);
  return ExitCode.success;
}

/** What `reading` gives; null when the data is damaged, which is told then. */
async function readable<T>(reading: Promise<T>, json: boolean | undefined): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    const { problems } = error;
    process.stdout.write(
      json === true ? `${JSON.stringify({ problems })}\n` : damageText(problems),
    );
    process.stderr.write(`godwit store: ${error.message}\n`);
    return null;
  }
}
