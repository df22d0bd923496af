/** A subcommand, as `runCommand` takes it: how its arguments are read, and what it does. */
import type { Command } from 'commander';

export interface CliCommand {
  /** Describes the arguments; its options' values are what `run` gets. */
  readonly parser: Command;
  /** @returns the exit code */
  run(): Promise<number>;
}
