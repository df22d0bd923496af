/** Runs one subcommand: reads its arguments, and says on standard error what went wrong. */
import { CommanderError } from 'commander';
import { joinProperties, wordSeparator } from './arguments/join-properties.ts';
import type { CliCommand } from './cli-command.ts';
import { failureOf } from './failure.ts';

/** @returns the exit code */
export async function runCommand(command: CliCommand, args: readonly string[]): Promise<number> {
  const { parser } = command;
  const complain = (message: string): void => {
    const lines = message.split('\n').map(line => `${parser.name()}: ${line}\n`);
    process.stderr.write(lines.join(''));
  };
  try {
    for (const each of [parser, ...parser.commands]) {
      each.exitOverride();
      each.configureOutput({ outputError: message => complain(oneLine(message)) });
    }
    parser.parse(joinProperties(args, parser.options), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    throw error;
  }
  try {
    return await command.run();
  } catch (error) {
    const { message, exitCode } = failureOf(error);
    if (parser.opts().quiet !== true) complain(message);
    return exitCode;
  }
}

/** The parser's `error: what\n(Did you mean …?)\n` in one line, without what is not needed. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')
    .replaceAll(wordSeparator, ' ');
}
