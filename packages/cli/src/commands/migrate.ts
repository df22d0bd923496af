/** `godwit migrate`: takes over what another broker has left. */
import { Command } from 'commander';
import type { CliCommand } from '../cli-command.ts';

export function migrateCommand(): CliCommand {
  const parser = new Command('godwit migrate');
  return { parser, run: async () => 0 };
}
